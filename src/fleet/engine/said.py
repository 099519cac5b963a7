"""What a session printed that is neither an agent's nor read by a harness: a check, a command, a set-up."""

from __future__ import annotations

from fleet.engine.parts import Parts

_MOST = 8000
_LOOKED_AT = 32_000  # a secret at the begin of what is kept is known by what comes before


def last_words(parts: Parts, key: str) -> str:
    """At most 8,000 characters of what it wrote to stdout and stderr, the newest, without secrets."""
    offset, text = 0, ""
    while True:
        records, after = parts.sessions.read(key, offset)
        for record in records:
            if record.stream in ("out", "err"):
                text += record.text + ("\n" if record.complete else "")
        text = text[-_LOOKED_AT:]
        if after == offset:
            shown = parts.secrets.mask(text)[-_MOST:]
            return shown.encode("utf-8", "replace").decode().strip()
        offset = after


def mask_what_it_said(parts: Parts, key: str) -> None:
    """Take the secrets out of what is kept of a session that is over. May be repeated. Blocks."""
    parts.sessions.rewrite(key, parts.secrets.mask_records)
