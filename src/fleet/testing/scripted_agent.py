"""The scripted agent: a program that behaves like a coding agent, by a script (see `scripted_script`).

It works for real: it writes files, runs commands, commits, and calls `fleet agent`. It also misbehaves for
real where a script says so. Standard library and PyYAML only. Its lines are described in
`fleet.adapters.harnesses.scripted`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # started by its path, so it has to find its own package
    sys.path.append(str(Path(__file__).resolve().parents[2]))

from fleet.testing.scripted_input import Input, InputError
from fleet.testing.scripted_script import BadScript, Situation, load_script
from fleet.testing.scripted_steps import Player, StepFailed

VERSION = "1"


def main() -> int:
    """Read the prompt from stdin, play the script named by FLEET_SCRIPT, return the exit code."""
    given = Input(sys.stdin.fileno())
    try:
        prompt = given.prompt()
        script = os.environ.get("FLEET_SCRIPT", "")
        if not script:
            raise BadScript("FLEET_SCRIPT names no script")
        round_number = os.environ.get("FLEET_ROUND") or "1"
        situation = Situation(
            prompt=str(prompt.get("text") or ""),
            item=os.environ.get("FLEET_ITEM", ""),
            round=int(round_number) if round_number.isdigit() else 1,
        )
        steps = load_script(Path(script), situation)
    except (BadScript, InputError) as error:
        sys.stderr.write(f"scripted agent: {error}\n")
        _say({"type": "result", "ok": False, "text": "", "error": str(error), "kind": "error"})
        return 2
    _open_conversation(prompt)
    player = Player(given, _say)
    try:
        for step in steps:
            player.play(step)
    except StepFailed as error:
        _say({"type": "result", "ok": False, "text": player.last, "error": str(error), "kind": "error"})
        return 1
    _say({"type": "result", "ok": True, "text": player.last, "error": "", "kind": "ok"})
    return 0


def _open_conversation(prompt: dict[str, Any]) -> None:
    """Name the conversation; one that goes on keeps its id, and says so, so that a test can see it."""
    resumed = str(prompt.get("conversation") or "")
    identity = resumed or f"scripted-{prompt.get('run') or 'run'}"
    model = str(prompt.get("model") or "scripted")
    _say({"type": "conversation", "id": identity, "model": model, "version": VERSION})
    if resumed:
        _say({"type": "message", "text": "resumed"})


def _say(record: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
