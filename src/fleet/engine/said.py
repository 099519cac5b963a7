"""The last of what a session printed."""

from __future__ import annotations

from fleet.engine.parts import Parts

_MOST = 8000


def last_words(parts: Parts, key: str) -> str:
    """At most 8,000 characters of what it wrote to stdout and stderr, the newest."""
    offset, text = 0, ""
    while True:
        records, after = parts.sessions.read(key, offset)
        for record in records:
            if record.stream in ("out", "err"):
                text += record.text + ("\n" if record.complete else "")
        text = text[-_MOST:]
        if after == offset:
            return text.encode("utf-8", "replace").decode().strip()
        offset = after
