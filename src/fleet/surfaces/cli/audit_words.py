"""What led to a merge, in lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fleet.auditing import Attested
from fleet.surfaces.cli.output import clean, say


def show_attested(found: Attested) -> None:
    """Print the statement, and what of it holds."""
    if found.statement:
        for line in _lines(found.commit, found.statement["predicate"]):
            indent = "  " if line.startswith(" ") else ""
            say(f"{indent}{clean(line)}")
    for line in found.held:
        say(f"  ok: {clean(line)}")


def _lines(commit: str, about: Mapping[str, Any]) -> Iterator[str]:
    change, merge = about["change"], about["merge"]
    yield f"{commit} merges #{change['number']} into {merge['base']}, {merge['time']}, by {merge['by']}"
    yield f"  head: {change['head']} by {change['author']}"
    for run in about["runs"]:
        harness = f"{run['harness']['name']} {run['harness']['version']}".strip()
        model = run["model"] or "its default model"
        came = run["verdict"] or run["outcome"]
        yield f"  run: {run['run']} {run['job']}: {run['agent']} ({harness}, {model}): {came}"
    for review in about["reviews"]:
        yield f"  review: {review['verdict']} by {review['by']} of {review['head'][:12]}"
    for check in about["checks"].get("results", ()):
        yield f"  check: {check['name']}: {'passed' if check['ok'] else 'failed'}"
    for approval in about["approvals"]:
        yield f"  approval: {approval['by']}, {approval['time']}"
    for gate in about["gate"]:
        yield f"  gate: {gate['name']}: {'met' if gate['met'] else 'not met'}"
    yield f"  log: {len(about['log']['events'])} events led to it"
