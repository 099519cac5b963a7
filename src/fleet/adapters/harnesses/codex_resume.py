"""What a conversation of Codex has spent so far.

Codex tells a conversation's total, not that of the run that went on with it; the difference is the run's.
What it wrote down of the conversation has the earlier total. Where nothing is found the run is charged with
the whole conversation.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

_TAIL = 8 << 20  # bytes at a file's end that are looked through


def spent(home: Path, conversation: str) -> object:
    """The last total in what Codex wrote down of this conversation; None when there is none."""
    found = sorted(home.glob(f"sessions/*/*/*/rollout-*-{conversation}.jsonl"))
    if not found:
        return None
    with found[-1].open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL))
        lines = file.read().split(b"\n")
    for line in reversed(lines):
        if b'"token_count"' not in line:
            continue
        try:
            return json.loads(line)["payload"]["info"]["total_token_usage"]
        except (ValueError, LookupError, TypeError):
            continue
    return None
