"""How a run of Claude Code ended, from its `result` record, or from what is left of one that was cut off."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fleet.adapters.harnesses.words import count, string
from fleet.ports.harness import Finished, FinishKind

_TEXT = 64 * 1024
_SUBTYPES: Mapping[str, FinishKind] = {
    "error_max_turns": "limit",
    "error_max_budget_usd": "budget",
}
# The CLI's names for what the provider said, told with its last message. A bill that is not paid is like a
# login that is refused: trying again does not help, a person does.
_ERRORS: Mapping[str, FinishKind] = {
    "authentication_failed": "auth",
    "oauth_org_not_allowed": "auth",
    "billing_error": "auth",
    "rate_limit": "overloaded",
    "overloaded": "overloaded",
    "server_error": "overloaded",
    "max_output_tokens": "limit",
}
_HEAD = 20_000  # characters: newer versions tell what was spent, model by model, before all else
_KEPT = 900_000  # characters: a line that is cut for its length is longer


def end_of(record: Mapping[str, Any], error: str) -> Finished:
    """The end that a `result` tells. `error` is the CLI's name of the last error, "" for none."""
    kind = _kind(record, error)
    text = string(record, "result", _TEXT)
    if kind == "ok":
        return Finished(True, text, "", "ok")
    errors = record.get("errors")
    told = "; ".join(each for each in errors if isinstance(each, str)) if isinstance(errors, list) else ""
    why = text or told[:_TEXT] or string(record, "subtype", 200) or "it gave no reason"
    return Finished(False, "", why, kind)


def end_of_cut(line: str) -> Finished:
    """The end that the beginning of a `result` tells, when the rest of it is missing: because it was too long
    to be kept, or because the CLI died over it, which is no good end.
    """
    head = line[:_HEAD]
    subtype = re.search(r'"subtype":"(\w{1,100})"', head)
    status = re.search(r'"api_error_status":(\d{3})\b', head)
    record = {
        "subtype": subtype[1] if subtype else "",
        "is_error": '"is_error":false' not in head,
        "api_error_status": int(status[1]) if status else None,
    }
    kind = _kind(record, "")
    if kind == "ok" and len(line) < _KEPT:
        return Finished(False, "", "it broke off in its last words", "crash")
    text = f"(its last words were too long: {len(line)} characters)"
    return Finished(True, text, "", "ok") if kind == "ok" else Finished(False, "", text, kind)


def _kind(record: Mapping[str, Any], error: str) -> FinishKind:
    subtype = string(record, "subtype", 200)
    if subtype == "success" and record.get("is_error") is False:
        return "ok"
    if subtype != "success":
        return _SUBTYPES.get(subtype, "error")
    text = string(record, "result", 200)
    if record.get("terminal_reason") == "prompt_too_long" or text.startswith("Prompt is too long"):
        return "limit"
    if error in _ERRORS:
        return _ERRORS[error]
    return _by_status(record, text)


def _by_status(record: Mapping[str, Any], text: str) -> FinishKind:
    # Older versions tell the status in their words alone.
    told = re.search(r"API Error\D{1,40}(\d{3})\b", text)
    status = count(record, "api_error_status") or (int(told[1]) if told else 0)
    # Credit that is used up is like a login that is refused, too.
    if status in (401, 402, 403):
        return "auth"
    if status in (408, 409, 429) or status >= 500:
        return "overloaded"
    # No status: the connection was refused or lost, or what came was no answer.
    lost = not status and record.get("stop_reason") != "refusal"
    return "overloaded" if lost and text.startswith("API Error:") else "error"
