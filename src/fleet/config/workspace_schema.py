"""The key `workspace`: what makes a new workspace ready, and what is kept of the old ones."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from fleet.config import values
from fleet.config.values import unexpected
from fleet.model.setup import Keeping, Setup


def _inside(value: Any) -> Any:
    """A path below the workspace."""
    if isinstance(value, str):
        path = PurePosixPath(value)
        if path.is_absolute() or not path.parts or ".." in path.parts or path.parts[0] == ".git":
            raise unexpected("a path inside the workspace, such as node_modules")
        return str(path)
    return value


_Paths = Annotated[
    list[Annotated[str, BeforeValidator(_inside)]],
    BeforeValidator(values.listed, json_schema_input_type=str | list[str]),
]


class Workspace(BaseModel):
    """What is run in each new workspace before an agent or a check begins there, and what they may take."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    setup: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="A command for sh, such as `npm ci`"
    )
    time: Annotated[int, BeforeValidator(values.duration, json_schema_input_type=str)] = Field(
        default=Setup("").time_ms, description="For at most so long", json_schema_extra={"default": "10m"}
    )
    cache: _Paths = Field(
        default=[],
        description="Folders that it makes; later workspaces get a copy, such as node_modules",
    )
    key: _Paths = Field(default=[], description="Files that the cache depends on, such as package-lock.json")
    keep: Annotated[int, BeforeValidator(values.duration, json_schema_input_type=str)] = Field(
        default=Keeping().keep_ms,
        description="How long one is kept whose work failed and was given up, to be looked at",
        json_schema_extra={"default": "1d"},
    )
    disk: Annotated[int, BeforeValidator(values.size, json_schema_input_type=str)] = Field(
        default=0,
        description="What all may take of the disk, such as 20GB; nothing new begins beyond it",
        json_schema_extra={"default": "none"},
    )


def keeping_of(declared: Workspace) -> Keeping:
    """As the rules have it."""
    return Keeping(declared.keep, declared.disk)


def set_up(declared: Workspace) -> Setup | None:
    """As the rules have it."""
    if declared.setup is None:
        return None
    return Setup(declared.setup, declared.time, tuple(declared.cache), tuple(declared.key))
