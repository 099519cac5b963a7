"""Secrets in the lines that a session prints: in JSON they stand in its strings, with escapes; a key of many
lines may be printed as that.

The mask is never longer than what it stands for, so a line does not become longer, and JSON stays JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from fleet.ports.secrets import Secret, mark

Find = Callable[[str], list[Secret]]

_STRING = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"(\s*:)?', re.DOTALL)
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.", re.DOTALL
)
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_SHORTEST = 8  # characters of a string that may hold one
_LONGEST_KEY = 20_000


class Text(NamedTuple):
    """A string of a line of JSON: what it says, where that stands in the line, and whether it is a name."""

    says: str
    start: int
    end: int
    named: bool

    def placed(self, line: str, secrets: Iterable[Secret]) -> list[Secret]:
        """Secrets of what it says by their places in the line."""
        secrets = list(secrets)
        places: Sequence[int] = range(self.start, self.end + 1)
        if secrets and self.end - self.start > len(self.says):
            places = self._places(line)
        return [Secret(each.kind, places[each.start], places[each.end]) for each in secrets]

    def _places(self, line: str) -> list[int]:
        """Where each of its characters stands, and its end."""
        found, at = [], self.start
        for hit in _ESCAPE.finditer(line, self.start, self.end):
            found += [*range(at, hit.start()), hit.start()]
            at = hit.end()
        return [*found, *range(at, self.end + 1)]


def is_json(line: str) -> bool:
    """Whether the line is a record of JSON."""
    if not line.startswith("{"):
        return False
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def texts_of(line: str) -> list[Text]:
    """The strings of a line of JSON."""
    return [
        Text(_ESCAPE.sub(_said, hit[1]) if "\\" in hit[1] else hit[1], *hit.span(1), hit[2] is not None)
        for hit in _STRING.finditer(line)
    ]


def secrets_of(find: Find, line: str) -> list[Secret]:
    """The secrets in the strings of a line of JSON, by their places in the line."""
    if not find(_ESCAPE.sub(_said, line) if "\\u" in line or "\\/" in line else line):
        return []
    return [
        secret
        for text in texts_of(line)
        if len(text.says) >= _SHORTEST
        for secret in text.placed(line, find(text.says))
    ]


def masked_json(find: Find, line: str) -> str:
    """A line of JSON without its secrets."""
    made, at = [], 0
    for secret in secrets_of(find, line):
        made += [line[at : secret.start], mark(secret.kind, secret.end - secret.start)]
        at = secret.end
    return "".join((*made, line[at:])) if made else line


class PlainLines:
    """Masks the lines of a stream that are no JSON, one by one. A key of many lines leaves empty ones."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._within = 0  # characters that an unfinished key may still have

    def masked(self, line: str) -> str:
        """The line without its secrets."""
        before = self._within
        if before:
            end = line.find("-----END")
            self._within = 0 if end >= 0 else max(0, before - len(line) - 1)
            if end < 0:
                return ""
            line = line[end:].partition("-----END")[2].partition("-----")[2]
        made, at = [], 0
        for secret in self._find(line):
            made += [line[at : secret.start], mark(secret.kind, secret.end - secret.start)]
            at = secret.end
            if line.find("-----BEGIN", secret.start, at) >= 0 and "-----END" not in line[secret.start : at]:
                self._within = _LONGEST_KEY
        return "".join((*made, line[at:]))

    def broken_off(self) -> None:
        """Something else was printed: an unfinished key is over."""
        self._within = 0


def _said(escape: re.Match[str]) -> str:
    """What an escape of JSON says; one that JSON does not know is the character itself."""
    text = escape[0]
    if text[1] == "u" and len(text) > 2:
        return "".join(map(chr, _units(text)))
    return _PLAIN.get(text[1], text[1])


def _units(text: str) -> list[int]:
    high, *low = (int(each, 16) for each in text[2:].split("\\u"))
    return [0x10000 + ((high - 0xD800) << 10) + (low[0] - 0xDC00)] if low else [high]
