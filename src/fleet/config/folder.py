"""The folder `.fleet`: closed to others, and unknown to git; and one with `fleet` alone, for agents."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from shutil import which

from fleet.config.place import Place
from fleet.model.errors import FleetError


def make_folder(dot: Path) -> bool:
    """Make Fleet's own folder, closed to others and ignored by git through a file of its own, so that nothing
    that is tracked changes. Returns whether anything had to be done.
    """
    try:
        dot.mkdir(mode=0o700)
        made = True
    except FileExistsError:
        if not dot.is_dir() or dot.is_symlink():
            raise FleetError(
                f"{dot} is in the way", why="it is not a folder", do="Move it away, then try again."
            ) from None
        made = False
    ignored = dot / ".gitignore"
    if not ignored.exists():
        ignored.write_text("*\n", encoding="utf-8")
        made = True
    return made


def program_folder(place: Place) -> Path:
    """A folder with `fleet` and nothing else in it, for the PATH of agents: the one that this Fleet lies in
    may hold another Python, which must not stand before the project's own.
    """
    folder = place.socket.parent / "bin"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = Path(sys.executable).parent / "fleet"
    found = beside if beside.is_file() else Path(which("fleet") or sys.argv[0]).absolute()
    draft = folder / f".fleet.{os.getpid()}"
    draft.unlink(missing_ok=True)
    draft.symlink_to(found)
    draft.replace(folder / "fleet")
    return folder
