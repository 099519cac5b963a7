"""What "always" would write into fleet.yaml, to be shown before it is."""

from __future__ import annotations

import difflib
from typing import NamedTuple

from fleet.config.amend import amended, config_path
from fleet.model.errors import FleetError
from fleet.model.fleet import Fleet
from fleet.model.state import State
from fleet.surfaces.deeds import call_of
from fleet.wiring import Place, open_repository

_MOST = 256 * 1024 + 1


class Preview(NamedTuple):
    """The agent, the list of its permissions, the rules, and the edit as a patch."""

    agent: str
    where: str
    rules: tuple[str, ...]
    patch: str

    @property
    def said(self) -> str:
        """It in a sentence."""
        word = "is done without asking" if self.where == "allow" else "is not asked about any more"
        return f"{', '.join(self.rules)} {word} for {self.agent}, once its pull request is merged"


def preview(place: Place, fleet: Fleet, state: State, approval: str) -> Preview:
    """What answering this approval with "always" leads to. Raises `FleetError` where it can't be done."""
    found = state.approvals.get(approval)
    if found is None:
        raise FleetError(f"There is no approval {approval!r}")
    held = call_of(state, found)
    agent = state.runs[held.run].agent
    if fleet.repos and (fleet.gate("push") or fleet.gate("pull-request")):
        do = f"Write it into fleet.yaml yourself: agents.{agent}.permissions.{held.where}"
        why = "gates of push or pull-request hold back what runs made, and this is no run's"
        raise FleetError("Fleet can't open this pull request", why=why, do=do)
    before = _text(place, fleet)
    after = amended(place.root, before, agent, held.where, held.offer)
    lines = difflib.unified_diff(
        before.decode("utf-8-sig").splitlines(), after.decode("utf-8-sig").splitlines(), lineterm="", n=1
    )
    patch = "\n".join(list(lines)[2:])
    return Preview(agent, held.where, held.offer, patch)


def _text(place: Place, fleet: Fleet) -> bytes:
    """fleet.yaml as the pull request will find it; on a forge, where nobody is asked now, as it is here."""
    if fleet.repos:
        return place.config.read_bytes()
    repository = open_repository(place, fleet.base)
    found = repository.read(repository.base_sha(), config_path(place), limit=_MOST)
    if found is None:
        why = f"{config_path(place)} is not on {fleet.base}, so no pull request can change it"
        do = "Commit it there first, or write the rule into it yourself."
        raise FleetError("Fleet can't open this pull request", why=why, do=do)
    return found
