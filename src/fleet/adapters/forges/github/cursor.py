"""What a poll must know of the one before, as plain JSON that the caller keeps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

VERSION = 1
OVERLAP_S = 120  # GitHub's clocks are several, and its lists may lag behind


@dataclass(slots=True)
class Known:
    """An issue or pull request as it was when we last looked at it.

    `told`: that it is there. `until`: its history up to then was read ("" never), `recent`: the last of it.
    """

    updated: str
    digest: str
    text: str
    open: bool = True
    told: bool = True
    until: str = ""
    recent: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Pull:
    """The head of an open pull request: since when (ms of GitHub's clock) we know it, and the one before.

    `updated` is the pull request's own date, which may move where the list of issues shows no change.
    """

    head: str
    seen_ms: int
    before: str = ""
    updated: str = ""


@dataclass(slots=True)
class Follow:
    """A head whose checks are followed: when to look next, and what was told of each check."""

    head: str
    begun: int
    next: int
    wait: int
    told: dict[str, str] = field(default_factory=dict)
    asked: bool = False  # for commit statuses, too
    names: list[str] = field(default_factory=list)  # of the checks that were seen
    running: int = 0  # since when one of them was seen to run


@dataclass(slots=True)
class Cursor:
    """`seen`: GitHub's time up to which all is known ("" at first). `loose`: to be looked at once more,
    `put_off`: those of them that were not looked at, since something else was more urgent, `left`: since when
    (`seen` of that time) each of those waits whose look was put off, for whatever reason.
    """

    seen: str = ""
    tag: str = ""
    quiet: int = 0
    known: dict[str, Known] = field(default_factory=dict)
    pulls: dict[str, Pull] = field(default_factory=dict)
    follow: dict[str, Follow] = field(default_factory=dict)
    loose: list[int] = field(default_factory=list)
    put_off: list[int] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    watched: int = 0  # when the list of pull requests was last asked for
    checked: bool = False  # whether a check run was ever seen here
    takes: int = 0  # how long checks take here, from the first that runs to the last that ends
    bare: int = 0  # so many heads in a row had no commit status of others; -1: they have
    told: dict[str, int] = field(default_factory=dict)  # facts of the last minutes, as they are read twice

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        short = {name: list(asdict(each).values()) for name, each in self.known.items()}
        return {"v": VERSION} | asdict(self) | {"known": short}


def read_cursor(data: Mapping[str, Any]) -> Cursor:
    """The cursor that was given out; one that cannot be read is none: all that is open is told again."""
    if data.get("v") != VERSION:
        return Cursor()
    try:
        return Cursor(
            seen=data["seen"],
            tag=data["tag"],
            quiet=data["quiet"],
            known={name: Known(*each) for name, each in data["known"].items()},
            pulls={name: Pull(**each) for name, each in data["pulls"].items()},
            follow={name: _follow(each) for name, each in data["follow"].items()},
            loose=list(data["loose"]),
            put_off=list(data.get("put_off", ())),
            left={str(name): str(since) for name, since in data.get("left", {}).items()},
            watched=data["watched"],
            checked=data["checked"] is True,
            takes=int(data.get("takes", 0)),
            bare=data["bare"],
            told=dict(data["told"]),
        )
    except (KeyError, TypeError, AttributeError):
        return Cursor()


def _follow(each: Mapping[str, Any]) -> Follow:
    return Follow(**{**each, "told": dict(each["told"]), "names": list(each.get("names", ()))})


def known_of(entry: Mapping[str, Any]) -> Known:
    """What to remember of an entry of GitHub's list."""
    text = [entry.get("title"), entry.get("body")]
    pull = entry.get("pull_request") or {}
    rest = [
        entry.get("updated_at"),
        entry.get("state"),
        sorted(labels_of(entry)),
        entry.get("comments"),
        sorted(str(each.get("login")) for each in entry.get("assignees") or () if each),
        pull.get("merged_at"),
        entry.get("draft"),
    ]
    updated, is_open = str(entry.get("updated_at")), entry.get("state") == "open"
    return Known(updated, _digest([text, rest]), _digest(text), is_open, labels=labels_of(entry))


def labels_of(entry: Mapping[str, Any]) -> list[str]:
    """The names of an entry's labels."""
    found = (each.get("name") if isinstance(each, dict) else each for each in entry.get("labels") or ())
    return [str(name) for name in found if name]


def ms_of(text: str | None) -> int:
    """Milliseconds since the epoch of a time of GitHub's, 0 for none."""
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1000) if text else 0
    except ValueError:
        return 0


def text_of(time_ms: int) -> str:
    """A time as GitHub writes it: whole seconds, UTC."""
    return datetime.fromtimestamp(time_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def earlier(text: str, seconds: int) -> str:
    """A time of GitHub's, so many seconds before."""
    return text_of(ms_of(text) - timedelta(seconds=seconds) // timedelta(milliseconds=1)) if text else ""


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]
