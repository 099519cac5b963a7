"""What one `gh api -i` printed, taken apart: status, headers, body."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

_STATUS = re.compile(rb"HTTP/[\d.]+ (\d{3})\b[^\r\n]*\r?\n")
_LINK = re.compile(r'<([^>]*)>\s*;[^,<]*rel="?next"?')


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the forge. Names of headers are in lower case. `cut`: only a part of the body was kept."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool = False

    @property
    def ok(self) -> bool:
        """Whether the forge did what it was asked."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON; None when it is empty. Raises ValueError when it is none."""
        return json.loads(self.body) if self.body.strip() else None

    def number(self, header: str) -> int | None:
        """A header that holds a whole number."""
        text = self.headers.get(header, "").strip()
        return int(text) if text.isascii() and text.isdigit() else None

    @property
    def date_ms(self) -> int:
        """The forge's own clock, 0 when it does not tell."""
        try:
            return int(parsedate_to_datetime(self.headers.get("date", "")).timestamp() * 1000)
        except (ValueError, TypeError, OverflowError):
            return 0

    @property
    def words(self) -> str:
        """What the forge says of an error, on one line: its message and what it found wrong."""
        try:
            said = self.json()
        except ValueError:
            said = None
        if not isinstance(said, dict):
            return f"it answered {self.status}"
        parts = [str(said.get("message") or f"it answered {self.status}")]
        errors = said.get("errors")
        parts += [
            _error(each) for each in (errors if isinstance(errors, list) else [errors] if errors else [])
        ]
        return "; ".join(part for part in dict.fromkeys(parts) if part)[:600]


def read_reply(output: bytes, *, cut: bool = False) -> Reply | None:
    """The reply that gh printed; None when it printed none (it never reached the forge)."""
    first = _STATUS.match(output)
    if first is None:
        return None
    head, found, body = output[first.end() :].partition(b"\r\n\r\n")
    if not found and head.startswith(b"\r\n"):  # no header at all
        head, body = b"", head[2:]
    headers: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return Reply(int(first[1]), headers, body, cut)


def next_path(link: str, host_prefix: str = "api/v3/") -> str:
    """The path of the next page that a Link header names, "" when this is the last.

    Only the path is taken: a request never goes to another host than the one that gh is logged in to.
    """
    found = _LINK.search(link)
    if found is None:
        return ""
    path = re.sub(r"^[a-z]+://[^/]*/?", "", found[1], flags=re.IGNORECASE).lstrip("/")
    return path.removeprefix(host_prefix)


def _error(each: object) -> str:
    if not isinstance(each, dict):
        return str(each)
    if each.get("message"):
        return str(each["message"])
    return " ".join(str(each[name]) for name in ("resource", "field", "code", "value") if each.get(name))
