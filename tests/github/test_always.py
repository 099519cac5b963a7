""" "Always allow this" where the repository is on GitHub: a pull request there, that people approve."""

from __future__ import annotations

import os
import subprocess

import pytest
from tests.github.conftest import Team

from fleet.model import events
from fleet.model.event import Event
from fleet.wiring import open_log

pytestmark = [pytest.mark.slow]

RULE = "Bash(make deploy)"
GUARD = """  guard:
    duty: change
    prompt: Guard.
    harness: claude-code
    permissions: {otherwise: ask}   # held
workflows:"""


def git(team: Team, *words: str) -> str:
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    done = subprocess.run(
        ["git", *who, *words], cwd=team.root, check=True, capture_output=True, text=True, env=os.environ
    )
    return done.stdout


def told(team: Team, kind: str, **data: object) -> None:
    log = open_log(team.place)
    log.append([Event(kind, {"actor": "user/ann", **data}, source="user/ann")])
    log.close()


def test_the_rule_becomes_a_pull_request_and_is_merged_on_a_persons_word(team: Team):
    text = team.place.config.read_text().replace("workflows:", GUARD, 1)
    team.place.config.write_text(text)
    git(team, "add", "fleet.yaml")
    git(team, "commit", "-qm", "Have a fleet")
    git(team, "push", "-q", "origin", "HEAD:main")
    proposed = {"proposal": "a7", "approval": "a7", "agent": "guard", "where": "allow", "rules": [RULE]}
    told(team, events.RULES_PROPOSED, **proposed, run="")

    assert team.watch() == 3
    (pull,) = team.api("/pulls?state=open")
    assert pull["head"]["ref"] == "fleet/rules-a7"
    assert RULE in pull["title"]
    assert "guarded files" in pull["body"]
    told(team, events.APPROVAL_GIVEN, approval="a1", note="")
    assert team.watch() == 0
    assert team.api(f"/pulls/{pull['number']}")["merged"] is True
    git(team, "pull", "-q", "origin", "main")
    want = f'permissions: {{allow: ["{RULE}"], otherwise: ask}}   # held'
    assert team.place.config.read_text() == text.replace("permissions: {otherwise: ask}   # held", want)
    assert [event.data["change"] for event in team.events(events.CHANGE_OPENED)] == [pull["number"]]
