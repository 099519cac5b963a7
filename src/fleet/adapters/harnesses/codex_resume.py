"""Says what a conversation of Codex has spent so far, then becomes Codex.

    python codex_resume.py CONVERSATION codex exec …

Codex tells a conversation's total, not that of the run that went on with it; the difference is the run's.
What it wrote down of the conversation has the earlier total. It is run as a script and uses the standard
library alone. When nothing is found nothing is said, and the run is charged with the whole conversation.
"""

from __future__ import annotations

import errno
import json
import os
import sys
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


def main(arguments: list[str]) -> int:
    """Tell it on stdout, and go over to the program in the arguments."""
    conversation, *argv = arguments
    home = Path(os.environ.get("CODEX_HOME") or Path.home() / ".codex")
    try:
        usage = spent(home, conversation)
    except OSError:
        usage = None
    if usage is not None:
        sys.stdout.write(json.dumps({"type": "fleet.spent", "usage": usage}, separators=(",", ":")) + "\n")
        sys.stdout.flush()
    why = os.strerror(errno.ENOENT)
    for folder in os.get_exec_path():
        if not folder.startswith("/"):  # it would name a file of the workspace, which is data
            continue
        try:
            os.execv(f"{folder}/{argv[0]}", argv)  # noqa: S606  # no shell
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            why = error.strerror or why
    sys.stderr.write(f"Error: {argv[0]} could not be started: {why}\n")
    return 127


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
