"""YAML read as plain values that remember where they stand.

It is YAML without its traps: only `true` and `false` are booleans, keys are texts as they are written (so
`on:` is a key, not a yes), a key stands once, tags mean nothing and are refused, numbers have one notation.
What is read is bounded: size, depth, and how much aliases may repeat.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

MOST_BYTES = 256 * 1024
_DEEPEST = 24
_MOST_NODES = 20_000

Key = str | int
Path = tuple[Key, ...]


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """A place in the text, counted from 1."""

    line: int
    column: int


class BadYaml(Exception):
    """The text can't be read. `at` is where, the message what is wrong, `hint` what to do."""

    def __init__(self, at: Spot, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.at = at
        self.hint = hint


@dataclass(slots=True)
class Document:
    """The value of a text; where its values and keys stand, and how scalars were written, by path.
    `sources` are texts as they stand in the file, with quotes and line breaks.
    """

    value: Any = None
    values: dict[Path, Spot] = field(default_factory=dict)
    keys: dict[Path, Spot] = field(default_factory=dict)
    written: dict[Path, str] = field(default_factory=dict)
    sources: dict[Path, str] = field(default_factory=dict)
    twice: list[tuple[Path, Spot]] = field(default_factory=list)

    def nearest(self, path: Sequence[Key]) -> Path:
        """The longest path of the document that `path` leads along; parts that are not there are skipped."""
        here: Path = ()
        for part in path:
            if (*here, part) in self.values:
                here = (*here, part)
        return here

    def value_at(self, path: Sequence[Key]) -> Spot:
        """Where the value stands, or what is nearest to it."""
        return self.values.get(self.nearest(path), Spot(1, 1))

    def key_at(self, path: Sequence[Key]) -> Spot:
        """Where the key of this value stands; the value itself where it has none."""
        here = self.nearest(path)
        return self.keys.get(here) or self.values.get(here, Spot(1, 1))

    def inside(self, path: Sequence[Key], line: int, column: int) -> Spot:
        """The place of a line and column of a text, both counted from 1, in the file."""
        here = self.nearest(path)
        text, source, start = str(self.get(here)), self.sources.get(here, ""), self.value_at(here)
        lines = text.split("\n")
        offset = sum(len(each) + 1 for each in lines[: line - 1]) + column
        at = 1 if source[:1] in ("'", '"') else 0
        for sign in text[: offset - 1]:  # quotes, escapes and breaks of lines stand in the source alone
            found = re.compile(r"\s+").match(source, at) if sign.isspace() else None
            at = found.end() if found else max(at, source.find(sign, at) + 1)
        while source[at : at + 1].isspace():
            at += 1
        spot = _spot_in(source[:at])
        return Spot(start.line + spot.line - 1, spot.column if spot.line > 1 else start.column + at)

    def get(self, path: Sequence[Key]) -> Any:
        """The plain value at a path that is there."""
        found = self.value
        for part in path:
            found = found[part]
        return found


def read_document(data: bytes) -> Document:
    """The document in these bytes. Raises `BadYaml`. Keys that stand twice are in `twice`."""
    if len(data) > MOST_BYTES:
        raise BadYaml(Spot(1, 1), f"more than {MOST_BYTES // 1024} KiB", "shorten it")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        spot = _spot_in(data[: error.start].decode("utf-8", "replace"))
        raise BadYaml(spot, "bytes that are not UTF-8", "save it as UTF-8") from error
    return read_text(text)


def read_text(text: str) -> Document:
    """The document in this text; see `read_document`."""
    node = read_node(text)
    document = Document()
    if node is not None:
        document.value = _plain(node, (), document, ())
    return document


def read_node(text: str) -> Node | None:
    """The text as nodes that know where they begin and end; None for a text without any."""
    try:
        found: Node | None = _Loader(text).get_single_node()
    except ReaderError as error:
        spot = _spot_in(text[: error.position])
        raise BadYaml(spot, f"an invisible sign (U+{int(error.character):04X})", "remove it") from error
    except yaml.MarkedYAMLError as error:
        raise _explained(error) from error
    return found


class _Resolver(BaseResolver):
    """Which plain scalars are more than text."""


_Resolver.add_implicit_resolver("bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF"))
_Resolver.add_implicit_resolver("null", re.compile(r"(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""])
_Resolver.add_implicit_resolver("int", re.compile(r"[-+]?[0-9]{1,18}\Z"), list("-+0123456789"))
_Resolver.add_implicit_resolver(
    "float",
    re.compile(r"[-+]?(?:\.[0-9]{1,18}|[0-9]{1,18}\.[0-9]{0,18})(?:[eE][-+]?[0-9]{1,2})?\Z"),
    list("-+.0123456789"),
)


class _Loader(Reader, Scanner, Parser, Composer, _Resolver):
    """Text to nodes, no further: nothing in a document can make an object of ours."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        _Resolver.__init__(self)
        self._depth = 0

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        """One node, with what is below it. Refuses depth and tags where they stand."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "tag", None) is not None:
            raise BadYaml(_spot(event.start_mark), f"a tag ({event.tag})", "tags mean nothing here")
        self._depth += 1
        if self._depth > _DEEPEST:
            raise BadYaml(_spot(event.start_mark), f"more than {_DEEPEST} levels, one in the other")
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


def _plain(node: Node, path: Path, document: Document, above: tuple[Node, ...]) -> Any:
    if len(document.values) >= _MOST_NODES:
        raise BadYaml(_spot(node.start_mark), f"more than {_MOST_NODES} values", "aliases repeat too much")
    if any(node is each for each in above):
        raise BadYaml(_spot(node.start_mark), "an alias that contains itself")
    document.values[path] = _spot(node.start_mark)
    above = (*above, node)
    if isinstance(node, MappingNode):
        return _mapping(node, path, document, above)
    if isinstance(node, SequenceNode):
        return [_plain(each, (*path, at), document, above) for at, each in enumerate(node.value)]
    assert isinstance(node, ScalarNode)
    document.sources[path] = _source(node)
    document.written[path] = node.value if node.style is None else f'"{node.value}"'
    return _SCALARS.get(node.tag, str)(node.value)


def _source(node: ScalarNode) -> str:
    start, end = node.start_mark, node.end_mark
    return start.buffer[start.pointer : end.pointer] if start.buffer else ""


def _mapping(node: MappingNode, path: Path, document: Document, above: tuple[Node, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        at = _spot(key.start_mark)
        if not isinstance(key, ScalarNode):
            raise BadYaml(at, "a key that is not a text", "put {…} or […] behind a key and a colon")
        if key.value == "<<" and key.style is None:
            raise BadYaml(at, "a merge key (<<)", "write the keys out, or alias a whole value")
        below = (*path, key.value)
        if key.value in found:
            document.twice.append((below, at))
            continue
        document.keys[below] = at
        found[key.value] = _plain(value, below, document, above)
    return found


_SCALARS: Mapping[str, Any] = {
    "bool": lambda text: text.lower() == "true",
    "null": lambda _: None,
    "int": int,
    "float": float,
}


def _explained(error: yaml.MarkedYAMLError) -> BadYaml:
    """The library's error in words for somebody who never met its grammar."""
    mark = error.problem_mark or error.context_mark
    at = _spot(mark) if mark is not None else Spot(1, 1)
    problem, context = error.problem or "", error.context or ""
    for sign, message, hint in _WORDS:
        if sign in problem or sign in context:
            return BadYaml(at, message, hint)
    return BadYaml(at, " ".join(part for part in (problem, context) if part) or "what can't be read")


_WORDS: tuple[tuple[str, str, str], ...] = (
    (r"'\t'", "a tab", "YAML is indented by spaces"),
    (
        "mapping values are not allowed",
        "a colon where no key can be",
        "check the indentation; quote a text with a colon",
    ),
    ("could not find expected ':'", "a key without its colon", "write it as `key: value`"),
    ("undefined alias", "an alias of an anchor that is not there", "define it above as &name"),
    ("duplicate anchor", "an anchor that stands twice", "give it another name"),
    ("single document", "a second document", "remove the line ---"),
    ("flow mapping", "a { that is not closed here", "expected , or }"),
    ("flow sequence", "a [ that is not closed here", "expected , or ]"),
    ("found unknown escape", "an unknown escape in double quotes", "use single quotes"),
    ("quoted scalar", "a quote that is not closed", "close it"),
    ("cannot start any token", "a sign that can't begin a text", "put the text in quotes"),
    ("found '<scalar>'", "a text behind the end of a value", "quote the whole of it"),
    ("<document start>", "something behind the end of the document", "remove it"),
    ("block mapping", "a line that is not indented like its neighbours", "align keys that belong together"),
    ("block collection", "a line that is not indented like its neighbours", "align the dashes of a list"),
)


def _spot(mark: Any) -> Spot:
    return Spot(mark.line + 1, mark.column + 1)


def _spot_in(before: str) -> Spot:
    return Spot(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
