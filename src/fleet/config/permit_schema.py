"""The keys of an agent's `permissions`: what it may do with its tools."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from fleet.config import values
from fleet.model.permissions import Permissions as Built
from fleet.policy.permit import parse


def _rule(value: Any) -> Any:
    if isinstance(value, str) and parse(value) is not None:
        return value.strip()
    raise values.unexpected(
        "a tool, or a tool with what it may do, as in Claude Code's settings",
        "such as Bash(git push *), Edit(.github/**), WebFetch(domain:example.org), mcp__db",
    )


_Rules = Annotated[
    list[Annotated[str, BeforeValidator(_rule)]],
    BeforeValidator(values.listed, json_schema_input_type=str | list[str]),
]


class Permissions(BaseModel):
    """Rules for each call of a tool: what is denied, then what a person is asked, then what is allowed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    deny: _Rules = Field(default=[], description="Refused, whatever else is said: Bash(git push *) …")
    always: _Rules = Field(
        default=[],
        description="Done, even where a rule of ask is about it (fleet approve --always writes it)",
    )
    ask: _Rules = Field(default=[], description="Waits for a person (fleet approve)")
    allow: _Rules = Field(default=[], description="Done")
    otherwise: Literal["deny", "ask", "allow"] = Field(
        default="deny", description="What is done with a call that no rule names"
    )
    wait: Annotated[int, BeforeValidator(values.duration, json_schema_input_type=str)] = Field(
        default=10 * 60_000,
        description="How long a call waits for a person before it is refused",
        json_schema_extra={"default": "10m"},
    )


def built(declared: Permissions | None) -> Built | None:
    """As the rules read it; None for an agent without any."""
    if declared is None:
        return None
    return Built(
        deny=tuple(declared.deny),
        always=tuple(declared.always),
        ask=tuple(declared.ask),
        allow=tuple(declared.allow),
        otherwise=declared.otherwise,
        wait_ms=declared.wait or Built().wait_ms,
    )
