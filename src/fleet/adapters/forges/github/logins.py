"""Logins beside the one that gh acts as: in their names agents judge, so that GitHub counts their reviews.

Each is a login of gh's own: in a configuration folder of its own (GH_CONFIG_DIR, any gh), or beside the
first in the same (gh 2.40 and later). Fleet keeps no token: gh is asked for it, and it stays in this process.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from fleet.adapters.forges.github.gh import Gh
from fleet.adapters.forges.github.limits import Clock
from fleet.adapters.forges.github.requests import Requests
from fleet.model.errors import Permanent

# With these the first login would speak wherever another is to.
_TOKENS = ("GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")


class Logins:
    """The logins that fleet.yaml names: login → its configuration folder, "" for the one that gh uses."""

    def __init__(
        self,
        folders: Mapping[str, str],
        gh: Gh,
        folder: Path | None,
        *,
        clock: Clock,
        sleep: Callable[[float], None],
    ) -> None:
        self._folders = {login.lower(): (login, place) for login, place in folders.items()}
        self._gh = gh
        self._folder = folder
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._doors: dict[str, Requests] = {}

    def has(self, login: str) -> bool:
        """Whether this is one of them: then it is Fleet that speaks, and no person."""
        return login.lower() in self._folders

    def requests(self, login: str) -> Requests:
        """The door to GitHub as this login. Raises Permanent when gh is not logged in as it."""
        with self._lock:
            known = self._doors.get(login.lower())
            if known is None:
                known = self._doors[login.lower()] = self._open(login)
            return known

    def forget(self, login: str) -> None:
        """Ask gh for it anew the next time: it was refused."""
        with self._lock:
            self._doors.pop(login.lower(), None)

    def _open(self, login: str) -> Requests:
        name, place = self._folders.get(login.lower(), (login, ""))
        folder = self._folder / "logins" / name.lower() if self._folder is not None else None
        gh = gh_of(self._gh, name, place)
        door = Requests(gh, folder, clock=self._clock, sleep=self._sleep)
        actual = str(door.get("user").document["login"])
        if actual.lower() != name.lower():
            raise Permanent(f"gh is not logged in as {name}", why=f"{place} is logged in as {actual}")
        return door


def gh_of(gh: Gh, login: str, place: str) -> Gh:
    """The gh that acts as this login; `place` is its configuration folder, "" for that of the first login.

    Raises Permanent when gh knows no such login there.
    """
    given = os.environ if gh.environment is None else gh.environment
    bare = {name: value for name, value in given.items() if name not in _TOKENS}
    if place:
        return replace(gh, environment=bare | {"GH_CONFIG_DIR": place})
    at = ("--hostname", gh.host) if gh.host else ()
    token = replace(gh, environment=bare).say("auth", "token", "--user", login, *at)
    if not token or len(token.split()) != 1:
        host = f" --hostname {gh.host}" if gh.host else ""
        raise Permanent(
            f"gh is not logged in as {login}",
            why=f"gh auth token --user {login} gives none; it takes gh 2.40 or later",
            do=f"GH_CONFIG_DIR=FOLDER gh auth login{host}, and name that folder in project.logins",
        )
    return replace(gh, environment=bare | {"GH_TOKEN": token, "GH_ENTERPRISE_TOKEN": token})
