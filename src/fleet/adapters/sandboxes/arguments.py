"""A room as bubblewrap's arguments. Pure: what is on the machine is given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from fleet.ports.sandbox import Bind, Room

_TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108  # places of the session's own
_APART = ("--unshare-ipc", "--unshare-pid", "--die-with-parent", "--cap-drop", "ALL")


@dataclass(frozen=True, slots=True)
class System:
    """The parts of the machine that every session may read: folders, files and folders that stand in for
    others, and links as (to, at). `kernel` are parts of /proc that are read-only for a root that could
    change the machine's settings there. `users` says that a user namespace is made: root can do without, as
    no capability is left to it, and starts in half the time.
    """

    paths: tuple[Bind, ...]
    links: tuple[tuple[str, str], ...]
    kernel: tuple[str, ...] = ()
    users: bool = True


def arguments(room: Room, system: System, programs: Iterable[Bind] = ()) -> tuple[str, ...]:
    """All of bubblewrap's arguments but the command. `programs` are binds by which programs can be run."""
    return tuple(_words(room, system, programs))


def _words(room: Room, system: System, programs: Iterable[Bind]) -> Iterator[str]:
    yield from _APART
    if system.users:
        yield "--unshare-user"
    for each in system.paths:
        yield from ("--ro-bind-try", each.source, _place(each))
    for target, at in system.links:
        yield from ("--symlink", target, at)
    yield from ("--dev", "/dev", "--proc", "/proc")
    for path in system.kernel:
        yield from ("--ro-bind-try", path, path)
    # Outer folders first: an inner one would be covered by what comes later.
    empty = sorted({*_TEMPORARY, room.home, *room.hidden}, key=_depth)
    for path in empty:
        yield from ("--tmpfs", path)
    binds = {_place(each): each for each in (*programs, *room.binds) if not _shows_too_much(each, room)}
    binds |= {room.workspace: Bind(room.workspace, writable=True)}
    shown: set[PurePosixPath] = set()
    for at, bind in sorted(binds.items(), key=lambda each: _depth(each[0])):
        plain = not bind.writable and bind.source == at
        if plain and not shown.isdisjoint(PurePosixPath(at).parents):
            continue  # each one costs time, and it is there already
        if plain:
            shown.add(PurePosixPath(at))
        yield from ("--bind-try" if bind.writable else "--ro-bind-try", bind.source, at)
    # What is written where nothing is kept fails at once, rather than to be lost at the end.
    for path in empty:
        if path not in (*_TEMPORARY, room.home):
            yield from ("--remount-ro", path)
    yield from ("--remount-ro", "/")
    for name in ("TMPDIR", "TEMP", "TMP"):
        yield from ("--unsetenv", name)
    yield from ("--chdir", room.workspace)


def _shows_too_much(bind: Bind, room: Room) -> bool:
    """Whether the home, or a hidden folder, would be there as a whole."""
    kept = (*(PurePosixPath(each) for each in (room.home, *room.hidden)), PurePosixPath(room.workspace))
    return any(path.is_relative_to(each) for path in kept for each in (bind.source, _place(bind)))


def _place(bind: Bind) -> str:
    return bind.at or bind.source


def _depth(path: str) -> tuple[int, str]:
    return len(PurePosixPath(path).parts), path
