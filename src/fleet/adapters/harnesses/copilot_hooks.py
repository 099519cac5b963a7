"""How Copilot is made to ask about each call of a tool: by hooks of a plugin that is the run's own.

Nothing is allowed beforehand, and nobody is there to be asked: only a hook's word lets a call go that writes,
runs something or uses the network. One that fails or is killed refuses; a hook that were too late would
leave no more than reading files of the workspace.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence

from fleet.model.errors import UsageError

_BACK_SECONDS = 60


def hook_files(hook: Sequence[str], seconds: int, tools: Sequence[str]) -> dict[str, str]:
    """The plugin's files. `seconds` is how long the hook may wait for an answer. Raises `UsageError` for an
    agent that has `tools` as well: what these allow would need no word of the hook's.
    """
    if tools:
        raise UsageError(
            "An agent of Copilot has both tools and permissions",
            do="In fleet.yaml leave out its tools, and say by its permissions what it may use.",
        )
    before = {"bash": f"{shlex.join((*hook, 'before'))} || exit 2", "timeoutSec": seconds}
    after = {"bash": f"{shlex.join((*hook, 'after'))} || true", "timeoutSec": _BACK_SECONDS}
    hooks = {
        name: [{"type": "command", **each}]
        for name, each in (("preToolUse", before), ("postToolUse", after), ("postToolUseFailure", after))
    }
    about = {"name": "fleet", "version": "1.0.0", "description": "Asks Fleet about each call of a tool"}
    return {
        "plugin.json": json.dumps(about | {"hooks": "hooks.json"}),
        "hooks.json": json.dumps({"version": 1, "hooks": hooks}),
    }
