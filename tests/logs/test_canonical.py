"""The one spelling: equal to what the `rfc8785` package writes, and a fixed point of reading and writing."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from fleet.adapters.logs.canonical import MAX_DEPTH, canonical, plain_json
from fleet.adapters.logs.draft import draft
from fleet.model.errors import Permanent
from fleet.model.event import Event, to_cloudevent

SAFE = 2**53 - 1
TEXTS = st.text() | st.text(st.characters(categories=["Cs", "Cc", "Lu", "So"]), max_size=6)
WRITABLE = st.text(st.characters(exclude_categories=["Cs"]))
EXACT = (
    st.none()
    | st.booleans()
    | st.integers(-SAFE, SAFE)
    | st.floats(allow_nan=False, allow_infinity=False)
    | WRITABLE
)
ANY_NUMBER = st.integers() | st.floats()


def nested(leaves: st.SearchStrategy[Any], keys: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return st.recursive(leaves, lambda of: st.lists(of) | st.dictionaries(keys, of), max_leaves=12)


JSON = nested(EXACT, WRITABLE)
ODD = nested(EXACT | ANY_NUMBER | TEXTS, TEXTS)


@given(JSON)
def test_json_is_spelled_as_rfc_8785_says(value: Any) -> None:
    assert canonical(value).encode() == rfc8785.dumps(value)


@given(ODD)
def test_whatever_is_written_is_canonical(value: Any) -> None:
    read = json.loads(canonical(value))
    # Integers that a double holds exactly are read as integers, where the package wants floats.
    assert canonical(value).encode() == rfc8785.dumps(json.loads(canonical(value), parse_int=_number))
    assert canonical(read) == canonical(value)


def _number(digits: str) -> int | float:
    return int(digits) if abs(int(digits)) <= SAFE else float(digits)


@given(ODD)
def test_what_was_read_is_written_and_read_again_unchanged(value: Any) -> None:
    once = json.loads(canonical(value))

    assert json.loads(canonical(once)) == once


@given(st.dictionaries(TEXTS, st.integers(-9, 9), max_size=8))
def test_no_entry_of_an_object_is_lost(value: dict[str, int]) -> None:
    assert sorted(json.loads(canonical(value)).values()) == sorted(value.values())


@given(st.integers())
def test_an_integer_keeps_all_its_digits(number: int) -> None:
    assert str(json.loads(canonical(number))) == str(number)


@given(
    st.builds(
        Event,
        type=TEXTS.filter(bool),
        data=st.dictionaries(TEXTS, ODD, max_size=3),
        subject=TEXTS,
        source=TEXTS.filter(bool),
        id=TEXTS,
        causation_id=TEXTS,
        correlation_id=TEXTS,
    ),
    st.integers(1, 253_402_300_799_999),
)
def test_a_draft_is_spelled_like_the_whole_cloudevent(event: Event, time_ms: int) -> None:
    pending = draft(event, lambda: "new")
    record = to_cloudevent(pending.event) | {
        "id": pending.id,
        "time": json.loads(pending.body(time_ms))["time"],
    }

    assert pending.body(time_ms) == canonical(record)


class Colour(StrEnum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


@pytest.mark.parametrize(
    ("value", "spelled"),
    [
        ("a\udcffb", r'"a\\udcffb"'),
        ({"\udcff": 1, r"\udcff": 2}, r"""{"\\udcff":1,"\\udcff'":2}"""),
        (math.nan, '"NaN"'),
        ([math.inf, -math.inf], '["Infinity","-Infinity"]'),
        (2**53, "9007199254740992"),
        (2**53 + 1, '"9007199254740993"'),
        (10**400, f'"{10**400}"'),
        ((1, (2,)), "[1,[2]]"),
        ({Colour.RED: [Colour.RED, Level.HIGH]}, '{"red":["red",3]}'),
        (MappingProxyType({"b": 1, "a": -0.0}), '{"a":0,"b":1}'),
        ({"😀": 1, "\ue000": 2}, '{"😀":1,"\ue000":2}'),
        ("\u2028\x7f\x1f", '"\u2028\x7f\\u001f"'),
    ],
)
def test_values_at_the_rim(value: Any, spelled: str) -> None:
    assert canonical(value) == spelled


@pytest.mark.parametrize(
    "value", [b"x", {1}, {1: 2}, object(), [b""], 10**5000], ids=lambda v: type(v).__name__
)
def test_what_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises(Permanent, match="cannot be written to the log"):
        canonical(value)


@pytest.mark.parametrize("leaf", ["text", 1.5, True], ids=str)
def test_a_hundred_levels_are_fine_and_more_are_refused(leaf: object) -> None:
    value: Any = leaf
    for _ in range(MAX_DEPTH + 1):
        value = [value]
    assert json.loads(canonical(value)) == value

    with pytest.raises(Permanent, match="nested more than 100 levels"):
        canonical([value])


@given(ODD)
def test_a_plain_copy_leaves_the_original_alone(value: Any) -> None:
    before = repr(value)

    plain_json(value)

    assert repr(value) == before


def test_a_mapping_that_is_no_dict_is_stored_as_an_object() -> None:
    data: Mapping[str, Any] = MappingProxyType({"x": (1, 2)})

    assert draft(Event("a.b", data), lambda: "new").event.data == {"x": [1, 2]}
