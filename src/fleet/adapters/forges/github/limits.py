"""GitHub's limits on requests, as its answers tell them: the quota of the hour, and pauses that all share.

A pause is remembered on disk, so that a watcher which starts anew keeps it too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from fleet.adapters.forges.github.reply import Reply
from fleet.model.errors import Temporary
from fleet.ports.forge import Quota

Clock = Callable[[], int]  # milliseconds since the epoch

_SECONDARY_MS = 60_000  # "wait for at least one minute", when GitHub does not say how long
_LONGEST_MS = 15 * 60_000
_SIGNS = ("rate limit", "abuse detection", "submitted too quickly", "too many requests")
# How much longer to wait between polls, by how little of the quota is left.
_STRETCH = ((0.05, 10), (0.15, 6), (0.3, 3), (0.5, 1.5))


@dataclass(slots=True)
class _Known:
    remaining: int | None = None
    limit: int | None = None
    resets_ms: int = 0
    paused_until: int = 0
    why: str = ""


class Limits:
    """Where the limits stand. `folder` keeps them across a restart; without one they live in memory."""

    def __init__(self, clock: Clock, folder: Path | None = None) -> None:
        self._clock = clock
        self._file = folder / "limits.json" if folder else None
        self._known = _load(self._file)
        self._in_a_row = 0
        self.counted = 0
        self.free = 0

    def check(self) -> None:
        """Raise Temporary while a pause holds: then no request may be sent."""
        left = self._known.paused_until - self._clock()
        if left > 0:
            raise Temporary("GitHub's limit is reached", why=self._known.why, delay_ms=left)

    def learn(self, reply: Reply) -> None:
        """Take down what an answer says of the limits. Raises Temporary when it says to pause."""
        now = self._clock()
        known = self._known
        if reply.status == 304:
            self.free += 1
        else:
            self.counted += 1
        skew = reply.date_ms - now if reply.date_ms else 0
        if reply.headers.get("x-ratelimit-resource", "core") == "core":
            remaining, resets = reply.number("x-ratelimit-remaining"), reply.number("x-ratelimit-reset")
            known.remaining = known.remaining if remaining is None else remaining
            known.limit = reply.number("x-ratelimit-limit") or known.limit
            known.resets_ms = known.resets_ms if resets is None else resets * 1000 - skew
        if not _limited(reply):
            if reply.ok or reply.status == 304:
                self._in_a_row = 0
            return
        self._in_a_row += 1
        self._pause(now, now + self._wait(reply, now), reply.words)
        self.check()

    def quota(self) -> Quota:
        """The figures for people."""
        known, now = self._known, self._clock()
        over = known.resets_ms and known.resets_ms <= now  # the hour has begun anew since we last asked
        return Quota(
            remaining=known.limit if over else known.remaining,
            limit=known.limit,
            resets_ms=known.resets_ms,
            paused_until=known.paused_until if known.paused_until > now else 0,
            counted=self.counted,
            free=self.free,
        )

    def stretch(self) -> float:
        """By how much polls should be further apart, since little is left: 1 with plenty."""
        quota = self.quota()
        if quota.remaining is None or not quota.limit:
            return 1.0
        share = quota.remaining / quota.limit
        return next((factor for least, factor in _STRETCH if share < least), 1.0)

    def _wait(self, reply: Reply, now: int) -> int:
        """How long to pause. What GitHub asks for, else until its quota begins anew, else a growing while."""
        asked = reply.number("retry-after")
        if asked is not None:
            return max(asked, 1) * 1000
        if reply.number("x-ratelimit-remaining") == 0 and self._known.resets_ms > now:
            return self._known.resets_ms - now + 1000
        return min(_SECONDARY_MS << min(self._in_a_row - 1, 8), _LONGEST_MS)

    def _pause(self, now: int, until: int, why: str) -> None:
        if until > max(self._known.paused_until, now):
            self._known.paused_until, self._known.why = until, why
            _save(self._file, self._known)


def _limited(reply: Reply) -> bool:
    """Whether an answer is a limit's: other refusals are 403 too."""
    if reply.status == 429:
        return True
    if reply.status != 403:
        return False
    if "retry-after" in reply.headers or reply.number("x-ratelimit-remaining") == 0:
        return True
    return any(sign in reply.words.lower() for sign in _SIGNS)


def _load(file: Path | None) -> _Known:
    try:
        return _Known(**json.loads(file.read_text())) if file else _Known()
    except (OSError, ValueError, TypeError):
        return _Known()


def _save(file: Path | None, known: _Known) -> None:
    if file is None:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".new")
    beside.write_text(json.dumps(asdict(known)))
    beside.replace(file)
