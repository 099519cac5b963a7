"""What a run leaves on the disk besides the log: its transcript and what it was told. The log knows their
digests, so that they can be taken away and nothing in the log has to change.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

TRANSCRIPT = "transcript.jsonl"
_TOLD = ("screen.txt", "command.json", "launch", "shim.log", TRANSCRIPT)
_FOLDERS = ("harness", "inbox")


def digest_of(path: Path) -> dict[str, Any]:
    """The name, size in bytes and SHA-256 of a file; empty when it is not there."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
            return {"name": path.name, "bytes": file.tell(), "sha256": found}
    except OSError:
        return {}


def kept(folder: Path) -> list[dict[str, Any]]:
    """What there is to take away, with sizes and digests."""
    return [found for name in _TOLD if (found := digest_of(folder / name))]


def take_away(folder: Path) -> None:
    """Delete what the run said and was told; how its session ended stays. May be repeated."""
    for name in _TOLD:
        (folder / name).unlink(missing_ok=True)
    for name in _FOLDERS:
        shutil.rmtree(folder / name, ignore_errors=True)
