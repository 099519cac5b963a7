"""The diffs of changes, read once for each head, without the secrets in them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from fleet.masking import masked_lines, open_secrets
from fleet.model.errors import FleetError
from fleet.model.fleet import Fleet
from fleet.model.state import Change
from fleet.surfaces.web.draw.patches import PatchFile, by_risk
from fleet.wiring import Place, open_grounds

_KEPT = 32


class Patches:
    """Reads what changes change. Nothing is fetched: what is not here yet has no diff."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._found: OrderedDict[tuple[int, str, str], list[PatchFile]] = OrderedDict()

    async def of(self, fleet: Fleet, change: Change) -> list[PatchFile]:
        """Its files, the riskiest first. Raises `FleetError` where git can't tell."""
        key = (change.id, change.head, change.merged)
        if key not in self._found:
            self._found[key] = await asyncio.to_thread(self._read, fleet, change)
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)
        return self._found[key]

    def _read(self, fleet: Fleet, change: Change) -> list[PatchFile]:
        ground = open_grounds(self.place, fleet).get(change.repo)
        if ground is None:
            raise FleetError(f"{change.repo} is not in fleet.yaml")
        repository = ground.repository
        base = repository.base_sha()
        if change.merged:
            merge = repository.log(1, head=change.merged)
            base = merge[0].parents[0] if merge and merge[0].parents else base
        patch = masked_lines(open_secrets(), repository.diff(base, change.head))
        return by_risk(repository.stat(base, change.head), patch)
