"""What of the user's home Claude Code needs: its own configuration, its login, and this workspace's
conversations.

Read-only is whatever could make it do something later, outside of a sandbox: settings, hooks, skills,
plugins. Its state file `.claude.json` names MCP servers, which are programs, and is written all the time: it
gets a copy. Other conversations, and what was typed elsewhere, are not there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

_READ = (
    *("CLAUDE.md", "agents", "commands", "hooks", "output-styles", "plugins", "rules", "skills"),
    *("settings.json", "settings.local.json", "policy-limits.json", "remote-settings.json"),
)
_FILES = ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR", "GOOGLE_APPLICATION_CREDENTIALS")
_CLOUDS = (
    ("CLAUDE_CODE_USE_BEDROCK", ".aws"),
    ("CLAUDE_CODE_USE_VERTEX", ".config/gcloud/application_default_credentials.json"),
    ("CLAUDE_CODE_USE_FOUNDRY", ".azure"),
)
_LONGEST_NAME = 200  # of a folder of conversations: a longer one ends in a hash of the CLI's own


class Files(NamedTuple):
    """As a plan names them."""

    reads: tuple[str, ...]
    writes: tuple[str, ...]
    copies: tuple[str, ...]


def files(environment: Mapping[str, str], workspace: str) -> Files:
    """What it finds in a sandbox."""
    home = environment.get("HOME", "")
    named = environment.get("CLAUDE_CONFIG_DIR", "")
    folder = named or f"{home}/.claude"
    reads = [f"{folder}/{name}" for name in _READ]
    reads += [f"{home}/{place}" for switch, place in _CLOUDS if _on(environment.get(switch))]
    reads += [environment[name] for name in _FILES if environment.get(name)]
    name = re.sub(r"[^a-zA-Z0-9]", "-", workspace)
    conversations = f"{name}/" if len(name) <= _LONGEST_NAME else ""
    return Files(
        tuple(reads),
        (f"{folder}/projects/{conversations}", f"{folder}/.credentials.json"),
        (f"{named or home}/.claude.json",),
    )


def _on(value: str | None) -> bool:
    return value not in (None, "", "0", "false")
