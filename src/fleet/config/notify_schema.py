"""The key `notify`: where people are told what waits for them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from fleet.config import gate_values, notify_values, values
from fleet.config.gate_schema import WindowGate

_Url = Annotated[str, BeforeValidator(notify_values.address)]
_Kinds = Annotated[
    list[Annotated[str, BeforeValidator(notify_values.kind)]],
    BeforeValidator(values.listed, json_schema_input_type=str | list[str]),
]


class NotifyTo(BaseModel):
    """One address, and what is told there."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)

    url: _Url = Field(description="An Apprise URL, or $NAME of a variable of the watcher's that holds it")
    kinds: _Kinds = Field(
        default=[],
        alias="for",
        description="Such as merge, question, permission, quarantine; all but checkpoint by default",
    )
    quiet: WindowGate | None = Field(default=None, description="When nobody is told; it is told afterwards")
    digest: Annotated[int, BeforeValidator(notify_values.minute, json_schema_input_type=str)] | None = Field(
        default=None, description='One summary a day at this time, such as "08:00", in place of the rest'
    )
    zone: Annotated[str, BeforeValidator(gate_values.zone)] = Field(
        default="UTC", description="Of the digest, such as Europe/Berlin"
    )


class Notify(BaseModel):
    """Where people are told, and where the page is that messages link to."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    to: list[
        Annotated[NotifyTo, BeforeValidator(notify_values.short, json_schema_input_type=str | NotifyTo)]
    ] = []
    link: Annotated[str, BeforeValidator(notify_values.link)] = Field(
        default="", description="Where people reach `fleet web`, such as https://fleet.example.org"
    )


def _short(value: Any) -> Any:
    return {"to": value if isinstance(value, list) else [value]} if isinstance(value, (str, list)) else value


Notifications = Annotated[
    Notify, BeforeValidator(_short, json_schema_input_type=str | list[str | NotifyTo] | Notify)
]
