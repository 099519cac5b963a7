"""Directories that a process makes for a moment: named after it, so that a later one knows which are left
over.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path


def made_name() -> str:
    """A new name for a directory, which `sweep` of a later process may remove."""
    return f"{os.getpid()}-{secrets.token_hex(6)}"


def sweep(scratch: Path) -> None:
    """Remove what processes that are no more have left in `scratch`."""
    for left in scratch.iterdir():
        pid = left.name.partition("-")[0]
        if pid.isdigit() and int(pid) != os.getpid() and not _alive(int(pid)):
            remove_tree(left)


def remove_tree(path: Path) -> None:
    """Remove a directory, also where tools took the permission to write away, as module caches do.

    What still cannot be removed stays for the next `sweep`.
    """
    shutil.rmtree(path, onerror=_permit)


def weight(path: Path) -> int:
    """How many bytes of the disk a directory takes. No link is followed; what goes meanwhile is left out."""
    total, front = 0, [path]
    while front:
        try:
            with os.scandir(front.pop()) as entries:
                for entry in entries:
                    try:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
                        if entry.is_dir(follow_symlinks=False):
                            front.append(Path(entry.path))
                    except OSError:
                        continue
        except OSError:
            continue
    return total


def _permit(function: Callable[..., object], name: str, _: object) -> None:
    found = Path(name)
    try:
        found.parent.chmod(0o700)
        if found.is_dir() and not found.is_symlink():
            found.chmod(0o700)
            shutil.rmtree(found, ignore_errors=True)
        else:
            found.unlink()
    except OSError:
        return


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
