"""The lines of a gate in words, as fleet.yaml has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fleet.model.fleet import Requirement
from fleet.policy.requirements.found import either
from fleet.policy.times import words


def line(each: Requirement) -> str:
    """`2 approvals by qa or review`, `a person if risk.score >= 60`."""
    return _LINES[each.kind](each)


def _review(each: Requirement) -> str:
    said = f"{each.approvals} approval{'s' if each.approvals != 1 else ''}"
    said += f" by {either(each.by)}" if each.by else ""
    return f"{said} of another {each.different} than the author" if each.different else said


def _human(each: Requirement) -> str:
    said = f"{each.approvals} people" if each.approvals > 1 else "a person"
    said += f" ({either(each.by)})" if each.by else ""
    return f"{said} if {each.when}" if each.when else f"{said}, always"


_LINES: Mapping[str, Callable[[Requirement], str]] = {
    "review": _review,
    "human": _human,
    "checks": lambda _: "passing checks",
    "window": lambda each: f"only {words(each.window)}",
    "policy": lambda each: f"that {each.when}",
}
