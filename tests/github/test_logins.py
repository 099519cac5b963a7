"""Agents that judge in a name of their own: their reviews count on GitHub, and are no person's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.github.conftest import CODES, REPO, Team, a_team

from fleet.adapters.forges.github.gh import Gh
from fleet.adapters.forges.github.logins import gh_of
from fleet.model import events
from fleet.model.errors import Permanent

pytestmark = [pytest.mark.slow]

BOT = "lead-bot"


def give_login(team: Team, folder: object) -> None:
    """Let the lead judge as the bot, which gh is said to be logged in as there."""
    team.hub.permit(REPO, BOT, "write")
    declared = team.place.config.read_text()
    declared = declared.replace("forge: github,", f"forge: github, logins: {{{BOT}: {folder}}},")
    team.place.config.write_text(declared.replace("lead: {duty", f"lead: {{login: {BOT}, duty"))


def reviews(team: Team) -> list[dict]:
    return team.api(f"/pulls/{team.api('/pulls?state=all')[0]['number']}/reviews")


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory, need):
    """A team whose bot has approved what GitHub wants one approval for; its agents tell what they know."""
    need("gh")
    with a_team(tmp_path_factory.mktemp("logins")) as made:
        made.declare(dev={"steps": [{"run": "env | grep -v ^FLEET_TOKEN= > env.txt"}, *CODES]})
        give_login(made, made.hub.login_folder(BOT))
        made.hub.protect(REPO, approvals=1)
        made.ready("Add a note")
        made.code = made.watch()
        assert made.watch() == made.code  # so that what the bot said is polled
        yield made


def test_the_verdict_is_a_real_approval_in_the_name_of_the_agents_login(judged: Team):
    assert [(each["user"]["login"], each["state"]) for each in reviews(judged)] == [(BOT, "APPROVED")]


def test_the_approval_counts_for_the_branch_protection(judged: Team):
    assert judged.code == 0
    assert judged.api("/pulls?state=all")[0]["merged_at"]


def test_what_the_agents_login_says_is_no_persons_review(judged: Team):
    assert [each.data["by"] for each in judged.events(events.CHANGE_REVIEWED)] == ["agent/lead"]


def test_no_agent_gets_at_the_login(judged: Team):
    merged = judged.hub.site.repos[REPO].bare.git("show", "HEAD:env.txt").decode()
    assert "GH_CONFIG_DIR" not in merged
    assert "token-" not in merged


def test_a_login_that_gh_does_not_have_leaves_a_comment_that_says_why(team: Team):
    give_login(team, team.hub.login_folder("somebody-else"))
    team.ready("Add a note")
    assert team.watch() == 0
    (said,) = reviews(team)
    assert (said["user"]["login"], said["state"]) == ("acme", "COMMENTED")
    assert f"gh is not logged in as {BOT}" in said["body"]
    assert "somebody-else" in team.events(events.CHANGE_REVIEW_POSTED)[0].data["reason"]


def test_a_login_beside_the_first_is_asked_of_gh_itself(tmp_path: Path):
    gh = tmp_path / "gh"
    gh.write_text(
        '#!/bin/sh\n[ "$*" = "auth token --user lead-bot" ] && [ -z "$GH_TOKEN" ] && echo gho_secret\n'
    )
    gh.chmod(0o755)
    found = gh_of(Gh(str(gh), environment={**os.environ, "GH_TOKEN": "the first"}), BOT, "")
    assert found.environment is not None
    assert found.environment["GH_TOKEN"] == "gho_secret"
    with pytest.raises(Permanent, match="not logged in as other"):
        gh_of(Gh(str(gh)), "other", "")
