"""Options and arguments that many verbs share, so that they read the same everywhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from fleet.model.errors import UsageError

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="A run, such as r7.")]
Reason = Annotated[str, typer.Option("--reason", "-m", metavar="TEXT", help="Why, in your own words.")]

NO_REASON = "no reason was given"
_MOST = 64 * 1024  # bytes of one text: as much as an agent may send


def number(text: str) -> int:
    """The number of an item or pull request, written `12` or `#12`. Raises `UsageError`."""
    digits = text.strip().removeprefix("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise UsageError(f"{text!r} is no number of an issue or pull request", do="Write it like 12.")
    return int(digits)


def text_of(words: str, file: str) -> str:
    """A text given in words or in a file (`-` is stdin). Raises `UsageError`."""
    if words and file:
        raise UsageError("The text is given twice", do="Use one of: the text itself, -F FILE.")
    if file == "-":
        words = sys.stdin.buffer.read(_MOST + 1).decode("utf-8", "replace")
    elif file:
        try:
            with Path(file).open("rb") as opened:
                words = opened.read(_MOST + 1).decode("utf-8", "replace")
        except OSError as error:
            raise UsageError(f"{file} can't be read", why=error.strerror or str(error)) from error
    if len(words.encode("utf-8", "replace")) > _MOST:
        raise UsageError("The text is too long", why=f"{_MOST} bytes is the most", do="Shorten it.")
    return words


def given(text: str, name: str) -> str:
    """A text that must not be blank. Raises `UsageError`."""
    if not text.strip():
        how = f"--{name} TEXT" if name == "reason" else f"put the {name} behind the verb, in quotes"
        raise UsageError(f"There is no {name}", do=f"In your own words: {how}.")
    return text.strip()
