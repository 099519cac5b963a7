"""What of the user's home Codex needs: its own configuration, its login, and its conversations.

Read-only is whatever could make it do something later, outside of a sandbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

_READ = (
    *("AGENTS.md", "AGENTS.override.md", "config.toml", "instructions.md", "plugins", "prompts", "rules"),
    *("skills", "version.json"),
)
_FILES = ("CODEX_CA_CERTIFICATE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR")


class Files(NamedTuple):
    """As a plan names them."""

    reads: tuple[str, ...]
    writes: tuple[str, ...]


def files(environment: Mapping[str, str]) -> Files:
    """What it finds in a sandbox. Conversations are kept by day, so all of the user's are there."""
    home = environment.get("HOME", "")
    folder = environment.get("CODEX_HOME") or f"{home}/.codex"
    reads = [f"{folder}/{name}" for name in _READ] + [f"{home}/.agents/skills"]
    reads += [environment[name] for name in _FILES if environment.get(name)]
    return Files(tuple(reads), (f"{folder}/auth.json", f"{folder}/sessions/"))
