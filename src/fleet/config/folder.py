"""The folder `.fleet`: closed to others, and unknown to git."""

from __future__ import annotations

from pathlib import Path

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
