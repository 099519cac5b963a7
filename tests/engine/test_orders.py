"""Commands of the operator's, such as a deployment: run once with what was merged, when their gate opens."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engine.conftest import Stage, git, processes, unexplained, workspaces

from fleet.model import events
from fleet.model.fleet import Fleet, Job, Order, Requirement
from fleet.ports.session import Command
from fleet.wiring import open_sessions, watch

pytestmark = pytest.mark.slow


def deploying(stage: Stage, command: str, *gate: Requirement) -> Fleet:
    """A pair whose workflow deploys what it has merged."""
    fleet = stage.pair()
    (workflow,) = fleet.workflows
    deploy = Job("ship", action="run", needs=("merge",), order=Order("deploy", command, env=("DEPLOY_TO",)))
    flow = replace(workflow, jobs=(*workflow.jobs, deploy))
    return replace(fleet, workflows=(flow,), gates=(("deploy", gate),) if gate else ())


def lines(stage: Stage) -> list[str]:
    path = stage.root.parent / "deployed"
    return path.read_text().splitlines() if path.exists() else []


def test_a_command_waits_for_its_gate_and_then_runs_in_a_checkout_of_the_merge(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DEPLOY_TO", "the moon")
    stage.issue()
    command = f'echo "$(git rev-parse HEAD) $DEPLOY_TO" >> {stage.root.parent}/deployed; cat notes.txt'
    fleet = deploying(stage, command, Requirement("human", by=("ann",)))
    assert stage.watch(fleet) == 3
    assert lines(stage) == []
    (asked,) = stage.state().asked
    assert stage.state().approvals[asked].why.startswith("deploy: ")
    stage.approve(asked)
    assert stage.watch(fleet) == 0
    merged = stage.state().changes[2].merged
    assert lines(stage) == [f"{merged} the moon"]
    (ended,) = stage.events(events.ORDER_ENDED)
    assert (ended.data["ok"], ended.data["commit"], ended.data["output"]) == (True, merged, "a note")
    assert git(stage.root, "rev-parse", "main") == merged
    assert workspaces(stage) == []


def begun_and_left(stage: Stage, fleet: Fleet) -> list[str]:
    """What the command has written when the watcher is gone in the middle of it."""

    async def cut_off() -> None:
        watching = asyncio.ensure_future(watch(stage.place, fleet, clock=stage.clock))
        while not lines(stage):
            await asyncio.sleep(0.05)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)

    asyncio.run(asyncio.wait_for(cut_off(), 60))
    return lines(stage)


def kill_supervisor(stage: Stage, key: str) -> None:
    sessions = open_sessions(stage.place)
    os.kill(sessions.start(key, Command((), {}, "")).pid, signal.SIGKILL)
    sessions.close()


def test_a_command_that_is_cut_off_asks_a_person_and_never_runs_twice_by_itself(stage: Stage):
    """First the watcher goes in the middle of it, then its supervisor does: neither begins it anew."""
    stage.issue()
    here = stage.root.parent
    os.mkfifo(here / "on")
    fleet = deploying(stage, f"echo begun >> {here}/deployed; read _ < {here}/on")

    assert begun_and_left(stage, fleet) == ["begun"]
    (key,) = stage.live()
    kill_supervisor(stage, key)
    assert stage.watch(fleet) == 3
    (ended,) = stage.events(events.ORDER_ENDED)
    assert "nobody can tell whether it was done" in ended.data["how"]
    assert lines(stage) == ["begun"]
    (asked,) = stage.state().asked
    stage.approve(asked)
    on = os.open(here / "on", os.O_RDWR)
    os.write(on, b"\n")
    assert stage.watch(fleet) == 0
    os.close(on)
    assert lines(stage) == ["begun", "begun"]


def test_a_command_that_is_cut_off_may_be_taken_as_done_by_a_person(stage: Stage):
    stage.issue()
    fleet = deploying(stage, f"echo begun >> {stage.root.parent}/deployed; kill -9 $PPID")
    assert stage.watch(fleet) == 3
    (asked,) = stage.state().asked
    stage.tell(events.APPROVAL_GIVEN, approval=asked, note="it is live", as_done=True)
    assert stage.watch(fleet) == 0
    assert lines(stage) == ["begun"]
    (taken,) = stage.events(events.ORDER_TAKEN_AS_DONE)
    assert (taken.data["actor"], taken.data["reason"]) == ("user/ann", "it is live")


STUBBORN = """
trap '' TERM HUP INT
setsid sh -c "trap '' TERM; sleep 600" &
(trap '' TERM; sleep 600) &
echo begun >> {here}/deployed
while :; do sleep 600; done
"""


@pytest.mark.parametrize("what", ["dev", "change"])
def test_quarantine_ends_a_command_at_once_with_all_that_it_started(stage: Stage, what: str):
    stage.issue()
    fleet = deploying(stage, STUBBORN.format(here=stage.root.parent))
    took: list[float] = []

    async def quarantined() -> int:
        watching = asyncio.ensure_future(watch(stage.place, fleet, until_idle=True, clock=stage.clock))
        while not lines(stage):
            await asyncio.sleep(0.02)
        began = time.monotonic()
        if what == "change":
            stage.tell(events.CHANGE_QUARANTINED, change=2, head="", reason="I doubt it")
        else:
            stage.tell(events.AGENT_QUARANTINED, agent=what, reason="I doubt it")
        while b"sleep\x00600" in b"".join(_commands(stage)):
            await asyncio.sleep(0.02)
        took.append(time.monotonic() - began)
        return await watching

    assert asyncio.run(asyncio.wait_for(quarantined(), 60)) == 3
    assert took[0] < 6  # 1.2 s where the machine has time for it; what is stopped otherwise has ten
    assert stage.live() == processes(stage) == []
    (ended,) = stage.events(events.ORDER_ENDED)
    assert (ended.data["ok"], ended.data["how"].startswith("was stopped before its end")) == (False, True)
    assert "I doubt it" in ended.data["how"]
    again = next(name for name in stage.state().asked if stage.state().approvals[name].kind == "command")
    stage.approve(again)
    assert stage.watch(fleet) == 3
    assert lines(stage) == ["begun"]  # it waits for the release
    assert unexplained(stage, fleet) == []


def test_a_watcher_that_starts_ends_the_command_of_a_change_that_was_quarantined_meanwhile(stage: Stage):
    stage.issue()
    fleet = deploying(stage, STUBBORN.format(here=stage.root.parent))
    assert begun_and_left(stage, fleet) == ["begun"]
    stage.tell(events.CHANGE_QUARANTINED, change=2, head="", reason="I doubt it")
    assert stage.watch(fleet) == 3
    assert stage.live() == processes(stage) == []
    assert len(stage.events(events.ORDER_STOP_ASKED)) == len(stage.events(events.ORDER_ENDED)) == 1


def _commands(stage: Stage) -> list[bytes]:
    """What runs for this project."""
    here, found = str(stage.root.parent).encode(), []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if here in (path / "environ").read_bytes():
                found.append((path / "cmdline").read_bytes())
    return found
