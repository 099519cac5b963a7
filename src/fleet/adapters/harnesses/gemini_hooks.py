"""How Gemini is made to ask about each call of a tool.

The hooks are added to the user's own in the settings of the run's home, which Gemini reads once. A hook that
is killed would be passed over if it printed nothing: so what is said first, where Gemini looks last, is that
the call is refused. Where it can't start a program at all, or that is killed at once, Gemini goes on: so a
script that is loaded into it (`gemini_guard.js`) ends it then. Without the script every call is refused.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from fleet.model.errors import UsageError

NAME = "fleet-permissions"
"""The hooks' name among those that settings can switch off."""

GUARD = "gemini-guard.cjs"
"""The script's name in the run's folder."""

_MARK = "fleet-asks-before"  # by which the script knows the hook
_REFUSED = json.dumps({"decision": "deny", "reason": "Fleet could not look at this call, so it is refused"})
_LONGEST_MS = 2_000_000_000  # it lets a call go that takes longer; a timer of more runs out at once
_BACK_MS = 60_000


def hook_settings(hook: Sequence[str], options: Mapping[str, str]) -> dict[str, object]:
    """The hooks to add, by their events. The program gives up by itself, so that it is never too late."""
    if options.get("project_settings") == "obey":
        raise UsageError(
            "An agent with permissions can't obey settings of the repository",
            why="they could take away what asks about each call",
            do="In fleet.yaml leave out its option project_settings, or its permissions.",
        )
    refused = f"printf %s {shlex.quote(_REFUSED)} >&2; exec 2>/dev/null"
    asks = f"{shlex.join((*hook, 'before', 'json'))} || exit 2"
    before = f': {_MARK}; {refused}; test "$FLEET_GUARD" = on || exit 2; {asks}'
    after = f"{shlex.join((*hook, 'after'))} >/dev/null 2>&1 || true"
    # The last of them, and after all others: it sees what they have made of the call.
    return {
        "BeforeTool": {"sequential": True, "hooks": [_command(before, _LONGEST_MS)]},
        "AfterTool": {"hooks": [_command(after, _BACK_MS)]},
    }


def guard() -> str:
    """The script that is loaded into Gemini."""
    return Path(__file__).with_name("gemini_guard.js").read_text(encoding="utf-8")


def guarded(run_dir: str) -> dict[str, str]:
    """The variables by which Gemini loads it."""
    return {"NODE_OPTIONS": f"--require={json.dumps(f'{run_dir}/{GUARD}')}"}


def _command(command: str, milliseconds: int) -> dict[str, object]:
    # Named, since a setting of the user's can keep variables with such names from hooks.
    env = {name: f"${name}" for name in ("FLEET_SOCKET", "FLEET_TOKEN", "FLEET_GUARD")}
    return {"type": "command", "name": NAME, "command": command, "timeout": milliseconds, "env": env}
