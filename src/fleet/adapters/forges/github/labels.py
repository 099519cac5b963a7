"""Labels of a repository and of one issue. Fleet touches its own only; all others are people's."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote

from fleet.adapters.forges.github.cursor import labels_of
from fleet.adapters.forges.github.deeds import Deeds
from fleet.adapters.forges.github.requests import Rejected, Requests

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


class Labels:
    """Fleet's own labels: `names` by state. Those that a repository lacks are made when first needed."""

    def __init__(self, requests: Requests, deeds: Deeds, names: Mapping[str, str]) -> None:
        self._requests = requests
        self._deeds = deeds
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

    def put(
        self, repo: str, number: int, entry: Mapping[str, Any], wanted: Collection[str]
    ) -> list[str] | None:
        """Set those of `wanted` that the entry lacks, take off Fleet's own that are not wanted. Returns those
        that it has then, None where nothing was to be done.
        """
        there = {name.lower(): name for name in labels_of(entry)}
        keep = {name.lower() for name in wanted}
        for name in wanted:
            if name.lower() not in there:
                self.make(repo, [name])
                with self._deeds.doing(f"{repo}#{number} labeled {name}"):
                    path = f"repos/{repo}/issues/{number}/labels"
                    self._requests.send("POST", path, {"labels": [name]})
        for low, name in there.items():
            if low in self._states and low not in keep:
                with self._deeds.doing(f"{repo}#{number} unlabeled {name}"):
                    self._take_off(f"repos/{repo}/issues/{number}/labels/{quote(name, safe='')}")
        left = [name for low, name in there.items() if low in keep or low not in self._states]
        added = [name for name in wanted if name.lower() not in there]
        return [*left, *added] if added or len(left) < len(there) else None

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
