"""Who is who: Fleet's own login, and who may write to a repository. Only such people's words count."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import quote

from fleet.adapters.forges.github.limits import Clock
from fleet.adapters.forges.github.requests import Rejected, Requests

_REMEMBERED_MS = 5 * 60_000
_WRITING = ("admin", "maintain", "write")


class People:
    """Answers about logins, remembered for some minutes. `trusted` are logins that count in any case,
    `agents` tells those in whose names agents judge.
    """

    def __init__(
        self,
        requests: Requests,
        clock: Clock,
        trusted: Collection[str] = (),
        agents: Callable[[str], bool] = lambda login: False,
    ) -> None:
        self._requests = requests
        self._clock = clock
        self._agents = agents
        self._trusted = {login.lower() for login in trusted}
        self._known: dict[tuple[str, str], tuple[bool, int]] = {}
        self._login = ""

    def login(self) -> str:
        """The login that gh acts as."""
        if not self._login:
            self._login = str(self._requests.get("user").document["login"])
        return self._login

    def is_own(self, login: str) -> bool:
        """Whether this is the login that gh acts as."""
        return login.lower() == self.login().lower()

    def is_agents(self, login: str) -> bool:
        """Whether agents judge in this name: whatever it says is Fleet's, and no person's."""
        return self._agents(login)

    def is_fleets(self, login: str) -> bool:
        """Whether Fleet writes in this name; a person may, too."""
        return self.is_agents(login) or self.is_own(login)

    def may_write(self, repo: str, login: str) -> bool:
        """Whether this login may push there; False for one that GitHub does not know or tell about."""
        if not login:
            return False
        known, now = self._known.get((repo, login.lower())), self._clock()
        if known is not None and now - known[1] < _REMEMBERED_MS:
            return known[0]
        may = self._ask(repo, login)
        self._known[repo, login.lower()] = (may, now)
        return may

    def trusts(self, repo: str, login: str) -> bool:
        """Whether this login may start, approve and command here."""
        return login.lower() in self._trusted or self.may_write(repo, login)

    def _ask(self, repo: str, login: str) -> bool:
        try:
            found = self._requests.find(f"repos/{repo}/collaborators/{quote(login)}/permission")
        except Rejected as error:
            if error.status in (403, 422):  # who may not push himself is told nothing of others
                return False
            raise
        if not isinstance(found, dict):
            return False
        role = found.get("permission")
        user = found.get("user")
        allowed = user.get("permissions") if isinstance(user, dict) else None
        return role in _WRITING or (isinstance(allowed, dict) and allowed.get("push") is True)


def login_in(document: Mapping[str, Any], name: str = "user") -> str:
    """The login of who wrote a document, "" where GitHub does not say (an account that is gone)."""
    person = document.get(name)
    return str(person.get("login") or "") if isinstance(person, Mapping) else ""
