"""The limit on requests: so many an hour for each login, counted as GitHub counts them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_WINDOW_S = 3600
_ANONYMOUS = 60


class Limits:
    """Who has asked how often. Its caller holds the site's lock."""

    def __init__(self, limit: int, now: Callable[[], int]) -> None:
        self.limit = limit
        self._now = now
        self._windows: dict[str, list[int]] = {}

    def left(self, login: str) -> int:
        """How many requests the login has until its window ends."""
        return max(0, self._limit(login) - self._window(login)[1])

    def take(self, login: str) -> None:
        """Count one request."""
        self._window(login)[1] += 1

    def exhaust(self, login: str, seconds: int) -> None:
        """From now on nothing is left, for so long."""
        self._windows[login.lower()] = [self._now() + seconds, self._limit(login)]

    def headers(self, login: str) -> dict[str, str]:
        """How it stands, in the headers of an answer."""
        shown = self._shown(login)
        return {f"X-RateLimit-{name.title()}": str(value) for name, value in shown.items()} | {
            "X-RateLimit-Resource": "core"
        }

    def document(self, login: str) -> dict[str, Any]:
        """How it stands, as `/rate_limit` tells it."""
        core = self._shown(login)
        other = {"limit": 30, "remaining": 30, "reset": self._now() + 60, "used": 0}
        graphql = {"limit": 5000, "remaining": 5000, "reset": self._now() + _WINDOW_S, "used": 0}
        return {"resources": {"core": core, "search": other, "graphql": graphql}, "rate": core}

    def _shown(self, login: str) -> dict[str, int]:
        reset, used = self._window(login)
        limit = self._limit(login)
        return {"limit": limit, "remaining": max(0, limit - used), "reset": reset, "used": min(used, limit)}

    def _limit(self, login: str) -> int:
        return self.limit if login else min(self.limit, _ANONYMOUS)

    def _window(self, login: str) -> list[int]:
        window = self._windows.get(login.lower())
        if window is None or window[0] <= self._now():
            window = self._windows[login.lower()] = [self._now() + _WINDOW_S, 0]
        return window
