"""While the harness runs: carry its words both ways, keep its time, and at the end leave nothing of it
behind.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

from fleet.shim import crowd, feed, mark, tape, tree
from fleet.shim.launch import DOOR_FD
from fleet.shim.record import Bell, Ending

if TYPE_CHECKING:
    from fleet.shim.door import Door, Forget, Listen
    from fleet.shim.launch import Launched

_CHUNK = 16 * 1024  # at most so many lines at once, each some 100 bytes of memory
_STRAGGLER_GRACE = 0.5  # seconds between SIGTERM and SIGKILL for what the harness left behind
_MOST_REAPED = 500  # at once
_AGAIN = 0.05  # seconds after which a kill is repeated: a dying tree may have forked meanwhile
_MEND = 5.0  # seconds between two looks whether orders can still come in
_GIVE_UP = 5.0  # seconds after the first kill: what lives now sleeps in the kernel or has another user


class Watch:
    """One run from its first line to the end of its last process. Times are monotonic seconds."""

    def __init__(self, launched: Launched, command: dict[str, Any], bell: Bell) -> None:
        self._child = launched.pid
        self._failed = launched.error
        self._grace = float(command["grace"])
        self._keep_stdin = bool(command["keep_stdin"])
        self._signals_from = int(command.get("signals_from", 0))
        self._bell = bell
        self._tape = tape.Tape(int(command["max_bytes"]))
        self._cutters = {
            launched.stdout: ("out", tape.Cutter()),
            launched.stderr: ("err", tape.Cutter()),
        }
        self._last_line = mark.Mark(command["last_line"])
        self._feed = feed.Feed(launched.stdin)
        self._control = launched.control
        self._orders = b""
        self._mend_at = monotonic() + _MEND
        self._ending = Ending("")
        self._main_gone = False
        self._childless = False
        self._unreaped = False
        self._left: set[int] = set()
        self._over = False
        seconds = float(command["seconds"])
        self._ceiling = monotonic() + seconds if seconds else None
        self._allowed = 0.0
        self._crowd = crowd.Crowd(int(command.get("processes", 0)), monotonic())
        self._kill_at: float | None = None
        self._give_up_at: float | None = None
        self._poll = select.poll()
        self._handlers: dict[int, Callable[[], None]] = {}
        self._alarm = _signal_pipe()
        self._door = _open_door(str(command.get("gateway", "")), self._listen, self._forget)
        self._greet(command["stdin"])

    def until_end(self) -> Ending:
        """Watch until nothing of the run is left; returns how it ended."""
        for fd in self._cutters:
            os.set_blocking(fd, False)
            self._listen(fd, partial(self._hear, fd))
        self._listen(self._control, self._obey)
        self._listen(self._alarm, self._notice)
        self._reap()  # what ended before SIGCHLD was listened to
        while not self._over:
            self._await_feed()
            for fd, _ in self._poll.poll(self._until_next()):
                handler = self._handlers.get(fd)
                if handler:
                    handler()
            if self._unreaped:
                self._reap()
            self._end_turn()
            self._keep_time(monotonic())
        self._drain()
        return self._ending

    # -- the words

    def _greet(self, text: str) -> None:
        if text:
            self._tell(text.encode(errors="surrogateescape"))
        if not self._keep_stdin:
            self._feed.end()

    def _hear(self, fd: int) -> None:
        """Record what the harness said on one of its outputs."""
        stream, cutter = self._cutters[fd]
        try:
            data = os.read(fd, _CHUNK)
        except BlockingIOError:
            return
        self._record(stream, cutter.feed(data) if data else cutter.rest())
        if not data:
            del self._cutters[fd]
            self._forget(fd)
            os.close(fd)

    def _tell(self, data: bytes) -> None:
        """Give the harness a text and record it, or record that it came too late."""
        if not self._feed.give(data):
            self._tape.note("a text came too late: the harness takes no more input")
            return
        cutter = tape.Cutter()
        self._record("in", cutter.feed(data) + cutter.rest())

    def _take_inbox(self) -> bool:
        texts = feed.take_inbox()
        for text in texts:
            self._last_line.seen = False
            self._tell(text)
        return bool(texts)

    def _end_turn(self) -> None:
        """Close stdin once the harness has printed its last line, unless it was told something since."""
        if self._last_line.seen and self._keep_stdin:
            self._close_input()
            self._last_line.seen = False
        if self._keep_stdin and not self._feed.is_open:
            self._keep_stdin = False
            while not feed.close_inbox():
                self._take_inbox()

    def _close_input(self) -> None:
        if not self._take_inbox() and feed.close_inbox():
            self._feed.end()

    def _record(self, stream: str, pieces: list[tape.Piece]) -> None:
        self._tape.write(stream, pieces)
        if stream == "out" and self._keep_stdin:
            for text, complete in pieces:
                self._last_line.look(text, complete)
        if pieces:
            self._bell.ring(monotonic())
        if self._tape.fault:
            self._stop(self._tape.fault, self._tape.error)

    # -- the orders

    def _obey(self) -> None:
        """Read the control FIFO: one JSON document a line."""
        *lines, self._orders = (self._orders + os.read(self._control, 65536)).split(b"\n")
        for line in lines:
            try:
                order = json.loads(line)
                verb, reason = order["op"], str(order.get("reason", "stopped"))
                grace = min(self._grace, float(order.get("grace", self._grace)))
            except (ValueError, KeyError, AttributeError, TypeError):
                self._tape.note("an order could not be read")
                continue
            if verb == "input":
                self._take_inbox()
            elif verb == "eof":
                while self._take_inbox() or not feed.close_inbox():
                    pass
                self._feed.end()
            elif verb == "allow":
                self._allow(order.get("seconds"))
            elif verb == "stop":
                self._grace = grace
                self._stop(reason)
            else:
                self._tape.note(f"there is no order {verb!r}")

    def _mend_control(self) -> None:
        """Make the control FIFO anew where somebody has removed it, and look for what was sent meanwhile."""
        if os.path.exists("control"):
            return
        try:
            os.mkfifo("control", 0o600)
            fresh = os.open("control", os.O_RDWR | os.O_NONBLOCK)
        except OSError:
            return  # the disk is full, or all of the folder is gone
        os.dup2(fresh, self._control, inheritable=False)  # whoever polls it goes on with the new one
        os.close(fresh)
        self._take_inbox()

    def _allow(self, seconds: object) -> None:
        """So much longer in all than the ceiling says: what the run waited does not count."""
        if self._ceiling is not None and isinstance(seconds, int | float) and seconds >= 0:
            self._ceiling += seconds - self._allowed
            self._allowed = float(seconds)

    def _notice(self) -> None:
        """A signal arrived: SIGCHLD, or SIGTERM, which means stop."""
        numbers = os.read(self._alarm, 4096)
        self._reap()
        if signal.SIGTERM in numbers:
            self._stop("stopped", "its supervising process was asked to end (SIGTERM)")

    # -- the end

    def _stop(self, reason: str, error: str = "") -> None:
        """End the run: ask the harness's group now, kill all that is left after the grace. The first reason
        stays.
        """
        self._ending.error = self._ending.error or error
        if self._ending.reason:
            soon = monotonic() + self._grace  # who asks again may give less time
            self._kill_at = soon if self._kill_at is None else min(self._kill_at, soon)
            return
        self._ending.reason = reason
        self._tape.note(f"stopping: {reason}")
        tree.signal_group(self._child, signal.SIGTERM)
        tree.signal_group(self._child, signal.SIGCONT)  # one that is paused could not hear it
        self._kill_at = monotonic() + self._grace

    def _reap(self) -> None:
        """Collect what ended, adopted orphans too: not all at once where there is no end of them, as time has
        to be kept meanwhile.
        """
        self._unreaped = not self._childless
        for _ in range(_MOST_REAPED if self._unreaped else 0):
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                self._childless, self._unreaped = True, False
                break
            if pid == 0:
                self._unreaped = False
                break
            self._ending.max_rss_kb = max(self._ending.max_rss_kb, _kib(usage.ru_maxrss))
            self._ending.cpu_ms += round((usage.ru_utime + usage.ru_stime) * 1000)
            if pid == self._child:
                self._note_end(os.waitstatus_to_exitcode(status))
        if self._main_gone:
            self._end_stragglers()

    def _note_end(self, code: int) -> None:
        self._main_gone = True
        if self._failed:
            self._ending.reason, self._ending.error = "spawn failed", self._failed
            return
        if self._signals_from and 0 < code - self._signals_from < signal.NSIG:
            code = self._signals_from - code  # a sandbox, telling what its program ended by
        self._ending.code, self._ending.signal = (code, None) if code >= 0 else (None, -code)
        self._ending.reason = self._ending.reason or "exited"

    def _end_stragglers(self) -> None:
        """The harness is gone: what it left behind is to go too."""
        self._over = self._childless and (sys.platform == "linux" or tree.group_is_empty(self._child))
        soon = monotonic() + _STRAGGLER_GRACE
        if not self._over and (self._kill_at is None or self._kill_at > soon):
            self._kill_at = soon
            tree.signal_all(signal.SIGTERM)
            if sys.platform != "linux":
                tree.signal_group(self._child, signal.SIGTERM)

    def _keep_time(self, now: float) -> None:
        """Everything that is due by now."""
        self._bell.ring_if_due(now)
        if now >= self._mend_at:
            self._mend_at = now + _MEND
            self._mend_control()
        if self._door is not None:
            self._door.keep_time(now)
        if self._ceiling is not None and now >= self._ceiling:
            self._ceiling = None
            self._stop("ceiling")
        found = self._crowd.too_many(now)
        if found:
            self._stop("processes", f"{found} at once, more than a run may have")
            self._kill_at = now  # each that is asked would leave more behind meanwhile
        if self._kill_at is not None and now >= self._kill_at and not self._over:
            self._kill_at = now + _AGAIN
            if not self._main_gone or sys.platform != "linux":
                tree.signal_group(self._child, signal.SIGKILL)
            tree.kill_below(self._reap)
            self._give_up_at = self._give_up_at or now + _GIVE_UP
            self._reap()
            if now >= self._give_up_at and not self._over:
                self._give_up(now, set(tree.descendants()))

    def _give_up(self, now: float, left: set[int]) -> None:
        """Leave behind what can't be killed. As long as some end, or new ones come, it is not that."""
        if left == self._left:
            self._ending.error = f"processes that could not be killed: {' '.join(map(str, sorted(left)))}"
            self._over = True
        self._left, self._give_up_at = left, now + _STRAGGLER_GRACE

    def _drain(self) -> None:
        """Record what the ended processes left in their pipes. Not until their end: someone else may hold
        them.
        """
        for fd in list(self._cutters):
            for _ in range(1 + (1 << 20) // _CHUNK):  # a pipe holds 1 MiB at most
                if fd in self._cutters:
                    self._hear(fd)
            if fd in self._cutters:
                stream, cutter = self._cutters[fd]
                self._record(stream, cutter.rest())
        if self._keep_stdin:
            self._feed.drop()
            self._end_turn()

    # -- waiting

    def _listen(self, fd: int, handler: Callable[[], None], events: int = select.POLLIN) -> None:
        self._handlers[fd] = handler
        self._poll.register(fd, events)

    def _forget(self, fd: int) -> None:
        if self._handlers.pop(fd, None):
            self._poll.unregister(fd)

    def _await_feed(self) -> None:
        """Listen to stdin just while there is something to write; it may have been closed and its number
        reused.
        """
        listens = self._handlers.get(self._feed.fd) == self._feed.pump
        if self._feed.wants and not listens:
            self._listen(self._feed.fd, self._feed.pump, select.POLLOUT)
        elif listens and not self._feed.wants:
            self._forget(self._feed.fd)

    def _until_next(self) -> int | None:
        """Milliseconds until something is due, None for ever. Rounded up: waking early would spin."""
        if self._unreaped:
            return 0
        door = self._door.due if self._door is not None else None
        times = (self._ceiling, self._kill_at, self._bell.due, self._crowd.due, door)
        dues = [due for due in times if due is not None]
        return max(0, int((min(dues) - monotonic()) * 1000) + 1) if dues else None


def _open_door(gateway: str, listen: Listen, forget: Forget) -> Door | None:
    """The run's way to the gateway, where it has one."""
    if not gateway:
        return None
    from fleet.shim.door import Door  # it brings a module that most checks do without

    return Door(DOOR_FD, gateway, listen, forget)


def _signal_pipe() -> int:
    """Make signals readable: their numbers arrive on the descriptor that is returned. SIGTERM was held back
    until now (see launch).
    """
    out, into = os.pipe()
    for fd in (out, into):
        os.set_blocking(fd, False)
    signal.set_wakeup_fd(into, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    return out


def _kib(max_rss: int) -> int:
    """ru_maxrss is in KiB, but in bytes on macOS."""
    return max_rss // 1024 if sys.platform == "darwin" else max_rss
