"""How a run of Codex ended badly, from the words in which it says so: it gives no code."""

from __future__ import annotations

import json
import re

from fleet.adapters.harnesses.words import clean
from fleet.ports.harness import Finished, FinishKind

_TEXT = 2000
_STATUS = re.compile(r"status:? (\d{3})\b")
# In this order: a quota that is used up comes as a 429, and only a person can do something about it.
_WORDS: tuple[tuple[FinishKind, re.Pattern[str]], ...] = (
    (
        "auth",
        re.compile(
            r"quota|billing|not logged in|log in|sign in|refresh token|access token|api key"
            r"|missing environment variable",
            re.IGNORECASE,
        ),
    ),
    (
        "limit",
        re.compile(r"context window|context_length|maximum context|max_output_tokens", re.IGNORECASE),
    ),
    (
        "overloaded",
        re.compile(
            r"usage limit|rate limit|at capacity|high demand|overloaded|stream disconnected"
            r"|connection (?:failed|refused)|error sending request|timed? ?out|network error",
            re.IGNORECASE,
        ),
    ),
)


def failed(message: str) -> Finished:
    """The end that this message tells."""
    text = clean(_inner(message[: 4 * _TEXT]))[:_TEXT] or "it gave no reason"
    return Finished(False, "", text, _kind(text))


def _inner(message: str) -> str:
    """The words in a message that is the provider's own document."""
    if message.lstrip().startswith("{"):
        try:
            found = json.loads(message)["error"]["message"]
        except (ValueError, LookupError, TypeError, RecursionError):
            return message
        return found if isinstance(found, str) else message
    return message


def _kind(text: str) -> FinishKind:
    for kind, pattern in _WORDS:
        if pattern.search(text):
            return kind
    told = _STATUS.search(text)
    status = int(told[1]) if told else 0
    if status in (401, 402, 403):
        return "auth"
    return "overloaded" if status in (408, 409, 429) or status >= 500 else "error"
