"""Runs Copilot, and says at its end what it used, which it writes into a file alone.

    python copilot_run.py copilot … --resume=CONVERSATION | --session-id=CONVERSATION

What it writes is of the whole conversation; what that had used before stands in what it kept of it, and is
told first. Where that is not found, the run is charged with the whole conversation. It is run as a script
and uses the standard library alone. It ends as Copilot does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

_TAIL = 8 << 20  # bytes at a file's end that are looked through


def used_before(home: Path, conversation: str) -> object:
    """What a conversation had used when Copilot last left it, by model; None when that is not known."""
    try:
        with (home / "session-state" / conversation / "events.jsonl").open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            lines = file.read().split(b"\n")
        last = next(line for line in reversed(lines) if b'"session.shutdown"' in line)
        return json.loads(last)["data"]["accountingSnapshot"]["modelMetrics"]
    except (OSError, ValueError, LookupError, TypeError, StopIteration):
        return None


def used(file: Path) -> object:
    """What it used, by model; None when it wrote nothing that can be read."""
    try:
        return json.loads(file.read_bytes())["modelMetrics"]
    except (OSError, ValueError, LookupError, TypeError):
        return None


def main(argv: list[str]) -> int:
    """Run the program in the arguments to its end."""
    named = (word.partition("=")[2] for word in argv if word.startswith(("--resume=", "--session-id=")))
    conversation = next(named, "")
    home = Path(os.environ.get("COPILOT_HOME") or Path.home() / ".copilot")
    _tell("fleet.begun", conversation=conversation, models=used_before(home, conversation))
    with tempfile.TemporaryDirectory(prefix="copilot-") as folder:
        file = Path(folder, "used.json")
        try:
            process = subprocess.Popen([*argv, f"--usage-output-file={file}"])
        except OSError as error:
            sys.stderr.write(f"Error: {argv[0]} could not be started: {error.strerror}\n")
            return 127
        code = process.wait()
        if (models := used(file)) is not None:
            _tell("fleet.used", models=models)
    return code if code >= 0 else 128 - code


def _tell(kind: str, **more: object) -> None:
    sys.stdout.write(json.dumps({"type": kind, **more}, separators=(",", ":")) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
