"""Real sessions: one shim process per run, found again by the files of its folder."""

from __future__ import annotations

import fcntl
import itertools
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Collection
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path

from fleet.adapters.sessions import processes, usage
from fleet.adapters.sessions.bell import WakeFifo
from fleet.adapters.sessions.rewriting import rewrite
from fleet.adapters.sessions.run_folder import RunFolder, Session
from fleet.model.errors import Temporary
from fleet.ports.session import Command, Exit, Figures, Record, Rewrite, Started

MAX_BYTES = 256 << 20
"""How much a run may say, in bytes of its transcript, before it is stopped (reason `output`)."""

_SHIM = Path(__file__).parents[2] / "shim" / "shim.py"
_HANDSHAKE_FD, _LOCK_FD, _DOOR_FD = 3, 4, 5  # as the shim expects them
_SPAWN_SECONDS, _KILL_SECONDS = 20, 2
_LONGEST_REASON = 200  # characters: an order must fit into PIPE_BUF


class ShimSessions:
    """Sessions in the folders `root`/<key>. Any number of objects, in any processes, may share a root; one of
    them follows the wakes.
    """

    def __init__(self, root: Path, *, max_bytes: int = MAX_BYTES) -> None:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._root = root.resolve()  # shims live elsewhere
        self._max_bytes = max_bytes
        self._bell = WakeFifo(self._root / ".wake")
        self._count = itertools.count()
        self._shims: dict[str, int] = {}
        self._shims_lock = threading.Lock()

    def close(self) -> None:
        """Let go of the wakes. Sessions live on."""
        self._bell.close()

    def start(self, key: str, command: Command) -> Started:
        """See the port. Takes as long as a small Python process takes to start."""
        self._reap()
        run, why = RunFolder(self._root, key), ""
        try:
            with run.starting() as lock:
                session = run.session()
                if session is None:
                    run.prepare(command, self._bell.path, self._max_bytes)
                    why = self._spawn(run, lock, command.door)
                    session = run.session()
        except OSError as error:
            raise Temporary(f"session {key} did not start", why=str(error)) from error
        if session is None:
            raise Temporary(f"session {key} did not start", why=why)
        return Started(session.shim.pid, session.started)

    def alive(self, key: str) -> bool:
        """See the port."""
        run = RunFolder(self._root, key)
        session = run.session()
        if session is None or session.boot != processes.boot_id() or run.exit() is not None:
            return False
        return processes.is_alive(session.shim) or processes.is_alive(session.child)

    def stop(self, key: str, reason: str, *, grace_seconds: float | None = None) -> None:
        """See the port."""
        run = RunFolder(self._root, key)
        session = run.session()
        if session is None or run.exit() is not None:
            return
        self.wake([key])  # one that is paused obeys nobody
        grace = {} if grace_seconds is None else {"grace": grace_seconds}
        if not run.order(
            op="stop", reason=reason[:_LONGEST_REASON] or "stopped", **grace
        ) and not processes.send_signal(session.shim, signal.SIGTERM):
            self.exit(key)  # nobody is there to stop it: end what is left

    def allow(self, key: str, seconds: float) -> None:
        """See the port."""
        run = RunFolder(self._root, key)
        session = run.session()
        if session is None or run.exit() is not None or run.order(op="allow", seconds=seconds):
            return
        if processes.is_alive(session.shim):
            raise Temporary(f"{key} can't be allowed more time now", why="its supervisor takes no orders")

    def wake(self, keys: Collection[str]) -> list[str]:
        """See the port."""
        found = []
        for key in keys:
            session = RunFolder(self._root, key).session()
            if session is None or session.boot != processes.boot_id():
                continue
            paused = [each for each in (session.shim, session.child) if processes.is_paused(each)]
            woken = [processes.send_signal(each, signal.SIGCONT) for each in paused]
            if any(woken):
                found.append(key)
        return found

    def send(self, key: str, text: str, *, once: str = "") -> bool:
        """See the port."""
        run = RunFolder(self._root, key)
        session = run.session()
        if session is None or run.exit() is not None:
            return False
        # In the order of sending, between processes too: they share this clock, and it never goes back.
        name = f"{time.monotonic_ns():020d}-{os.getpid()}-{next(self._count):06d}"
        known = f"-{sha256(once.encode()).hexdigest()[:16]}" if once else ""
        # The text is put first. If the order does not fit, the orders before it will make the shim see it.
        there = (once and run.has_text(known)) or run.put(name + known, text)
        return bool(there) and (run.order(op="input") or processes.is_alive(session.shim))

    def close_input(self, key: str) -> None:
        """See the port."""
        RunFolder(self._root, key).order(op="eof")

    def read(self, key: str, offset: int) -> tuple[list[Record], int]:
        """See the port. An offset counts bytes of the transcript."""
        return RunFolder(self._root, key).read(offset)

    def rewrite(self, key: str, rewritten: Rewrite) -> bool:
        """See the port."""
        if self.exit(key) is None:
            return False
        try:
            return rewrite(RunFolder(self._root, key).path, rewritten)
        except OSError as error:
            raise Temporary(f"the transcript of {key} can't be rewritten", why=str(error)) from error

    def exit(self, key: str) -> Exit | None:
        """See the port."""
        run = RunFolder(self._root, key)
        if (record := run.exit()) is not None:
            self._reap(key)
            return record
        session = run.session()
        if session is None or (session.boot == processes.boot_id() and processes.is_alive(session.shim)):
            return None
        self._reap(key)
        if (record := run.exit()) is not None:  # its last act, while we looked
            return record
        return self._bury(run, session)

    def figures(self, key: str) -> Figures | None:
        """See the port."""
        run = RunFolder(self._root, key)
        session = run.session()
        if session is None or not self.alive(key):
            return None
        family = processes.family(session.shim, session.child, run.mark())
        cpu_ms, io_bytes = usage.of({session.shim.pid, *(one.pid for one in family)})
        below = processes.below(session.child, family)
        below_cpu_ms, below_io_bytes = usage.of(below) if below else (-1, -1)
        return Figures(cpu_ms, io_bytes, len(family), run.said_at(), below_cpu_ms, below_io_bytes)

    def keys(self) -> list[str]:
        """See the port."""
        return sorted(path.parent.name for path in self._root.glob("*/session.json"))

    def wakes(self) -> int:
        """See the port."""
        return self._bell.fileno()

    def drain(self) -> set[str]:
        """See the port."""
        keys, overflowed = self._bell.drain()
        return keys.union(self.keys()) if overflowed else keys

    def mend(self) -> bool:
        """See the port."""
        return self._bell.mend()

    def watch(self, key: str) -> int | None:
        """See the port."""
        session = RunFolder(self._root, key).session()
        if session is None or session.boot != processes.boot_id():
            return None
        return processes.open_pidfd(session.shim)

    def _bury(self, run: RunFolder, session: Session) -> Exit:
        """End what a shim left that was itself ended, and leave the record that it could not."""
        now = time.time_ns() // 1_000_000
        if session.boot != processes.boot_id():
            return run.write_exit(Exit("host restarted", started=session.started, ended=now))
        left = processes.kill_family(session.shim, session.child, run.mark())
        error = "its supervising process was killed, and the rest of it then ended"
        if left:
            error = f"its supervising process was killed; these cannot be: {sorted(one.pid for one in left)}"
        record = run.write_exit(Exit("shim killed", error=error, started=session.started, ended=now))
        self._bell.ring(run.key)
        return record

    def _spawn(self, run: RunFolder, lock: int, door: int) -> str:
        """Start the shim and wait for its word that the program runs; returns why it does not."""
        with ExitStack() as ours:
            hear, say = os.pipe()
            ours.callback(os.close, hear)
            pid = self._spawn_shim(run, say, os.dup(lock), door)
            answer = _answer(hear, _SPAWN_SECONDS)
            if answer is None:
                os.kill(pid, signal.SIGKILL)  # so that what it did not start by now is not started later
                answer = _answer(hear, _KILL_SECONDS) or f"!it has not answered within {_SPAWN_SECONDS} s"
        if answer == "+":
            return ""
        complaint = answer[1:] or (run.path / "shim.log").read_text(errors="replace")[-1000:].strip()
        return complaint or "its shim was killed"

    def _spawn_shim(self, run: RunFolder, say: int, lock: int, door: int) -> int:
        """The shim's process id. Closes the two descriptors, which are the shim's from now on."""
        with ExitStack() as theirs:
            say, lock = _high(theirs, say), _high(theirs, lock)
            calls = [_high(theirs, os.dup(door))] if door >= 0 else []
            log = _high(theirs, os.open(run.path / "shim.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
            pid = os.posix_spawn(
                sys.executable,
                [sys.executable, "-I", "-S", "-X", "utf8", str(_SHIM), str(run.path)],
                {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, log, 1),
                    (os.POSIX_SPAWN_DUP2, log, 2),
                    (os.POSIX_SPAWN_DUP2, say, _HANDSHAKE_FD),
                    (os.POSIX_SPAWN_DUP2, lock, _LOCK_FD),
                    *((os.POSIX_SPAWN_DUP2, each, _DOOR_FD) for each in calls),
                ],
                setsigmask=[],
                setsigdef=signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP},
            )
        with self._shims_lock:
            self._shims[run.key] = pid
        return pid

    def _reap(self, key: str | None = None) -> None:
        """Collect shims of ours that have ended, so that they do not stay as zombies."""
        with self._shims_lock:
            for name in [key] if key else list(self._shims):
                pid = self._shims.get(name)
                try:
                    if pid is not None and os.waitpid(pid, os.WNOHANG)[0]:
                        del self._shims[name]
                except ChildProcessError:
                    del self._shims[name]  # collected by someone else in this process


def _high(held: ExitStack, fd: int) -> int:
    """Move a descriptor out of the way of the numbers that the shim gets; `held` closes it."""
    try:
        high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10)
    finally:
        os.close(fd)
    held.callback(os.close, high)
    return high


def _answer(hear: int, seconds: int) -> str | None:
    """What the shim says ("" when it ended without a word), None when it says nothing in time."""
    poll = select.poll()
    poll.register(hear, select.POLLIN)
    if not poll.poll(seconds * 1000):
        return None
    return os.read(hear, 65536).decode(errors="replace")
