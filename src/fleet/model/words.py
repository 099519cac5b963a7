"""What a person said to a run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Words:
    """Kept until the run is known to have heard them. `told` is when they were put into its session (ms),
    `back` when a call of it came back for the first time since: with that its model reads them.
    """

    text: str
    by: str
    told: int = 0
    back: int = 0

    def came_back(self, at: int) -> None:
        """A call of the run came back at this time."""
        if not self.back and 0 < self.told < at:
            self.back = at

    def is_heard(self, at: int) -> bool:
        """Whether a run that goes on with a call at this time has heard them."""
        return 0 < self.back <= at
