"""Other texts for the records of a session that is over, in place of what was recorded.

Each record keeps its place and its length in bytes, so whoever is in the middle of reading reads on.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from fleet.adapters.sessions.run_folder import record_of
from fleet.ports.session import Record, Rewrite

_FULL = (errno.ENOSPC, errno.EDQUOT)


def rewrite(folder: Path, rewritten: Rewrite) -> bool:
    """Whether anything in the folder was changed. Doing it again after a crash changes what is left."""
    said = _rewrite_transcript(folder / "transcript.jsonl", rewritten)
    return _rewrite_told(folder / "command.json", rewritten) or said


def _rewrite_transcript(path: Path, rewritten: Rewrite) -> bool:
    try:
        if next(_changes(path, rewritten), None) is None:
            return False
    except FileNotFoundError:
        return False
    draft = path.with_name(f".{path.name}.draft")
    try:
        shutil.copy2(path, draft)
        _apply(draft, _changes(path, rewritten))
        about = path.stat()
        os.utime(draft, ns=(about.st_atime_ns, about.st_mtime_ns))
        _put(draft, path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        if error.errno not in _FULL:
            raise
        # No room for a copy. As each record keeps its length it can be done in the file itself: a crash then
        # leaves some of them as they were, and the next watcher does them.
        _apply(path, _changes(path, rewritten))
    return True


def _rewrite_told(path: Path, rewritten: Rewrite) -> bool:
    try:
        about = json.loads(path.read_bytes())
        lines = str(about["stdin"]).split("\n")
    except (OSError, ValueError, KeyError, TypeError):
        return False
    told = "\n".join(each.text for each in rewritten([Record(0, "in", line, True) for line in lines]))
    if told == about["stdin"]:
        return False
    draft = path.with_name(f".{path.name}.draft")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(about | {"stdin": told}), encoding="ascii")
    _put(draft, path)
    return True


def _changes(path: Path, rewritten: Rewrite) -> Iterator[tuple[int, bytes]]:
    """What is to stand elsewhere: from which byte on, and as many bytes as stand there now."""
    lines: deque[tuple[int, bytes, Record]] = deque()

    def read() -> Iterator[Record]:
        with path.open("rb") as file:
            at = 0
            for line in file:
                record = record_of(line)
                if record is None:  # a torn one, or none of ours: as a text
                    record = Record(0, "shim", line.rstrip(b"\n").decode("utf-8", "surrogateescape"), True)
                lines.append((at, line, record))
                yield record
                at += len(line)

    for new in rewritten(read()):
        at, line, old = lines.popleft()
        if new.text != old.text:
            yield at, _line(line, old, new)


def _line(line: bytes, old: Record, new: Record) -> bytes:
    end = b"\n" if line.endswith(b"\n") else b""
    room = len(line) - len(end)
    if record_of(line) is None:
        made = new.text.encode("utf-8", "surrogateescape")
    else:
        made = _written(replace(old, text=new.text))
        if len(made) > room:  # only where somebody else wrote this one
            made = _written(replace(old, text=""))
    return made[:room].ljust(room) + end


def _written(record: Record) -> bytes:
    about = {"t": record.t, "s": record.stream, "d": record.text, "nl": record.complete}
    return json.dumps(about).encode("ascii")


def _apply(path: Path, changes: Iterator[tuple[int, bytes]]) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    try:
        for at, data in changes:
            os.pwrite(descriptor, data, at)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _put(draft: Path, path: Path) -> None:
    """Put a whole file in the place of another one, so that one of the two is there whatever happens."""
    descriptor = os.open(draft, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.replace(path)
    with suppress(OSError):  # a file system that knows no such thing
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
