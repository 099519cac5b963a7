"""The log against a checkpoint that was kept elsewhere, whoever signed it: it says which record stood where.

A checkpoint need not be signed by the key that lies here to accuse the log: whoever rewrites all that is on a
disk makes a key of his own, too. Its signature says whether it can be believed.
"""

from __future__ import annotations

from collections.abc import Callable

from fleet.adapters.seals import checkpoint
from fleet.adapters.seals.key import PublicKey
from fleet.adapters.seals.line import Line, lines_in


def kept_in(text: str) -> list[Line]:
    """What a text says of the log: checkpoints in one line, or a whole one as it lies in git."""
    found = lines_in(text)
    stated = checkpoint.stated(text)
    if stated is not None:
        found.append(Line(stated.size, stated.head, stated.time, stated.origin))
    return found


def contradiction(
    line: Line, events: int, hash_of: Callable[[int], str], key: PublicKey | None, *, signed: bool
) -> str:
    """What of the log is other than the checkpoint says; "" when nothing is. `signed`: whether `key` did."""
    there = f"the checkpoint that you kept, of {line.time},"
    if line.size > events:
        gone = line.size - events
        which = "1 event" if gone == 1 else f"{gone} events"
        return f"The end of the log was cut off: {which} that {there} counts are gone{_by(line, key, signed)}"
    if line.size and hash_of(line.size) != line.head:
        what = f"Record {line.size}, or one before it, is not the one that {there} names"
        return f"{what}{_by(line, key, signed)}"
    return ""


def _by(line: Line, key: PublicKey | None, signed: bool) -> str:
    if signed:
        return "; it is signed by the key of this project"
    if key is not None and line.name == key.name:
        return "; but its signature does not hold: was it copied whole?"
    return f"; it is signed by {line.name}, and the key here is {key.name if key else 'gone'}"
