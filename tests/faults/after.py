"""What has to hold after every night."""

from __future__ import annotations

import time
from collections import Counter

from tests.faults.blows import tmux_sockets
from tests.faults.night import Night

from fleet.auditing import verify
from fleet.model import events
from fleet.wiring import open_log


def problems(night: Night) -> list[str]:
    """All that is not as it would be if nothing had struck; nothing on a good morning."""
    return [*_work(night), *_log(night), *_places(night), *_left(night)]


def _work(night: Night) -> list[str]:
    state = night.state()
    found: list[str] = []
    unrest = {"active": state.active, "moving": state.moving, "wishes": state.wishes, "asked": state.asked}
    found += [f"not at rest: {what} {list(each)[:5]}" for what, each in unrest.items() if each]
    merges = Counter(
        line.split(":")[0]
        for line in night.git("log", "--first-parent", "--format=%s", "main").splitlines()
        if line.startswith("Merge #")
    )
    for change in state.changes.values():
        often = sum(count for words, count in merges.items() if words.split()[1] == f"#{change.id}")
        if often != 1:
            found.append(f"change {change.id} was merged {often} times")
    for item in state.items.values():
        if item.kind != "issue":
            continue
        if item.open:
            found.append(f"item {item.id} is open")
        elif night.git("show", f"main:note-{item.id}.txt") != "a note":
            found.append(f"the note of item {item.id} is wrong")
    return found + [
        f"run {run.id} has no end or no reason: {run.state} {run.outcome}"
        for run in state.runs.values()
        if run.state not in ("ended", "cancelled") or (run.state == "ended" and not run.reason)
    ]


def _log(night: Night) -> list[str]:
    found, log = [], open_log(night.place)
    told = list(log.read())
    log.close()
    if not verify(night.place).ok:
        found.append(f"the log: {verify(night.place).problem}")
    for kind, name in (
        (events.CHANGE_OPENED, "change"),
        (events.CHANGE_MERGED, "change"),
        (events.RUN_STARTED, "run"),
        (events.RUN_ENDED, "run"),
        (events.INSTANCE_FINISHED, "instance"),
    ):
        often = Counter(event.data[name] for event in told if event.type == kind)
        found += [f"{kind} is told {count} times of {each}" for each, count in often.items() if count > 1]
    return found


def _places(night: Night) -> list[str]:
    found = []
    if night.git("status", "--porcelain", "--untracked-files=all"):
        found.append(f"the user's checkout has changes: {night.git('status', '--porcelain')[:200]}")
    if branches := night.git("branch", "--list", "fleet/*"):
        found.append(f"branches are left: {branches}")
    for place, pattern in (
        (night.place.workspaces, "[!.]*"),
        (night.place.workspaces, ".making/*"),
        (night.place.workspaces, ".records/*"),
        (night.place.runs, "*/launch"),
        (night.place.runs, "*/exit.tmp"),
        (night.place.runs, "*/inbox"),
        (night.root / ".git", "**/*.lock"),
        (night.folder / "tmp", "fleet*"),
    ):
        if left := [str(path.relative_to(place)) for path in place.glob(pattern)]:
            found.append(f"left in {place.name}: {left[:5]}")
    return found


def _left(night: Night, seconds: float = 10) -> list[str]:
    """Processes, tmux and its sockets; each has a moment to end."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and (night.processes() or tmux_sockets(night)):
        time.sleep(0.1)
    found = [f"process {pid} lives on: {words}" for pid, words in night.processes().items()]
    return found + [f"tmux has left {path.name}" for path in tmux_sockets(night)]
