"""The real gh, one process a request: what it needs, what it says, how it is ended."""

from __future__ import annotations

import os
import time
from dataclasses import replace

import pytest
from tests.github.adapter.conftest import ANN, FLEET, REPO, World

from fleet.adapters.forges.github.detect import detect
from fleet.adapters.forges.github.gh import Gh, NoGh
from fleet.model.errors import Temporary


def test_a_body_goes_in_and_an_answer_comes_out(world: World) -> None:
    text = "ä\n'quotes' \"and\" $(more) {owner}"

    reply = world.gh().request("POST", f"repos/{REPO}/issues", {"title": "One", "body": text})

    assert reply.status == 201
    assert reply.json()["body"] == text


def test_an_error_is_an_answer_too(world: World) -> None:
    reply = world.gh().request("GET", f"repos/{REPO}/issues/77")

    assert (reply.status, reply.words) == (404, "Not Found")


def test_not_modified_is_an_answer_too(world: World) -> None:
    tag = world.gh().request("GET", f"repos/{REPO}").headers["etag"]

    reply = world.gh().request("GET", f"repos/{REPO}", headers=[f"If-None-Match: {tag}"])

    assert (reply.status, reply.body) == (304, b"")


def test_braces_in_a_path_are_not_filled_in(world: World) -> None:
    assert world.gh().request("GET", "repos/{owner}/{repo}").status == 404


@pytest.mark.parametrize("fault", ["cut", "reset"])
def test_an_answer_that_breaks_off_is_temporary(world: World, fault: str) -> None:
    world.hub.fail(**{fault: True})

    with pytest.raises(Temporary):
        world.gh().request("GET", f"repos/{REPO}")


def test_a_request_that_hangs_is_ended(world: World) -> None:
    world.hub.fail(hang=True)
    began = time.monotonic()

    with pytest.raises(Temporary, match="in time"):
        world.gh(timeout=0.5).request("GET", f"repos/{REPO}")

    assert time.monotonic() - began < 5


def test_of_a_long_text_the_end_is_kept(world: World) -> None:
    pull = world.hub.push(REPO, "work", {"a.txt": "1\n"}, ANN)
    job = world.hub.check(REPO, pull, "ci", "failure", log="begin\n" + "x" * 500_000 + "\nthe end\n")

    reply = world.gh().request("GET", f"repos/{REPO}/actions/jobs/{job}/logs", tail=1000)

    assert reply.cut
    assert reply.body.endswith(b"the end\n")
    assert len(reply.body) < 200_000


def test_an_enterprise_server_is_asked_by_its_name(world: World) -> None:
    environment = {"PATH": os.environ["PATH"], **world.hub.environment(FLEET, host="ghe.example.org")}
    environment.pop("GH_HOST")

    found = detect(Gh(world.program, host="ghe.example.org", environment=environment))

    assert (found.login, found.problem) == (FLEET, "")


def test_all_is_well_with_a_login(world: World) -> None:
    found = detect(world.gh())

    assert (found.found, found.login, found.problem, found.fix) == (True, FLEET, "", "")
    assert found.version


def test_a_missing_gh_is_told(world: World) -> None:
    found = detect(replace(world.gh(), program="gh-that-is-not-there"))

    assert not found.found
    assert "gh-that-is-not-there" in found.problem
    assert "gh auth login" in found.fix


def test_nobody_logged_in_is_told(world: World) -> None:
    environment = {"PATH": os.environ["PATH"], **world.hub.environment(FLEET)}
    del environment["GH_TOKEN"], environment["GH_HOST"]
    gh = Gh(world.program, environment=environment)

    found = detect(gh)

    assert "not logged in" in found.problem
    assert found.fix == "log in with: gh auth login"
    with pytest.raises(NoGh):
        gh.request("GET", "user")


def test_a_login_that_is_refused_is_told(world: World) -> None:
    environment = {"PATH": os.environ["PATH"], **world.hub.environment(FLEET)} | {"GH_TOKEN": "stale"}

    found = detect(Gh(world.program, environment=environment))

    assert "refused" in found.problem


def test_a_missing_scope_is_told(world: World) -> None:
    world.hub.scopes(FLEET, "gist, read:org")

    found = detect(world.gh())

    assert found.problem == "its login lacks the scope repo (it has: gist, read:org)"
    assert found.fix == "gh auth refresh --scopes repo"
