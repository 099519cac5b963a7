"""CEL conditions in fleet.yaml: what each kind may look at, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.policy.cel_check import Mistake, mistake_in
from fleet.policy.cel_types import type_of

Known = Mapping[str, Any]
"""Names, each with its members or a plain value. The values are samples of what will be there."""

OF_A_GATE: Known = {
    "risk": {"score": 0, "factors": [""]},
    "change": {
        "id": 1,
        "title": "",
        "branch": "",
        "author": "",
        "files": 0,
        "lines": 0,
        "paths": [""],
        "round": 1,
        "base": "",
        "repo": "",
        "guarded": [""],
    },
    "item": {"id": 1, "title": "", "labels": [""], "author": ""},
    "agent": {"name": "", "failures_in_a_row": 0, "denied_actions": 0, "model": "", "harness": ""},
    "run": {"denied_actions": 0, "cost_micros": 0, "tokens": 0},
    "budget": {
        "time_used_ms": 0,
        "time_limit_ms": 0,
        "cost_used_micros": 0,
        "cost_limit_micros": 0,
        "tokens_used": 0,
        "tokens_limit": 0,
    },
    "now": 0,
}
_LATER = ("files", "lines", "paths", "guarded")
OF_A_PUSH: Known = {
    **{name: value for name, value in OF_A_GATE.items() if name != "risk"},
    "change": {name: value for name, value in OF_A_GATE["change"].items() if name not in _LATER},
}
OF_AN_EVENT: Known = {"event": {"type": "", "source": "", "subject": "", "data": {}, "time": 0}}
OF_QUARANTINE: Known = {
    "agent": {
        "name": "",
        "failures_in_a_row": 0,
        "denied_actions": 0,
        "risk": 0,
        "level": "",
        "hourly_micros": 0,
        "runs": 0,
        "failed_runs": 0,
        "denied": 0,
        "objections": 0,
        "reviews": 0,
        "reverted": 0,
        "merged": 0,
        "secrets": 0,
    },
    "run": {"denied_actions": 0, "cost_micros": 0, "tokens": 0, "round": 1},
}


def condition_problem(expression: str, known: Known) -> Mistake | None:
    """What is wrong with this condition, and where; None when it is right."""
    return mistake_in(expression, {name: type_of(value, name) for name, value in known.items()})
