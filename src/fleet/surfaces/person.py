"""Who looks at the page, and what they may do there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["viewer", "operator", "approver", "admin"]
Ability = Literal["operate", "answer", "govern"]
"""`operate`: tell, stop and retry runs, comment, label, quarantine. `answer`: approve and reject. `govern`:
release an agent, verify the log."""

ROLES: tuple[Role, ...] = ("viewer", "operator", "approver", "admin")
_LEAST: dict[Ability, Role] = {"operate": "operator", "answer": "approver", "govern": "admin"}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody by the name that events carry (`user/mia`), with a role: each may what the one before may."""

    actor: str
    role: Role = "admin"

    def may(self, ability: Ability) -> bool:
        """Whether the role allows this."""
        return ROLES.index(self.role) >= ROLES.index(_LEAST[ability])
