"""Which repository of which host a git remote means."""

from __future__ import annotations

import re

GITHUB = "github.com"
_SCP = re.compile(r"^(?:[\w.-]+@)?([\w.-]+):(?!//)/?([\w.-]+)/([\w.-]+?)(?:\.git)?/?$")
_URL = re.compile(r"^(?:https?|ssh|git)://(?:[^@/]+@)?([\w.-]+)(?::\d+)?/([\w.-]+)/([\w.-]+?)(?:\.git)?/?$")


def repository_of(remote: str) -> tuple[str, str] | None:
    """Host and `owner/name` of a remote's address; None when it has no such form (a folder, for one)."""
    found = _URL.match(remote.strip()) or _SCP.match(remote.strip())
    if found is None:
        return None
    host = found[1].lower().removeprefix("www.").removeprefix("ssh.")
    return host, f"{found[2]}/{found[3]}"
