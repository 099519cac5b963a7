"""Watchers as processes: one a project, within bounded memory, and on a disk that is full for a while."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.engine.conftest import APPROVES, CODES, PATIENCE, Stage, assert_merged, commits, make_configured

from fleet.engine.lease import lease
from fleet.model import events
from fleet.model.errors import FleetError
from fleet.model.event import Event
from fleet.wiring import load_fleet, open_log

MEGABYTE = 1024  # kilobytes, as the kernel counts memory


class Watcher:
    """A watcher in a process of its own."""

    def __init__(self, stage: Stage, *options: str) -> None:
        argv = [sys.executable, "-m", "fleet", "watcher", "start", *options]
        self.process = subprocess.Popen(
            argv, cwd=stage.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.peak = 0

    def end(self) -> int:
        """Wait for its end; its exit code. `peak` is the most memory that it held (kB)."""
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.peak = usage.ru_maxrss
        return self.process.returncode

    def limit_files(self, size: int) -> None:
        """Let no file of its grow beyond this: a full disk that needs no rights to make."""
        _, hard = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (size, hard))


Start = Callable[..., Watcher]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Watcher] = []

    def begin(stage: Stage, *options: str) -> Watcher:
        started.append(Watcher(stage, *options))
        return started[-1]

    yield begin
    for watcher in started:
        if watcher.process.returncode is None:
            watcher.process.kill()
            watcher.end()
        for pipe in (watcher.process.stdout, watcher.process.stderr):
            if pipe is not None:
                pipe.close()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Stage]:
    found = make_configured(tmp_path / "p", CODES, APPROVES)
    yield found
    found.end()


def script(stage: Stage, agent: str, *steps: object) -> None:
    (stage.place.dot / f"{agent}.yaml").write_text(json.dumps({"steps": list(steps)}))


def await_event(stage: Stage, kind: str) -> Event:
    """Wait until this has happened."""
    log = open_log(stage.place)
    try:
        with log.follow(0) as following:
            while True:
                fresh = following.wait(PATIENCE)
                assert fresh, f"{kind} does not happen"
                for event in fresh:
                    if event.type == kind:
                        return event
    finally:
        log.close()


def test_a_second_watcher_is_refused_and_the_first_goes_on(shop: Stage, start: Start):
    first = start(shop, "--foreground")
    await_event(shop, events.WATCHER_STARTED)
    second = start(shop, "--until-idle")
    assert second.end() == 1
    assert second.process.stderr is not None
    complaint = second.process.stderr.read()
    assert f"process {first.process.pid} holds watcher.lock" in complaint
    assert "fleet watcher status" in complaint
    shop.issue()
    await_event(shop, events.ITEM_CLOSED)
    first.process.send_signal(signal.SIGTERM)
    assert first.end() == 0
    assert len(shop.events(events.WATCHER_STARTED)) == 1


def test_who_starts_a_second_watcher_is_told_that_the_first_is_paused(tmp_path: Path):
    held = "import sys; from pathlib import Path; from fleet.engine.lease import lease\n"
    held += "with lease(Path(sys.argv[1])): print(flush=True); input()"
    argv = [sys.executable, "-c", held, str(tmp_path / "lock")]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        first.stdout.readline()
        first.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, first.pid, os.WSTOPPED | os.WNOWAIT)
        with pytest.raises(FleetError) as refused, lease(tmp_path / "lock"):
            pass
        first.kill()
    assert refused.value.do == f"Let it go on: kill -CONT {first.pid}"


@pytest.mark.slow
def test_of_two_who_start_a_watcher_at_once_both_are_told_that_it_runs(shop: Stage, start: Start):
    both = [start(shop), start(shop)]
    try:
        assert [each.end() for each in both] == [0, 0]
        assert len(shop.events(events.WATCHER_STARTED)) == 1
    finally:
        stop = [sys.executable, "-m", "fleet", "watcher", "stop"]
        subprocess.run(stop, cwd=shop.root, capture_output=True, check=True)


@pytest.mark.slow
def test_a_watcher_that_somebody_has_paused_can_be_stopped(shop: Stage, start: Start):
    watcher = start(shop, "--foreground")
    await_event(shop, events.WATCHER_STARTED)
    watcher.process.send_signal(signal.SIGSTOP)
    stop = [sys.executable, "-m", "fleet", "watcher", "stop"]
    assert subprocess.run(stop, cwd=shop.root, capture_output=True, check=False).returncode == 0
    assert watcher.end() == 0


@pytest.mark.slow
def test_a_run_whose_watcher_somebody_has_paused_can_be_taken_over(shop: Stage, start: Start):
    script(shop, "dev", {"run": "sleep 60"})
    shop.issue()
    watcher = start(shop, "--foreground")
    await_event(shop, events.RUN_STARTED)
    watcher.process.send_signal(signal.SIGSTOP)
    take = [sys.executable, "-m", "fleet", "takeover", "r1", "--json"]
    said = subprocess.run(take, cwd=shop.root, capture_output=True, text=True, timeout=30, check=False)
    assert said.returncode == 0, said.stderr
    assert shop.live() == []


@pytest.mark.slow
def test_a_watcher_that_was_killed_leaves_no_lock(shop: Stage, start: Start):
    first = start(shop, "--foreground")
    await_event(shop, events.WATCHER_STARTED)
    first.process.kill()
    first.end()
    shop.issue()
    assert start(shop, "--until-idle").end() == 0
    assert_merged(shop, load_fleet(shop.place))


@pytest.mark.slow
def test_agents_go_on_while_no_watcher_runs_and_the_next_one_adopts_them(shop: Stage, start: Start):
    go = shop.root.parent / "outside/go"
    script(shop, "dev", {"run": f"until test -f {go}; do sleep 0.05; done"}, *commits("a note"))
    shop.issue()
    first = start(shop, "--foreground")
    started = await_event(shop, events.RUN_STARTED)
    first.process.send_signal(signal.SIGTERM)
    assert first.end() == 0
    assert shop.live() == ["r1"]
    go.touch()
    assert start(shop, "--until-idle").end() == 0
    assert_merged(shop, load_fleet(shop.place))
    assert [event.data["pid"] for event in shop.events(events.RUN_STARTED, run="r1")] == [started.data["pid"]]


@pytest.mark.slow
def test_a_watcher_that_waits_for_a_person_ends_with_3(shop: Stage, start: Start):
    script(shop, "dev", {"ask": "Which colour?"})
    shop.issue()
    assert start(shop, "--until-idle").end() == 3


@pytest.mark.slow
def test_a_line_of_fifty_megabytes_does_not_swell_the_watcher(shop: Stage, start: Start):
    shop.issue("One")
    before = start(shop, "--until-idle")
    assert before.end() == 0
    script(shop, "dev", {"line": 50}, *commits("more", to="more.txt"))
    shop.issue("Two")
    after = start(shop, "--until-idle")
    assert after.end() == 0
    assert_merged(shop, load_fleet(shop.place), changes=2)
    assert after.peak < before.peak + 30 * MEGABYTE


# ------------------------------------------------------------ a full disk


@pytest.mark.slow
def test_a_disk_that_is_full_for_a_while_loses_nothing(shop: Stage, start: Start):
    go = shop.root.parent / "outside/go"
    script(shop, "dev", {"run": f"until test -f {go}; do sleep 0.05; done"}, *commits("a note"))
    shop.issue()
    watcher = start(shop, "--until-idle")
    await_event(shop, events.RUN_STARTED)
    watcher.limit_files(1000)
    go.touch()
    assert watcher.process.stderr is not None
    assert "full" in watcher.process.stderr.readline()
    watcher.limit_files(resource.RLIM_INFINITY)
    assert watcher.end() == 0
    assert_merged(shop, load_fleet(shop.place))
    assert [outcome for _, _, outcome in shop.outcomes()] == ["succeeded", "succeeded"]


@pytest.mark.slow
def test_a_watcher_on_a_full_disk_can_be_told_to_end_and_the_next_one_goes_on(shop: Stage, start: Start):
    go = shop.root.parent / "outside/go"
    script(shop, "dev", {"run": f"until test -f {go}; do sleep 0.05; done"}, *commits("a note"))
    shop.issue()
    watcher = start(shop, "--foreground")
    await_event(shop, events.RUN_STARTED)
    watcher.limit_files(1000)
    go.touch()
    assert watcher.process.stderr is not None
    assert "full" in watcher.process.stderr.readline()
    watcher.process.send_signal(signal.SIGTERM)
    assert watcher.end() == 0
    assert start(shop, "--until-idle").end() == 0
    assert_merged(shop, load_fleet(shop.place))


def test_a_disk_that_is_full_at_the_start_is_told_and_nothing_begins(shop: Stage):
    shop.issue()
    argv = [sys.executable, "-m", "fleet", "watcher", "start", "--until-idle"]
    done = subprocess.run(
        argv,
        cwd=shop.root,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (1000, resource.getrlimit(resource.RLIMIT_FSIZE)[1])
        ),
    )
    assert done.returncode == 1
    assert "full" in done.stderr
    assert shop.events(events.RUN_STARTED) == []
    assert "Traceback" not in done.stderr


def test_a_paused_watcher_keeps_nobody_from_seeing_where_things_stand(shop: Stage, start: Start):
    watcher = start(shop, "--foreground")
    await_event(shop, events.WATCHER_STARTED)
    shop.issue("Add a cart", labels=())
    watcher.process.send_signal(signal.SIGSTOP)
    argv = [sys.executable, "-m", "fleet", "status", "--json"]
    said = subprocess.run(argv, cwd=shop.root, check=True, capture_output=True, text=True)
    assert json.loads(said.stdout)["items"][0]["title"] == "Add a cart"


def test_a_watcher_started_with_few_descriptors_has_enough_for_many_sessions(shop: Stage, start: Start):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    argv = [sys.executable, "-m", "fleet", "watcher", "start", "--foreground"]
    small = ["prlimit", "--nofile=256:"]
    with subprocess.Popen([*small, *argv], cwd=shop.root, stdout=subprocess.DEVNULL) as watcher:
        await_event(shop, events.WATCHER_STARTED)
        assert resource.prlimit(watcher.pid, resource.RLIMIT_NOFILE)[0] == min(hard, 16_384)
        watcher.terminate()
