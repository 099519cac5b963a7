"""CEL conditions in fleet.yaml: what each kind may look at, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.config.explain import nearest
from fleet.policy.cel import answer_problem, compile_problem, references

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
OF_AN_EVENT: Known = {"event": {"type": "", "source": "", "subject": "", "data": {}, "time": 0}}
OF_QUARANTINE: Known = {
    "agent": {"failures_in_a_row": 0, "denied_actions": 0},
    "run": {"denied_actions": 0, "cost_micros": 0, "tokens": 0, "round": 1},
}


def condition_problem(expression: str, known: Known) -> tuple[str, str]:
    """What was expected of this condition and a hint, both "" when it is right."""
    problem = compile_problem(expression)
    if problem:
        return "a CEL condition", problem
    for path in references(expression):
        name = path[0]
        if name not in known:
            return f"a condition over {', '.join(known)}", _unknown(name, name, known)
        members = known[name] if isinstance(known[name], dict) else {}
        if members and len(path) > 1 and path[1] not in members:
            said = f"{name}.{path[1]}"
            return f"a condition over {name}'s {', '.join(members)}", _unknown(said, path[1], members, name)
    answer = answer_problem(expression, known)
    return ("a condition that is true or false", answer) if answer else ("", "")


def _unknown(said: str, word: str, names: Known, of: str = "") -> str:
    near = nearest(word, names)
    meant = f"; did you mean '{f'{of}.' if of else ''}{near}'?" if near else ""
    return f"there is no {said}{meant}"
