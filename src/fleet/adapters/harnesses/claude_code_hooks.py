"""How Claude Code is made to ask about each call of a tool, in a way that nothing in a workspace undoes.

The hooks are given as settings of the command line, which go before those of the project and of the user: a
`.claude/settings.json` that switches hooks off, or sets a variable that does, is overruled. They stand in the
command line itself, so that there is no file to edit. A hook that fails, is killed or is too late would be
passed over: what is then left is the mode `dontAsk`, which refuses whatever no rule allows, and no rule but
an administrator's counts. Newer versions refuse by themselves (`onFailure`).
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence

HOOKLESS = {"CLAUDE_CODE_SIMPLE": "0", "CLAUDE_CODE_SAFE_MODE": "0"}
"""Variables that would have it start without hooks, switched off."""

MANAGED = json.dumps({"allowManagedPermissionRulesOnly": True})
"""Rules of the repository, which could allow what the hook did not, do not count."""


def guarded_settings(hook: Sequence[str], seconds: int) -> str:
    """The settings, as JSON. `seconds` is how long the hook may wait for an answer."""
    before = {
        "type": "command",
        # Whatever it dies of, the shell that started it says 2, which refuses the call.
        "command": f"{shlex.join((*hook, 'before'))} || exit 2",
        "timeout": seconds,
        "onFailure": "block",
    }
    after = {"type": "command", "command": f"{shlex.join((*hook, 'after'))} || true", "timeout": 60}
    settings = {
        "disableAllHooks": False,
        "env": HOOKLESS,
        "hooks": {
            "PreToolUse": [{"matcher": "", "hooks": [before]}],
            "PostToolUse": [{"matcher": "", "hooks": [after]}],
            "PostToolUseFailure": [{"matcher": "", "hooks": [after]}],
        },
    }
    return json.dumps(settings)
