"""A checkpoint: a signed note that says how many records the log had, and the root of the tree over them.

The form is that of C2SP `tlog-checkpoint`: the log's name, the size, the root, then lines of Fleet's own (the
chain hash of the last record, when it was made, the digest of the marks beside it, the frontier to go on
from), an empty line, and the signature. Any program that knows signed notes can check it.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256

from fleet.adapters.seals.key import PublicKey, SigningKey
from fleet.adapters.seals.merkle import Frontier
from fleet.model.event import rfc3339

MARK_BYTES = 4
"""How much of each record's hash is kept beside the checkpoint: enough to name the first bad one."""
_DASH = "\u2014"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says. `head` is the chain hash of the record `size`, `marks` the digest of the marks,
    `time` when it was made (RFC 3339).
    """

    origin: str
    size: int
    root: bytes
    head: str
    time: str
    marks: str
    frontier: tuple[bytes, ...]


def write(tree: Frontier, head: str, marks: bytes, now: int, key: SigningKey) -> str:
    """The checkpoint of this tree, signed."""
    lines = [
        key.public.name,
        str(tree.size),
        _text(tree.root()),
        f"head {head}",
        f"time {rfc3339(now)}",
        f"marks {sha256(marks).hexdigest()}",
        f"frontier {','.join(map(_text, tree.hashes))}",
    ]
    body = "\n".join(lines) + "\n"
    signature = _text(key.public.id + key.sign(body.encode()))
    return f"{body}\n{_DASH} {key.public.name} {signature}\n"


def read(note: str, key: PublicKey) -> Checkpoint:
    """What the note says, if `key` signed it. Raises `ValueError` with the reason."""
    body, gap, signatures = note.rpartition("\n\n")
    body += "\n"
    if not gap or not any(_is_signed(line, body, key) for line in signatures.splitlines()):
        raise ValueError(f"it is not signed by {key.name}")
    return _parsed(body)


def stated(note: str) -> Checkpoint | None:
    """What a note says, whoever signed it; None where it is no checkpoint."""
    body, gap, _ = note.rpartition("\n\n")
    try:
        return _parsed(body + "\n") if gap else None
    except ValueError:
        return None


def _is_signed(line: str, body: str, key: PublicKey) -> bool:
    dash, name, encoded = (*line.split(" ", 2), "", "", "")[:3]
    if dash != _DASH or name != key.name:
        return False
    signature = _bytes(encoded)
    return signature[:4] == key.id and key.holds(signature[4:], body.encode())


def _parsed(body: str) -> Checkpoint:
    lines = body.splitlines()
    named = dict(line.split(" ", 1) for line in lines[3:] if " " in line)
    try:
        size = int(lines[1])
        frontier = tuple(_bytes(each) for each in named["frontier"].split(",") if each)
        tree = Frontier(size, frontier)
        found = Checkpoint(
            lines[0], size, _bytes(lines[2]), named["head"], named["time"], named["marks"], frontier
        )
    except (IndexError, KeyError, ValueError) as error:
        raise ValueError(f"it is signed, but no checkpoint that this Fleet knows ({error})") from error
    if tree.root() != found.root:
        raise ValueError("its root is not that of its frontier")
    return found


def _text(raw: bytes) -> str:
    return b64encode(raw).decode()


def _bytes(encoded: str) -> bytes:
    try:
        return b64decode(encoded, validate=True)
    except ValueError:
        return b""
