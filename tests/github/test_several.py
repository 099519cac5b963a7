"""One fleet over several repositories, an Enterprise host, and the other ways to merge."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.github.conftest import READY, REPO, Team

from fleet.model import events
from fleet.testing.github import GitHub

pytestmark = [pytest.mark.slow]

API = "acme/api"
HOST = "git.acme.example"


def use(team: Team, project: str) -> None:
    """Give fleet.yaml this project line instead."""
    path = team.root / "fleet.yaml"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(f"project: {project}" if each[:8] == "project:" else each for each in lines))


@pytest.fixture
def two(team: Team) -> Team:
    """A team with a second repository, whose base is `develop`."""
    team.hub.repo(API, permissions={"bob": "write"}, files={"api.txt": "An API.\n"})
    team.hub.push(API, "develop", {"next.txt": "Next.\n"}, "acme")
    urls = {name: team.hub.root / f"{name}.git" for name in (REPO, API)}
    first = f'{{repo: {REPO}, url: "{urls[REPO]}"}}'
    second = f'{{repo: {API}, base: develop, url: "{urls[API]}"}}'
    use(team, f"{{name: shop, forge: github, repos: [{first}, {second}]}}")
    return team


def labelled(team: Team, repo: str, title: str) -> int:
    number = team.hub.open_issue(repo, "bob", title, "Please.")
    team.hub.label(repo, number, READY, "bob")
    return number


def test_each_repository_gets_its_own_pull_request_on_its_own_base(two: Team):
    labelled(two, REPO, "In the shop")
    labelled(two, API, "In the API")
    assert two.watch() == 0
    for repo, base in ((REPO, "main"), (API, "develop")):
        pulls = two.hub.call("GET", f"/repos/{repo}/pulls?state=all", "acme")
        assert [(each["base"]["ref"], bool(each["merged_at"])) for each in pulls] == [(base, True)]


def test_what_two_repositories_have_counted_the_same_is_told_apart(two: Team):
    labelled(two, REPO, "In the shop")
    labelled(two, API, "In the API")
    assert two.watch() == 0
    refs = {item.ref: item.title for item in two.state().items.values()}
    assert refs == {f"{REPO}#1": "In the shop", f"{API}#1": "In the API"}


def test_write_access_to_one_repository_is_none_to_the_other(two: Team):
    two.hub.permit(REPO, "dora", "write")
    two.hub.permit(API, "dora", "triage")
    number = two.hub.open_issue(API, "dora", "In the API", "")
    two.hub.label(API, number, READY, "dora")
    assert two.watch() == 0
    assert two.events(events.INSTANCE_STARTED) == []


@pytest.mark.parametrize("method", ["squash", "rebase"])
def test_other_ways_to_merge_bring_the_change_and_clear_up(team: Team, method: str):
    url = team.hub.root / f"{REPO}.git"
    use(team, f'{{name: shop, forge: github, merge: {method}, repos: [{{repo: {REPO}, url: "{url}"}}]}}')
    for title in ("One note", "Another note"):
        team.ready(title)
    assert team.watch() == 0
    pulls = team.api("/pulls?state=all")
    assert [bool(each["merged_at"]) for each in pulls] == [True, True]
    tips = team.hub.known(REPO).bare.branches()
    assert set(tips) == {"main"}
    assert all(len(each["parents"]) < 2 for each in team.api("/commits"))


def test_the_branch_goes_after_the_merge(team: Team):
    team.ready("Add a note")
    assert team.watch() == 0
    assert set(team.hub.known(REPO).bare.branches()) == {"main"}


@pytest.fixture
def enterprise(tmp_path: Path, need: Callable[..., str]) -> Iterator[Team]:
    """A team whose GitHub is a server of its own."""
    need("gh")
    with GitHub(tmp_path / "hub") as hub, pytest.MonkeyPatch.context() as patch:
        hub.repo(REPO, permissions={"bob": "write"})
        for name, value in (hub.environment("acme", host=HOST) | hub.git_environment(HOST)).items():
            patch.setenv(name, value)
        patch.delenv("GH_HOST")  # fleet.yaml says where it is
        root = tmp_path / "shop"
        subprocess.run(["git", "clone", "-q", f"https://{HOST}/{REPO}.git", str(root)], check=True)
        made = Team(hub, root)
        made.declare()
        use(made, f"{{name: shop, forge: github, host: {HOST}, repo: {REPO}}}")
        yield made


def test_the_story_is_the_same_on_an_enterprise_server(enterprise: Team):
    enterprise.ready("Add a note")
    assert enterprise.watch() == 0
    assert [bool(each["merged_at"]) for each in enterprise.api("/pulls?state=all")] == [True]
