"""Why a run failed, as far as trying again depends on it: what is nobody's fault uses up no attempt, and what
is the provider's holds back all that ask it.
"""

from __future__ import annotations

from typing import Literal
from zlib import crc32

from fleet.model.state import Run

Cause = Literal["", "stuck", "overloaded", "full", "crash", "restart", "room"]

FREE: tuple[Cause, ...] = ("overloaded", "restart", "room")
"""What uses up no attempt."""

_BROKEN = ("shim killed", "shim failed", "stopped")
"""How a session ends that somebody else ended; one that Fleet itself stops names another reason."""

MOST_FREE = 40
"""So often in a row; after that a person is asked: whatever it is, it does not pass."""

FIRST_PAUSE_MS, LONGEST_PAUSE_MS = 1_000, 10 * 60_000
FIRST_HOLD_MS, LONGEST_HOLD_MS = 15_000, 30 * 60_000


def cause_of(run: Run) -> Cause:
    """Why the run failed: it was `stuck`, its provider was `overloaded` (or limits it), its conversation is
    `full`, its program crashed, the machine was restarted, the disk had no room, or (empty) it
    did not do its work.
    """
    if run.stop_kind == "stuck":
        return "stuck"
    reason, finish = run.exit.get("reason"), run.exit.get("finish")
    if finish == "overloaded":
        return "overloaded"
    if reason == "host restarted":
        return "restart"
    if reason == "disk full":
        return "room"
    if finish == "limit":
        return "full"
    if finish == "crash" or reason in _BROKEN or run.exit.get("signal"):
        return "crash"
    return ""


def pause_ms(failures: int, salt: str) -> int:
    """How long to wait after so many failures in a row: doubling, spread by `salt` alone."""
    return _doubling(failures, salt, FIRST_PAUSE_MS, LONGEST_PAUSE_MS)


def hold_ms(strikes: int, salt: str) -> int:
    """How long a provider that did not say is left alone after so many refusals in a row."""
    return _doubling(strikes, salt, FIRST_HOLD_MS, LONGEST_HOLD_MS)


def account_of(harness: str, model: str) -> str:
    """Who is asked by a run: agents with the same share one limit. A model may name its provider."""
    provider, slash, _ = model.partition("/")
    return f"{harness} ({provider})" if slash else harness


def goes_on(last: Run, failures: int) -> bool:
    """Whether the next run goes on in the last one's conversation. One that failed twice in it starts afresh,
    and so does one that was stuck in it or filled it: the conversation itself may be what is wrong.
    """
    cause = cause_of(last)
    # One that was refused before it could open the conversation has not harmed it.
    known = last.conversed or (cause in FREE and bool(last.conversation))
    return known and failures < 2 and cause not in ("stuck", "full")


def _doubling(times: int, salt: str, first: int, longest: int) -> int:
    if times <= 0:
        return 0
    pause = min(longest, first << min(times - 1, 20))
    return pause + pause * (crc32(salt.encode()) % 1000) // 4000
