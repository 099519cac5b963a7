"""Why a run of Gemini failed, by what it says last: a message, which may hold the provider's own document."""

from __future__ import annotations

import json
import re

from fleet.adapters.harnesses.words import clean
from fleet.ports.harness import Finished, FinishKind

_TEXT = 2000
_CODE = re.compile(r'"code":\s*(\d{3})\b|\bstatus:? (\d{3})\b')
_PASSES = re.compile(r"\b(?:retry|again|resets?) (?:in|after|at) \W?\d", re.IGNORECASE)  # it says when
# In this order: a free quota that is used up for the day comes as a 429, as a short rate limit does.
_WORDS: tuple[tuple[FinishKind, re.Pattern[str]], ...] = (
    (
        "auth",
        re.compile(
            r"api key|auth method|authenticat|log ?in|permission_denied|billing|credential"
            r"|project_settings: obey|not found in PATH",
            re.IGNORECASE,
        ),
    ),
    (
        "limit",
        re.compile(
            r"max session turns|maximum session turns|loop detected|max_tokens|maximum (?:number of )?tokens"
            r"|token count .{0,60}exceeds|context window",
            re.IGNORECASE,
        ),
    ),
    (
        "overloaded",
        re.compile(
            r"quota|rate limit|resource.?exhausted|overloaded|unavailable|capacity|fetch failed|ECONNRE"
            r"|timed? ?out|socket hang up|network error|empty response|stream ended|incomplete json",
            re.IGNORECASE,
        ),
    ),
)


def failed(message: str, kind: str) -> Finished:
    """The end that this message tells; `kind` is what the CLI calls it, "" for nothing."""
    text = clean(_bare(_inner(message[: 4 * _TEXT])))[:_TEXT] or clean(kind) or "it gave no reason"
    return Finished(False, "", text, _kind(message[: 4 * _TEXT], text, kind))


def _inner(message: str) -> str:
    """The words in a message around the provider's own document."""
    begins, ends = message.find("{"), message.rfind("}")
    if begins < 0 or ends < begins:
        return message
    try:
        found = json.loads(message[begins : ends + 1])["error"]["message"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return message
    return found if isinstance(found, str) and found else message


def _bare(message: str) -> str:
    return message.removeprefix("[API Error: ").removesuffix("]") if message.startswith("[API") else message


def _kind(message: str, text: str, name: str) -> FinishKind:
    told = _CODE.search(message)
    status = int(told[1] or told[2]) if told else 0
    if status in (401, 402, 403) or name == "FatalAuthenticationError":
        return "auth"
    if status in (408, 409, 429) or status >= 500:
        return "overloaded"
    if _PASSES.search(text):
        return "overloaded"
    for kind, pattern in _WORDS:
        if pattern.search(text):
            return kind
    return "error"
