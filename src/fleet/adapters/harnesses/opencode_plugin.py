"""How opencode is made to ask about each call of a tool: by a plugin of the run's own.

Until the plugin is loaded the configuration refuses every tool; it is the plugin that opens them, and from
then on each call waits for the word of the hook. Whatever goes wrong with that throws, which refuses.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

FILE = "opencode-plugin.js"
CLOSED = {"*": "deny"}
"""The permissions of a configuration whose plugin is not loaded."""

_SCRIPT = Path(__file__).with_name("opencode_plugin.js")


def plugin(hook: Sequence[str], opened: object) -> str:
    """The plugin's text. `opened` are the permissions of opencode's own that hold beside the hook."""
    given = json.dumps({"hook": list(hook), "opened": opened})
    return f"const given = {given}\n{_SCRIPT.read_text(encoding='utf-8')}"
