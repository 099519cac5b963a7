"""Whether a command of Gemini failed: it tells no exit code, so its last words have to do."""

from __future__ import annotations

import re

_LINES = 3
_FAILED = re.compile(
    r"command not found$|No such file or directory$|^FAILED\b|^(?:\w+\.)*\w*(?:Error|Exception)\b(?:: |$)"
    r"|^(?:fatal|error|Error): |\berror: |^make: \*\*\*|^npm (?:ERR!|error)|\b[1-9]\d* failed\b"
)


def seems_failed(output: str) -> bool:
    """Whether the last lines of the output are those of a command that failed."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return any(_FAILED.search(line) for line in lines[-_LINES:])
