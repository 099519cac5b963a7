"""The watcher is killed again and again, each time a few requests later, and still nothing is done twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from tests.github.conftest import REPO, Team

from fleet.adapters.logs.verify import verify_log
from fleet.model import events

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def watcher(team: Team) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-P", "-m", "fleet", "watcher", "start", "--until-idle"]
    return subprocess.Popen(
        argv, cwd=team.root, env=os.environ | {"PYTHONSAFEPATH": "1"}, stdout=subprocess.DEVNULL
    )


def await_true(holds: Callable[[], bool], seconds: float = 30) -> bool:
    """Whether it holds within this time."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.002)  # the hub tells of a request to whoever looks
    return True


@pytest.mark.parametrize("every", [1, 2, 5])
def test_a_watcher_that_is_killed_after_every_few_requests_does_nothing_twice(team: Team, every: int):
    team.ready("Add a note")
    code, kills = None, 0
    while code is None:
        process = watcher(team)
        have = len(team.hub.requests)

        def is_time(have: int = have, process: subprocess.Popen[bytes] = process) -> bool:
            return len(team.hub.requests) >= have + every or process.poll() is not None

        assert await_true(is_time)
        if process.poll() is None and kills < 25:
            process.send_signal(signal.SIGKILL)
            kills += 1
            process.wait()
        else:
            code = process.wait(60)
    assert code == 0
    assert kills > 3
    assert_once(team)


def assert_once(team: Team) -> None:
    """One pull request, one merge, one comment, one review; a log that holds."""
    pulls = team.api("/pulls?state=all")
    assert [bool(each["merged_at"]) for each in pulls] == [True]
    number = pulls[0]["number"]
    assert len(team.api(f"/pulls/{number}/reviews")) == 1
    assert len(team.api("/issues/1/comments")) == 1
    assert team.labels(1) == ["fleet:done"]
    merges = [each for each in team.hub.requests if each.method == "PUT" and each.path.endswith("/merge")]
    assert sum(each.status == 200 for each in merges) == 1
    opened = [each for each in team.hub.requests if each.method == "POST" and each.path.endswith("/pulls")]
    assert sum(each.status == 201 for each in opened) == 1
    assert len(team.events(events.CHANGE_MERGED)) == 1
    assert verify_log(team.place.log).ok
    assert team.hub.known(REPO)
