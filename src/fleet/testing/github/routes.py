"""Which endpoint a path means, and what the asker must be allowed for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from fleet.testing.github.site import Level
from fleet.testing.github.wire import Answer, Ask, Endpoint, Refusal, missing

_PART = re.compile(r"\{(\w+)(:int|\*)?\}")
_REPO = "/repos/{owner}/{name}"


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint. `needs` None: no repository is meant. `hidden`: who may not, gets 404 instead of 403."""

    method: str
    pattern: re.Pattern[str]
    endpoint: Endpoint
    needs: Level | None
    hidden: bool


class Routes:
    """The endpoints of one subject. In a pattern `{x:int}` takes digits, `{x*}` takes slashes too."""

    def __init__(self) -> None:
        self.all: list[Route] = []

    def on(
        self, method: str, path: str, needs: Level = "read", *, hidden: bool = False
    ) -> Callable[[Endpoint], Endpoint]:
        """An endpoint below a repository."""
        return self._add(method, _REPO + path, needs, hidden)

    def site(self, method: str, path: str) -> Callable[[Endpoint], Endpoint]:
        """An endpoint of the whole site."""
        return self._add(method, path, None, False)

    def _add(
        self, method: str, path: str, needs: Level | None, hidden: bool
    ) -> Callable[[Endpoint], Endpoint]:
        def keep(endpoint: Endpoint) -> Endpoint:
            self.all.append(Route(method, re.compile(_pattern(path)), endpoint, needs, hidden))
            return endpoint

        return keep


class Table:
    """All endpoints together."""

    def __init__(self, parts: Iterable[Routes]) -> None:
        self._routes: dict[str, list[Route]] = {}
        for part in parts:
            for route in part.all:
                self._routes.setdefault(route.method, []).append(route)

    def answer(self, ask: Ask, before: Callable[[Ask], None]) -> Answer:
        """What the endpoint says; raises `Refusal`. `before` runs once the repository is known."""
        path = self._by_name(ask)
        for route in self._routes.get(ask.method, ()):
            if found := route.pattern.fullmatch(path):
                ask.args = {name: unquote(value) for name, value in found.groupdict().items()}
                if route.needs is not None:
                    _enter(ask, route)
                    before(ask)
                return route.endpoint(ask)
        raise missing()

    @staticmethod
    def _by_name(ask: Ask) -> str:
        """Links between pages name a repository by its id."""
        parts = ask.path.split("/", 3)
        if len(parts) > 2 and parts[1] == "repositories" and parts[2].isdigit():
            for repo in ask.site.repos.values():
                if repo.id == int(parts[2]):
                    return "/".join([f"/repos/{repo.full}", *parts[3:]])
        return ask.path


def _enter(ask: Ask, route: Route) -> None:
    ask.found = ask.site.find(f"{ask.args['owner']}/{ask.args['name']}")
    assert route.needs is not None
    if ask.found is None or not ask.may("read"):
        raise missing()
    if not ask.login and ask.method != "GET":
        raise Refusal(401, "Requires authentication")
    if not ask.may(route.needs):
        if route.hidden:
            raise missing()
        words = "Must have admin rights to Repository."
        if route.needs in ("write", "maintain") and ask.method == "GET":
            words = "Must have push access to repository"
        raise Refusal(403, words)


def _pattern(path: str) -> str:
    pieces = []
    place = 0
    for part in _PART.finditer(path):
        what = {":int": r"\d+", "*": ".+", None: "[^/]+"}[part[2]]
        pieces += [re.escape(path[place : part.start()]), f"(?P<{part[1]}>{what})"]
        place = part.end()
    return "".join([*pieces, re.escape(path[place:])]) + "/?"
