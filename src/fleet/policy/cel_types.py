"""The types of CEL conditions: a name (`int`, `string` …), `any` where it can't be told, a list, or a record
with its fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list, and of what."""

    of: Type


@dataclass(frozen=True, slots=True)
class Record:
    """An object. Of one without `fields` nothing is known: it may have any."""

    name: str
    fields: Mapping[str, Type] = field(hash=False)


Type = str | ListOf | Record
ANY, BOOL, INT, DOUBLE, STRING = "any", "bool", "int", "double", "string"


def type_of(sample: Any, name: str = "") -> Type:
    """The type of a sample: an empty object may hold anything, an empty list too."""
    if isinstance(sample, Mapping):
        fields = {key: type_of(value, f"{name}.{key}" if name else str(key)) for key, value in sample.items()}
        return Record(name, fields)
    if isinstance(sample, list):
        return ListOf(type_of(sample[0]) if sample else ANY)
    return {bool: BOOL, int: INT, float: DOUBLE, str: STRING}.get(type(sample), ANY)


def alike(one: Type, other: Type) -> bool:
    """Whether two may be compared."""
    if isinstance(one, ListOf) and isinstance(other, ListOf):
        return alike(one.of, other.of)
    if isinstance(one, Record) and isinstance(other, Record):
        return True
    return ANY in (one, other) or one == other


_WORDS = {
    INT: "a whole number",
    DOUBLE: "a number with a point",
    STRING: "a text",
    BOOL: "true or false",
    "null": "nothing (null)",
}
_MANY = {INT: "whole numbers", DOUBLE: "numbers with a point", STRING: "texts"}


def spoken(found: Type) -> str:
    """The type in words: `a whole number`."""
    if isinstance(found, ListOf):
        many = _MANY.get(found.of, "") if isinstance(found.of, str) else ""
        return f"a list of {many}" if many else "a list"
    if isinstance(found, Record):
        return f"{found.name}, which has fields" if found.name else "an object"
    return _WORDS.get(found, f"a {found}")
