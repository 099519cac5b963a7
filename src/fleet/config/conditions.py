"""CEL conditions in fleet.yaml: what each kind may look at, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Mapping

from fleet.config.explain import nearest
from fleet.policy.cel import compile_problem, references

Known = Mapping[str, tuple[str, ...]]
"""Names and their members; a name without members may be followed by anything."""

OF_A_GATE: Known = {
    "risk": ("score", "factors"),
    "change": ("id", "title", "branch", "author", "files", "lines", "paths", "round"),
    "item": ("id", "title", "labels", "author"),
    "agent": ("name", "failures_in_a_row", "denied_actions"),
    "run": ("denied_actions", "cost_micros", "tokens"),
    "now": (),
}
OF_AN_EVENT: Known = {"event": ("type", "source", "subject", "data", "time")}
OF_QUARANTINE: Known = {
    "agent": ("failures_in_a_row", "denied_actions"),
    "run": ("denied_actions", "cost_micros", "tokens", "round"),
}


def condition_problem(expression: str, known: Known) -> tuple[str, str]:
    """What was expected of this condition and a hint, both "" when it is right."""
    problem = compile_problem(expression)
    if problem:
        return "a CEL condition", problem
    for path in references(expression):
        name, members = path[0], known.get(path[0])
        if members is None:
            return f"a condition over {', '.join(known)}", _unknown(name, name, known)
        if members and len(path) > 1 and path[1] not in members:
            said = f"{name}.{path[1]}"
            return f"a condition over {name}'s {', '.join(members)}", _unknown(said, path[1], members, name)
    return "", ""


def _unknown(said: str, word: str, names: Known | tuple[str, ...], of: str = "") -> str:
    near = nearest(word, names)
    meant = f"; did you mean '{f'{of}.' if of else ''}{near}'?" if near else ""
    return f"there is no {said}{meant}"
