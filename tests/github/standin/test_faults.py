"""What goes wrong on demand, as gh meets it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from fleet.model.errors import UsageError
from fleet.testing.github import Fault, GitHub
from fleet.testing.github.faults import faults_from, load_faults

ISSUES = "repos/acme/shop/issues"


@pytest.mark.parametrize("status", [500, 502, 404, 422])
def test_a_status_is_answered_as_often_as_told(gh: Any, hub: GitHub, status: int) -> None:
    hub.fail("/issues$", status=status, times=1)
    assert [gh.api(ISSUES).status for _ in range(2)] == [status, 200]
    assert [(request.status, request.fault, request.counted) for request in hub.requests] == [
        (status, str(status), False),
        (200, "", True),
    ]


def test_the_secondary_limit_says_how_long_to_wait(gh: Any, hub: GitHub) -> None:
    hub.fail(secondary=True, retry_after=7)
    told = gh.api(ISSUES)
    assert (told.status, told.headers["retry-after"]) == (403, "7")
    assert "secondary rate limit" in told.body["message"]


def test_the_primary_limit_stays_used_up(gh: Any, hub: GitHub) -> None:
    hub.fail(exhausted=True, retry_after=60)
    assert [gh.api(ISSUES).headers["x-ratelimit-remaining"] for _ in range(2)] == ["0", "0"]
    assert gh.api(ISSUES).status == 403


def test_half_an_answer_is_an_error_for_gh(gh: Any, hub: GitHub) -> None:
    hub.fail(cut=True)
    done = gh.run("api", ISSUES)
    assert (done.returncode, "EOF" in done.stderr) == (1, True)


def test_an_answer_is_lost_after_the_deed(gh: Any, hub: GitHub) -> None:
    hub.fail("/issues$", "POST", reset=True, performed=True)
    assert gh.api(ISSUES, "POST", title="Lost").code == 1
    assert [issue["title"] for issue in gh.api(ISSUES).body] == ["Lost"]


def test_a_reset_does_nothing_when_the_deed_was_not_done(gh: Any, hub: GitHub) -> None:
    hub.fail("/issues$", "POST", reset=True)
    assert gh.api(ISSUES, "POST", title="Lost").code == 1
    assert gh.api(ISSUES).body == []


def test_an_answer_that_hangs_ends_with_its_client(gh: Any, hub: GitHub) -> None:
    hub.fail(hang=True)
    asking = subprocess.Popen(
        [gh.program, "api", ISSUES],
        env=os.environ | hub.environment("bob"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert hub.wait_for(lambda request: request.fault == "hang").status == 0
    assert asking.poll() is None
    asking.kill()
    asking.wait(10)


def test_an_answer_that_hangs_ends_with_the_stand_in(gh: Any, hub: GitHub) -> None:
    hub.fail(hang=True)
    codes: list[int] = []
    asking = threading.Thread(target=lambda: codes.append(gh.run("api", ISSUES).returncode))
    asking.start()
    hub.wait_for(lambda request: request.fault == "hang")
    hub.close()
    asking.join(10)
    assert codes == [1]


def test_a_list_can_come_with_each_entry_twice(gh: Any, hub: GitHub) -> None:
    hub.open_issue("acme/shop", "carol", "It breaks")
    hub.fail(doubled=True)
    assert [issue["number"] for issue in gh.api(ISSUES).body] == [1, 1]


def test_an_answer_sent_twice_is_read_once(gh: Any, hub: GitHub) -> None:
    hub.fail(doubled=True)
    assert gh.api("user", login="bob").body["login"] == "bob"


def test_a_request_can_be_carried_out_twice(gh: Any, hub: GitHub) -> None:
    hub.fail("/issues$", "POST", repeated=True)
    gh.api(ISSUES, "POST", title="Twice")
    assert len(gh.api(ISSUES).body) == 2


def test_a_delay_comes_before_the_deed(gh: Any, hub: GitHub) -> None:
    hub.fail(delay_ms=150)
    assert gh.api(ISSUES).status == 200
    assert hub.requests[0].fault == "delay"


def test_the_clock_in_the_answer_can_be_off(gh: Any, hub: GitHub) -> None:
    hub.fail(skew_s=-3600, times=-1)
    told = gh.api("rate_limit")
    off = parsedate_to_datetime(told.headers["date"]).timestamp() - hub.requests[0].at
    assert -3602 < off < -3598


def test_a_fault_strikes_one_login_after_so_many_requests(hub: GitHub) -> None:
    hub.faults.add(Fault(login="bob", skip=1, status=500))
    asked = [
        ("GET", "/user", "alice"),
        ("GET", "/user", "bob"),
        ("GET", "/user", "bob"),
        ("GET", "/user", "bob"),
    ]
    assert [hub.faults.strike(*one) is not None for one in asked] == [False, False, True, False]


def test_a_fault_with_a_field_that_there_is_not_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="no such field of a fault: statsu"):
        faults_from([{"statsu": 500}])


def test_faults_are_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "faults.yaml").write_text("- {path: /pulls, status: 502, times: 3}\n")
    assert load_faults(tmp_path / "faults.yaml") == [Fault(path="/pulls", status=502, times=3)]


def test_the_command_says_how_to_reach_it_and_ends_when_told(need: Any, tmp_path: Path) -> None:
    gh = need("gh", "the GitHub CLI")
    words = [
        sys.executable,
        "-m",
        "fleet.testing.github",
        "--root",
        str(tmp_path / "hub"),
        "--repo",
        "acme/shop",
    ]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        told = {}
        while "GIT_CONFIG_VALUE_2" not in told:
            line = serving.stdout.readline()
            assert line, "it ended"
            if line.startswith("export "):
                name, _, value = line.removeprefix("export ").strip().partition("=")
                told[name] = value.strip("'")

        def ask(*words: str) -> str:
            done = subprocess.run(
                [gh, "api", *words], env=os.environ | told, capture_output=True, text=True, timeout=30
            )
            return done.stdout

        move = ("-f", "repo=acme/shop", "-f", "login=carol", "-f", "title=It breaks")
        assert ask("_admin/open_issue", *move) == "1"
        assert ask(f"{ISSUES}/1", "--jq", ".user.login").strip() == "carol"
        ask("_admin/faults", "-f", "path=/issues", "-F", "status=500")
        assert "Server Error" in ask(ISSUES)
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(10) == 0
