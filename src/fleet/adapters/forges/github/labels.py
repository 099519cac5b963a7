"""Labels of a repository and of one issue. Fleet touches its own only; all others are people's."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fleet.adapters.forges.github.cursor import labels_of
from fleet.adapters.forges.github.deeds import Deeds
from fleet.adapters.forges.github.requests import Rejected, Requests
from fleet.adapters.forges.github.slips import Slips
from fleet.model.errors import Permanent, Temporary

COLOURS = {
    "ready": "0e8a16",
    "working": "1d76db",
    "review": "fbca04",
    "approved": "5319e7",
    "blocked": "d93f0b",
    "done": "c2e0c6",
}
OTHER_COLOUR = "ededed"
_MEANINGS = {
    "ready": "Fleet's agents may begin",
    "working": "an agent is at work",
    "review": "its pull request is under review",
    "approved": "it is approved and will be merged",
    "blocked": "it waits for a person",
    "done": "Fleet has finished it",
}


@dataclass(frozen=True, slots=True)
class Relabelling:
    """Labels to `add`, to take `off`, and all `names` that there are afterwards."""

    add: tuple[str, ...]
    off: tuple[str, ...]
    names: tuple[str, ...]


class Labels:
    """Fleet's own labels: `names` by state. Those that a repository lacks are made when first needed."""

    def __init__(self, requests: Requests, deeds: Deeds, slips: Slips, names: Mapping[str, str]) -> None:
        self._requests = requests
        self._deeds = deeds
        self._slips = slips
        self._states = {name.lower(): state for state, name in names.items()}
        self._names = tuple(names.values())
        self._there: dict[str, set[str]] = {}

    def missing(self, repo: str) -> tuple[str, ...]:
        """Those of Fleet's own labels that the repository lacks."""
        there = self._known(repo, anew=True)
        return tuple(name for name in self._names if name.lower() not in there)

    def make(self, repo: str, names: Collection[str]) -> None:
        """Make these labels where they are missing."""
        for name in names:
            if name.lower() in self._known(repo):
                continue
            state = self._states.get(name.lower(), "")
            new = {"name": name, "color": COLOURS.get(state, OTHER_COLOUR)}
            if state in _MEANINGS:
                new["description"] = _MEANINGS[state]
            try:
                self._requests.send("POST", f"repos/{repo}/labels", new)
            except Rejected as error:
                if error.status != 422:  # it is there already
                    raise
            self._known(repo).add(name.lower())

    def plan(self, entry: Mapping[str, Any], wanted: Collection[str] | None) -> Relabelling | None:
        """What is to be done so that the entry has `wanted` and no other of Fleet's own; None for nothing."""
        if wanted is None:
            return None
        there = {name.lower(): name for name in labels_of(entry)}
        keep = {name.lower() for name in wanted}
        add = tuple(name for name in wanted if name.lower() not in there)
        off = tuple(name for low, name in there.items() if low in self._states and low not in keep)
        if not add and not off:
            return None
        return Relabelling(add, off, (*(name for name in there.values() if name not in off), *add))

    def put(self, repo: str, number: int, plan: Relabelling) -> None:
        """Do it label by label, whatever else the issue has got since it was looked at."""
        path = f"repos/{repo}/issues/{number}/labels"
        for name in plan.add:
            self.make(repo, [name])
            with self._deeds.doing(f"{repo}#{number} labeled {name}"):
                self._requests.send("POST", path, {"labels": [name]})
        for name in plan.off:
            with self._deeds.doing(f"{repo}#{number} unlabeled {name}"):
                self._take_off(f"{path}/{quote(name, safe='')}")

    def mend(self, repo: str) -> None:
        """Put right what was undone of people's labels, as far as GitHub can be reached now."""
        for number, kind, name in self._slips.owed(repo):
            add, off = ((name,), ()) if kind == "labeled" else ((), (name,))
            try:
                self.put(repo, number, Relabelling(add, off, ()))
            except Temporary:
                return
            except Permanent:
                pass  # it is gone, or closed to this login: nothing to put right
            self._slips.settled(repo, number, name)

    @contextmanager
    def doing(self, repo: str, number: int, plan: Relabelling) -> Iterator[None]:
        """While the block does it all at once, it is Fleet's own doing."""
        self.make(repo, plan.add)
        with ExitStack() as stack:
            for kind, names in (("labeled", plan.add), ("unlabeled", plan.off)):
                for name in names:
                    stack.enter_context(self._deeds.doing(f"{repo}#{number} {kind} {name}"))
            stack.enter_context(self._slips.sending(repo, number, plan.names))
            yield

    def _take_off(self, path: str) -> None:
        try:
            self._requests.send("DELETE", path)
        except Rejected as error:
            if error.status != 404:  # somebody was faster
                raise

    def _known(self, repo: str, *, anew: bool = False) -> set[str]:
        if anew or repo not in self._there:
            found = self._requests.pages(f"repos/{repo}/labels")
            self._there[repo] = {str(each["name"]).lower() for each in found}
        return self._there[repo]
