"""The keys of `audit` and `retention`: where seals go besides the repository, and what is taken away when."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from fleet.config import values

_Duration = Annotated[int, BeforeValidator(values.duration, json_schema_input_type=str)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Audit(_Part):
    """What protects the record of what happened."""

    push: str = Field(
        default="",
        pattern=r"^([A-Za-z0-9_][A-Za-z0-9_./-]*)?$",
        description="A remote that checkpoints and attestations are pushed to, such as origin; or none",
    )


class Retention(_Part):
    """How long things are kept. The log itself is kept for ever."""

    transcripts: _Duration | None = Field(
        default=None,
        description="After the run's end, such as 90d: then its transcript is deleted, and the log says so",
    )
