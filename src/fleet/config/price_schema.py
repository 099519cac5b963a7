"""The prices of fleet.yaml, as they are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from fleet.model.price import Price

Dollars = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


class ModelPrice(BaseModel):
    """What a model costs, in dollars for a million tokens."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    input: Dollars = Field(description="For a million tokens that it is given, in dollars")
    output: Dollars = Field(description="For a million tokens that it says, in dollars")
    cached: Dollars | None = Field(
        default=None, description="Input that the provider had kept; as `input` by default"
    )
    cache_write: Dollars | None = Field(
        default=None, description="Input that the provider is to keep; as `input` by default"
    )


def prices_of(declared: Mapping[str, ModelPrice]) -> Iterator[tuple[str, Price]]:
    """Each model with its price."""
    for name, each in declared.items():
        read = each.input if each.cached is None else each.cached
        written = each.input if each.cache_write is None else each.cache_write
        yield name, Price(each.input, each.output, read, written)
