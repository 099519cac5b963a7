"""Bad output made from good output: what a harness may print on its worst days."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from fleet.ports.harness import Stream

Lines: TypeAlias = Sequence[tuple[Stream, str]]

_VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    1e308,
    float("inf"),
    float("nan"),
    "",
    "x",
    [],
    [None],
    {},
    {"a": []},
)
_LINES = (
    "",
    " ",
    "{",
    "{}",
    "[]",
    "null",
    '"text"',
    "\udcff\udcfe\x00\x1b[2J\x07",
    '{"type": 7}',
    '{"type": "nobody knows"}',
    '{"n": ' + "9" * 5000 + "}",
    "[" * 100_000,
    '{"a":' * 100_000,
    '{"type":' * 50_000,
    "x" * 1_000_000,
    '{"' + "y" * 1_000_000,
    '{"type":"x","y":"' + "\u00e9" * 500_000 + '"}',
)


def broken(good: Lines, dice: random.Random) -> Iterator[tuple[Stream, str]]:
    """Good lines that were cut, doubled, mixed with noise, or have a value of another kind somewhere."""
    for line in _LINES:
        yield "out", line
        yield "err", line
    for stream, line in good:
        yield stream, line
        for _ in range(4):
            at = dice.randrange(len(line) + 1)
            yield stream, line[:at]
            yield stream, line[:at] + "\udc80" + line[at:]
            yield stream, line[:at] + "z" * 1_000_000
        for bent in _bent(line):
            yield stream, bent


def records(good: Lines, mark: str) -> Iterator[tuple[Stream, str]]:
    """The good lines with a mark in each of their texts, as if they were of another run."""
    for stream, line in good:
        try:
            yield stream, json.dumps(_marked(json.loads(line), mark), separators=(",", ":"))
        except ValueError:
            yield stream, line + mark


def _marked(value: Any, mark: str, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _marked(each, mark, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_marked(each, mark, name) for each in value]
    return f"{value}{mark}" if isinstance(value, str) and name not in ("type", "subtype", "kind") else value


def _bent(line: str) -> Iterator[str]:
    try:
        record = json.loads(line)
    except ValueError:
        return
    for place in list(_places(record)):
        for value in _VALUES:
            copy = json.loads(line)
            target = copy
            for step in place[:-1]:
                target = target[step]
            target[place[-1]] = value
            yield json.dumps(copy)


def _places(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the values of a document are, at most four deep."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield (*here, key)
        if len(here) < 4:
            yield from _places(each, (*here, key))
