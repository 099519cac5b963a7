"""When to ask a repository again: seconds while something happens, slower and slower while nothing does.

Each repository also has an allowance of requests that count. When it runs low, the list of what changed is
still asked for as before, so a label starts its work in time; pull requests and checks, which cost the most,
are gathered for a while and looked at together.
"""

from __future__ import annotations

from dataclasses import dataclass

BUSY_MS, IDLE_MS = 5_000, 60_000
HOURLY = 150  # requests that count, for the polls of one repository
GATHERED_MS = 240_000
WATCH_MS = 60_000
_BURST = 60.0
_ENOUGH = 5.0  # a poll that brings one change costs about so many
_EACH_REPOSITORY_MS = 2_000  # one gh takes some 30 ms of a core: so many stay below 2 % of it


@dataclass(slots=True)
class _Purse:
    tokens: float = _BURST
    filled_ms: int = 0
    looked_ms: int = 0


class Pace:
    """The rhythm of all repositories. `busy_ms` and `idle_ms` are the shortest and the longest interval."""

    def __init__(self, busy_ms: int = BUSY_MS, idle_ms: int = IDLE_MS, hourly: int = HOURLY) -> None:
        self._busy = busy_ms
        self._idle = max(idle_ms, busy_ms)
        self._rate = hourly / 3_600_000
        self._purses: dict[str, _Purse] = {}

    def may_look(self, repo: str, now: int) -> bool:
        """Whether pull requests and checks may be looked at now; if so, they are."""
        purse = self._purse(repo, now)
        if purse.tokens < _ENOUGH and now - purse.looked_ms < GATHERED_MS:
            return False
        purse.looked_ms = now
        return True

    def is_short(self, repo: str, now: int) -> bool:
        """Whether the allowance runs low: what can wait is then asked for when it is likely over."""
        return self._purse(repo, now).tokens < _ENOUGH

    def watch_ms(self, repo: str, now: int) -> int:
        """How far apart the lists of pull requests are asked for while nothing seems to happen."""
        return GATHERED_MS if self.is_short(repo, now) else WATCH_MS

    def wait(
        self, repo: str, now: int, *, quiet: int, spent: int, stretch: float, least: int, due: int = 0
    ) -> int:
        """Milliseconds until the next poll.

        `quiet`: so many polls brought nothing, in a row; `spent`: what this one cost; `stretch`: by how much
        longer, since GitHub's quota runs low; `least`: what GitHub asks for; `due`: when (0: never) checks
        are to be looked at.
        """
        purse = self._purse(repo, now)
        purse.tokens -= spent
        idle = max(self._idle, _EACH_REPOSITORY_MS * len(self._purses))
        wait = min(self._busy * 1.5 ** min(quiet, 40), idle)
        if purse.tokens < _ENOUGH:
            wait = max(wait, min((_ENOUGH - purse.tokens) / self._rate, idle * 1.5))
            due = max(due, purse.looked_ms + GATHERED_MS) if due else 0
        if due:
            wait = min(wait, max(due - now, self._busy))
        return max(int(wait * stretch), least)

    def _purse(self, repo: str, now: int) -> _Purse:
        purse = self._purses.setdefault(repo, _Purse(filled_ms=now))
        purse.tokens = min(_BURST, purse.tokens + (now - purse.filled_ms) * self._rate)
        purse.filled_ms = now
        return purse
