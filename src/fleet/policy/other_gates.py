"""The gates beside the merge that a change passes: of what goes to the forge, of releases, of commands."""

from __future__ import annotations

from typing import Any

from fleet.model.fleet import Fleet
from fleet.model.state import Change, Instance, State
from fleet.policy.after_merge import effect_of, gate_of
from fleet.policy.requirements.words import line
from fleet.policy.workflow import workflow_of

_TO_A_FORGE = ("push", "pull-request", "review")


def other_gates(fleet: Fleet, state: State, change: Change) -> list[dict[str, Any]]:
    """Each with its `kind`; its `standing`: `passed`, `open` (the action is being done), `held` or `ahead`;
    what it `asks`, in words; and, where it holds something back, the `lines` as they stand.
    """
    instance = state.instances.get(change.instance)
    found = []
    for kind, lines in fleet.gates:
        held = [
            each.lines
            for each in state.passages.values()
            if kind in each.kinds and each.change == change.id and each.key not in state.wishes
        ]
        standing = _standing(fleet, state, change, instance, kind)
        if held or standing:
            told = {
                "kind": kind,
                "standing": "held" if held else standing,
                "asks": [line(each) for each in lines],
            }
            found.append(told | {"lines": held[-1] if held else []})
    return found


def gate_rows(fleet: Fleet, state: State, change: Change) -> list[tuple[str, str]]:
    """The same as rows for a text: a name, and whether it is met, or what is missing and who can meet it. The
    merge is among them as long as its own gate was not looked at.
    """
    rows = []
    if change.open and not change.gate and fleet.merge_gate:
        rows.append(("merge", f"ahead; it asks for {', '.join(map(line, fleet.merge_gate))}"))
    for gate in other_gates(fleet, state, change):
        if gate["standing"] == "held":
            rows += [
                (f"{gate['kind']}: {each['name']}", stands(each, str(each["reason"])))
                for each in gate["lines"]
            ]
        else:
            rows.append((gate["kind"], f"{gate['standing']}; it asks for {', '.join(gate['asks'])}"))
    return rows


def stands(requirement: Any, reason: str) -> str:
    """`met: REASON`, or `missing: REASON (who can meet it: WHO)`."""
    who = f" (who can meet it: {requirement['who']})" if requirement["who"] else ""
    return f"met: {reason}" if requirement["met"] else f"missing: {reason}{who}"


def _standing(fleet: Fleet, state: State, change: Change, instance: Instance | None, kind: str) -> str:
    """Of a gate that holds nothing back; "" where the change does not come by it."""
    if kind in _TO_A_FORGE and not change.ref:
        return ""
    if kind in ("push", "pull-request"):
        return "passed"
    if kind == "review":
        posted = [each for each in change.reviews if each["head"] == change.head and each["run"]]
        return "passed" if posted and all(each["run"] in state.posted for each in posted) else "ahead"
    workflow = workflow_of(fleet, instance) if instance is not None else None
    jobs = [job for job in workflow.jobs if gate_of(job) == kind] if workflow is not None else []
    if instance is None or not jobs:
        return ""
    records = [instance.jobs[job.name] for job in jobs if job.name in instance.jobs]
    if records and all(each.state == "done" for each in records):
        return "passed"
    wanted = {f"{effect_of(job)}/{instance.id}/{job.name}" for job in jobs}
    return "open" if wanted & state.wishes.keys() else "ahead"
