"""What is wrong with a file, in words: where, what was found, what was expected, what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from fleet.config.document import Document, Key, Spot
from fleet.model.errors import UsageError
from fleet.model.text import clean

_MOST_SHOWN = 12
_LONGEST = 60
_MOST_NAMES = 16


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. `key` is the dotted path of the value; the other texts may be empty."""

    file: str
    line: int
    column: int
    key: str
    found: str
    expected: str = ""
    hint: str = ""

    def __str__(self) -> str:
        """The whole of it on one line, beginning with `file:line:column`."""
        said = f"{self.key}: " if self.key else ""
        said += f"found {self.found}"
        if self.expected:
            said += f", expected {self.expected}"
        if self.hint:
            said += f"; {self.hint}"
        return f"{self.file}:{self.line}:{self.column}: {said}"


class ConfigError(UsageError):
    """A file of the operator's is wrong. `problems` are all that was found, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(
            sorted(dict.fromkeys(problems), key=lambda each: (each.file, each.line, each.column))
        )
        shown = [str(each) for each in self.problems[:_MOST_SHOWN]]
        more = len(self.problems) - len(shown)
        if len(self.problems) > 1:
            shown.insert(0, f"There are {len(self.problems)} mistakes")
        if more > 0:
            shown.append(f"… and {more} more")
        super().__init__("\n".join(shown), do="Correct it, then run: fleet config check")


def problem_at(
    file: str, document: Document, path: Sequence[Key], *, expected: str, hint: str = "", key: bool = False
) -> Problem:
    """The problem that a value is not what was expected; with `key`, that its key is not."""
    if key:
        spot, found = document.key_at(path), repr(str(path[-1]))
        return placed(file, spot, document.nearest(path[:-1]), found, expected=expected, hint=hint)
    spot, found = document.value_at(path), found_at(document, path)
    return placed(file, spot, document.nearest(path), found, expected=expected, hint=hint)


def placed(
    file: str, spot: Spot, path: Sequence[Key], found: str, *, expected: str = "", hint: str = ""
) -> Problem:
    """A problem at a place that is known."""
    return Problem(file, spot.line, spot.column, dotted(path), found, expected, hint)


def found_at(document: Document, path: Sequence[Key]) -> str:
    """What stands there, shortly and as it is written."""
    here = document.nearest(path)
    if not document.values:
        return "nothing"
    value = document.get(here)
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return f"a mapping ({named(value)})" if value else "an empty mapping"
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    return short(document.written[here])


def short(text: str) -> str:
    """The text on one line, cut to what a message bears."""
    text = clean(text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def dotted(path: Sequence[Key]) -> str:
    """`agents.developer.budget`, `gates.merge[0].review`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{short(part)}" if text else short(part)
    return text


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """`did you mean 'review'?` for the nearest of these names; "" when none is near."""
    near = nearest(word, names)
    return f"did you mean {near!r}?" if near else ""


def nearest(word: str, names: Iterable[str]) -> str:
    """The name that the word was probably meant to be, "" when none is near."""
    known = {name.lower().replace("_", "-"): name for name in names}
    wanted = word.lower().replace("_", "-").strip()
    if wanted in known:
        return known[wanted]
    found = get_close_matches(wanted, known, n=1, cutoff=0.6)
    if not found and len(wanted) >= 3:
        found = [name for name in known if name.startswith(wanted) or wanted.startswith(name)][:1]
    return known[found[0]] if found else ""


def named(names: Iterable[Any]) -> str:
    """Names for a message: all of them, or the first ones."""
    texts = [str(name) for name in names]
    more = ["…"] if len(texts) > _MOST_NAMES else []
    return ", ".join([*(short(text) for text in texts[:_MOST_NAMES]), *more])
