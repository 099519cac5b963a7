"""What workspaces took of the disk when that was last measured: a file, for whoever looks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_NAME = "workspaces.json"


def write_note(dot: Path, *, taken: int, limit: int, count: int, at: int) -> None:
    """Leave it in Fleet's folder. Bytes; a limit of 0 is none; `at` is in ms since the epoch."""
    draft = (dot / _NAME).with_suffix(".draft")
    draft.write_text(json.dumps({"bytes": taken, "limit": limit, "count": count, "at": at}), encoding="utf-8")
    draft.replace(dot / _NAME)


def read_note(dot: Path) -> dict[str, Any]:
    """The same, empty when nothing was measured yet."""
    try:
        found = json.loads((dot / _NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
