"""Rules that a person wants in fleet.yaml for good, on their way there."""

from __future__ import annotations

from dataclasses import dataclass

OWN = "fleet"
"""The author of the changes that Fleet itself makes, in a person's name."""

WORKFLOW = "fleet/rules"
"""The workflow that such a change follows. No name in fleet.yaml has a slash."""


@dataclass(slots=True)
class Proposal:
    """One. `where` is the list of the agent's permissions; `head` is there once it is written, `change` once
    it is a pull request, `refused` says why it is not.
    """

    id: str
    agent: str
    where: str
    rules: tuple[str, ...]
    actor: str
    run: str = ""
    asked: int = 0  # ms since the epoch
    repo: str = ""
    ref: str = ""
    branch: str = ""
    base: str = ""
    head: str = ""
    change: int = 0
    refused: str = ""
    cause: str = ""

    @property
    def title(self) -> str:
        """What it is about, on a line."""
        return f"Let {self.agent} do this without asking: {', '.join(self.rules)}"
