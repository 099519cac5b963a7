"""The processes of a run: who they are, which descend from the shim, and how all of them are ended."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # what `signal` wraps; the wrapper takes 5 ms
import os
import sys
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:  # `typing` takes 5 ms
    from collections.abc import Callable

_SWEEPING = 0.25  # seconds, after which the shim has to look at other things
_MOST_REAPED = 500
_CHUNK = 65536
_PROC = sys.platform == "linux"


def start_of(pid: int) -> str:
    """The kernel's start time of a process: with the pid it names a process for ever. Empty when there is
    none.
    """
    if not _PROC:
        return " ".join(_ps("-o", "lstart=", "-p", str(pid)).split())
    fields = _stat(pid)
    return fields[19] if fields else ""


def boot_id() -> str:
    """What tells this boot of the machine from all others: the kernel's id of it and when process 1 began, as
    a container that starts again counts its processes from 1 under the same kernel.
    """
    if not _PROC:
        return _run("sysctl", "-n", "kern.bootsessionuuid").strip()
    fd = os.open("/proc/sys/kernel/random/boot_id", os.O_RDONLY)
    try:
        return f"{os.read(fd, 64).decode().strip()}.{start_of(1)}"
    finally:
        os.close(fd)


def descendants(*, dead: bool = False) -> list[int]:
    """Each living process below this one; with `dead`, those too that nobody has collected. As the shim
    adopts orphans (on Linux), nothing leaves it.
    """
    children: dict[int, list[int]] = {}
    for pid, parent in _parents(dead=dead):
        children.setdefault(parent, []).append(pid)
    found: list[int] = []
    front = [os.getpid()]
    while front:
        below = children.get(front.pop(), [])
        found += below
        front += below
    return found


def signal_group(pid: int, number: int) -> None:
    """Signal the harness's group. One that is gone, or belongs to someone else by now, is left alone."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def signal_all(number: int) -> None:
    """Signal every descendant; those that are gone already, or changed their user, are passed over."""
    for pid in descendants():
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            pass


def kill_below(reap: Callable[[], object]) -> None:
    """Kill every descendant, in sweeps until one meets none that is new, or for a moment: what forks faster
    than all of /proc is read comes to the shim as an orphan, and these can be read at once. `reap` collects
    the dead, who would fill the table of processes.
    """
    hit: set[int] = set()
    until = monotonic() + _SWEEPING
    while new := [pid for pid in descendants() if pid not in hit]:
        while new:
            _kill(new)
            hit.update(new)
            reap()
            if monotonic() >= until:
                return
            new = [pid for pid in _orphans() if pid not in hit]


def _kill(pids: list[int]) -> None:
    """A group is hit in one instant, so that none of it slips away by forking; in the shim's own group, which
    one of them may have joined, they are hit one by one.
    """
    for group in {_group_of(pid) for pid in pids} - {0, 1, os.getpgrp()}:
        signal_group(group, _signal.SIGKILL)
    for pid in pids:
        try:
            os.kill(pid, _signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass


def _orphans() -> list[int]:
    """The shim's own children, which everything becomes whose parent has ended; none where they can't be
    told.
    """
    try:
        fd = os.open(f"/proc/self/task/{os.getpid()}/children", os.O_RDONLY)
    except OSError:
        return []
    try:
        return [int(pid) for pid in os.read(fd, _CHUNK).rpartition(b" ")[0].split()]
    finally:
        os.close(fd)


def kill_all(pid: int) -> None:
    """The last resort of a shim that failed: kill all below (where orphans are not adopted: the harness's
    group).

    Ends when no child is left. One that cannot be killed ends the shim instead, for others to see and to go
    on from.
    """
    _signal.alarm(5)
    try:
        while True:
            if not _PROC:
                signal_group(pid, _signal.SIGKILL)
            kill_below(_reaped)
            os.waitpid(-1, 0)
    except ChildProcessError:
        _signal.alarm(0)


def _reaped() -> None:
    for _ in range(_MOST_REAPED):
        if os.waitpid(-1, os.WNOHANG)[0] == 0:
            return


def group_is_empty(pid: int) -> bool:
    """Whether no process of that group is left (for systems on which orphans are not adopted)."""
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return True  # the number is someone else's by now
    return False


def _group_of(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except (ProcessLookupError, PermissionError):
        return 0


def _parents(*, dead: bool) -> list[tuple[int, int]]:
    if not _PROC:
        rows = (line.split() for line in _ps("-A", "-o", "pid=,ppid=,stat=").splitlines())
        return [(int(pid), int(parent)) for pid, parent, state in rows if dead or not state.startswith("Z")]
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = _stat(int(name))
            if fields and (dead or fields[0] != "Z"):
                found.append((int(name), int(fields[1])))
    return found


def _stat(pid: int) -> list[str]:
    """/proc/PID/stat from its third field on (the second, the name, may hold anything); empty when there is
    none.
    """
    try:
        fd = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
    except FileNotFoundError:
        return []
    try:
        return os.read(fd, 4096).decode(errors="replace").rpartition(")")[2].split()
    except ProcessLookupError:
        return []  # it ended between the open and the read
    finally:
        os.close(fd)


def _ps(*arguments: str) -> str:
    return _run("ps", *arguments)


def _run(*argv: str) -> str:
    import subprocess  # where there is no /proc only: it is heavy

    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout
