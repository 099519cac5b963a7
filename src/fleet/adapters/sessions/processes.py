"""Who a process is, and how all that belongs to a run is found and ended, when its own shim no longer can.

A process id alone names nothing: it is reused. With the kernel's start time it names one process of this
boot.
"""

from __future__ import annotations

import functools
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MARK = "FLEET_SESSION"
"""The variable, unique to each session, by which its processes are known even after they left its group and
tree.
"""

_PROC = sys.platform == "linux"
_PATIENCE = 5.0  # seconds for killed processes to be gone: longer sleeps in the kernel are not waited for
_AGAIN_MS = 100  # between rounds: what was forked during one is found in the next


@dataclass(frozen=True, slots=True)
class Identity:
    """A process for ever: its id and the kernel's start time of it (text; its unit depends on the system)."""

    pid: int
    start: str


@dataclass(frozen=True, slots=True)
class Row:
    """One living process of the machine (zombies are not: they can do nothing any more)."""

    identity: Identity
    parent: int
    group: int
    session: int


@functools.cache
def boot_id() -> str:
    """What tells this boot of the machine from all others, a restart of our container included; as the shim
    writes it.
    """
    if _PROC:
        first = _row(1)
        since = first.identity.start if first else ""
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}.{since}"
    return _output("sysctl", "-n", "kern.bootsessionuuid").strip()


def identity_of(pid: int) -> Identity | None:
    """Who has this process id now, None when nobody living has."""
    row = _row(pid)
    return row.identity if row else None


def is_alive(identity: Identity) -> bool:
    """Whether exactly this process still runs."""
    return identity_of(identity.pid) == identity


def open_pidfd(identity: Identity) -> int | None:
    """A descriptor that is readable once this process has ended, None when it has (or the platform has no
    such).
    """
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        fd = os.pidfd_open(identity.pid)
    except (ProcessLookupError, PermissionError):
        return None
    if is_alive(identity):  # asked after the open: from here on the descriptor cannot mean another one
        return fd
    os.close(fd)
    return None


def is_paused(identity: Identity) -> bool:
    """Whether exactly this process was stopped by a signal (Linux; else never), and does nothing until it is
    let go on.
    """
    try:
        text = Path(f"/proc/{identity.pid}/stat").read_text(errors="replace")
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] == "T" and is_alive(identity)


def send_signal(identity: Identity, number: int) -> bool:
    """Signal exactly this process; False when it is gone or not ours to signal."""
    fd = open_pidfd(identity)
    try:
        if fd is not None:
            signal.pidfd_send_signal(fd, number)
        elif not hasattr(os, "pidfd_open") and is_alive(identity):
            os.kill(identity.pid, number)
        else:
            return False
    except (ProcessLookupError, PermissionError):
        return False
    finally:
        if fd is not None:
            os.close(fd)
    return True


def family(shim: Identity, child: Identity, mark: str) -> set[Identity]:
    """Every living process of a run: the child, the shim's session, all that carry the mark, and what
    descends from them.

    The shim itself is not in it.
    """
    rows = {row.identity.pid: row for row in _table()}
    leader = rows.get(shim.pid)
    recycled = leader is not None and leader.identity != shim
    found = {
        row.identity.pid
        for row in rows.values()
        if row.identity == child
        or (row.session == shim.pid > 1 and not recycled)  # session 0 is no run's
        or _is_marked(row.identity.pid, mark)
    }
    grown = True
    while grown:
        more = {pid for pid, row in rows.items() if row.parent in found and pid not in found}
        found |= more
        grown = bool(more)
    return {rows[pid].identity for pid in found} - {shim, identity_of(os.getpid())}


def below(child: Identity, family: Iterable[Identity]) -> set[int]:
    """Those of a run's processes that live below its program, which is the child, or what that keeps in a
    sandbox.
    """
    pids = {one.pid for one in family} - {child.pid}
    program = child.pid
    while _is_sandbox(program):
        inside = [pid for pid in pids if (row := _row(pid)) is not None and row.parent == program]
        if len(inside) != 1:
            break
        program = inside[0]
        pids.discard(program)
    return pids


def _is_sandbox(pid: int) -> bool:
    try:
        return _PROC and Path(f"/proc/{pid}/comm").read_text().strip() == "bwrap"
    except OSError:  # it has just ended
        return False


def kill_family(shim: Identity, child: Identity, mark: str) -> set[Identity]:
    """Kill every process of a run and wait until they are gone; returns those that do not go within 5 s."""
    deadline = time.monotonic() + _PATIENCE
    while found := family(shim, child, mark):
        for identity in found:
            _kill_group(identity)
            send_signal(identity, signal.SIGKILL)
        _await_ends(found, _AGAIN_MS)
        if time.monotonic() > deadline:
            return family(shim, child, mark)
    return set()


def _await_ends(identities: Iterable[Identity], timeout_ms: int) -> None:
    """Return once all of them have ended, or after the time."""
    fds = [fd for identity in identities if (fd := open_pidfd(identity)) is not None]
    poll = select.poll()
    deadline = time.monotonic() + timeout_ms / 1000
    try:
        for fd in fds:
            poll.register(fd, select.POLLIN)
        left = len(fds)
        while left and (rest := deadline - time.monotonic()) > 0:
            for fd, _ in poll.poll(rest * 1000):
                poll.unregister(fd)
                left -= 1
    finally:
        for fd in fds:
            os.close(fd)


def _kill_group(identity: Identity) -> None:
    """Kill the group of a process in one instant, so that none of it slips away by forking."""
    try:
        group = os.getpgid(identity.pid)
        # Group 0 would mean our own. That it lives, asked after its group, says that this was its group.
        if group > 1 and group != os.getpgrp() and is_alive(identity):
            os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def _is_marked(pid: int, mark: str) -> bool:
    """Whether the process was started with the session's mark in its environment (Linux; else never)."""
    if not _PROC or not mark:
        return False
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False  # it ended, or it is another user's
    return f"{MARK}={mark}".encode() in environment.split(b"\0")


def _row(pid: int) -> Row | None:
    if not _PROC:
        return next(iter(_ps("-p", str(pid))), None)
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, parent, group, session, *rest = text.rpartition(")")[2].split()
    if state in ("Z", "X"):
        return None
    return Row(Identity(pid, rest[15]), int(parent), int(group), int(session))


def _table() -> list[Row]:
    if not _PROC:
        return _ps("-A")
    names = (path.name for path in Path("/proc").iterdir())
    return [row for name in names if name.isdigit() and (row := _row(int(name)))]


def _ps(*selection: str) -> list[Row]:
    """The same by ps, for systems without /proc."""
    rows = []
    for line in _output("ps", *selection, "-o", "pid=,ppid=,pgid=,sess=,stat=,lstart=").splitlines():
        pid, parent, group, session, state, *start = line.split()
        if not state.startswith("Z"):
            number = int(session) if session.isdigit() else 0  # macOS prints an address: no session is known
            rows.append(Row(Identity(int(pid), " ".join(start)), int(parent), int(group), number))
    return rows


def _output(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout
