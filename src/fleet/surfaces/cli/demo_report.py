"""What came of `fleet demo`, as plain data: the issues, the history, what it cost, and whether it came out as
told.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fleet.auditing import verify as verify_log
from fleet.model.errors import FleetError
from fleet.model.state import Change, Instance, Run, State
from fleet.surfaces.cli.demo_stage import Stage, git
from fleet.views.units import dollars, seconds

_HISTORY = 40  # lines


class Promise(NamedTuple):
    """Something that the demo is there to show, and whether it did."""

    what: str
    kept: bool


def report(stage: Stage, state: State, *, took_ms: int, left: list[str]) -> dict[str, Any]:
    """The document of `fleet demo --json`. `left` are sessions that still lived after the story's end."""
    verified = verify_log(stage.place)
    kept = promises(stage, state, holds=verified.ok, left=left)
    return {
        "ok": all(each.kept for each in kept),
        "seconds": seconds(took_ms),
        "harness": stage.harness,
        "base": stage.base,
        "folder": str(stage.place.root),
        "issues": [_issue(state, number) for number in sorted(state.items)],
        "history": history(stage),
        "agents": _spent(state),
        "audit": {"ok": verified.ok, "events": verified.events, "problem": verified.problem},
        "promises": [{"what": each.what, "kept": each.kept} for each in kept],
    }


def promises(stage: Stage, state: State, *, holds: bool, left: list[str]) -> list[Promise]:
    """What was told, point by point. What a real model does is its own affair, so less is promised there."""
    features = [each for each in state.instances.values() if each.workflow == "feature"]
    refused = {each.change for each in state.approvals.values() if each.kind == "merge" and _refused(each)}
    wanted = [each for each in features if each.change not in refused]
    scripted = [
        Promise("several agents worked side by side", _most_at_once(state) >= 3),
        Promise("a change was sent back by its reviewer, and accepted then", _sent_back(state, features)),
        Promise("a risky change waited for a person", _person_decided(state)),
    ]
    return [
        *(scripted if stage.harness == "scripted" else []),
        Promise("an agent was stopped at its run-time ceiling", _was_stopped(state)),
        Promise(
            "all that nobody refused was merged", bool(features) and all(_merged(state, i) for i in wanted)
        ),
        Promise(f"git has these merges on {stage.base}, and no others", _git_agrees(stage, state)),
        Promise("the event log holds", holds),
        Promise("no agent was left running", not left),
    ]


def history(stage: Stage) -> list[str]:
    """The base branch since the demo began, as git draws it."""
    form = "--format=%h %s"
    drawn = git(stage.repository, "log", "--graph", form, "-n", "60", f"{stage.begin}^..{stage.base}", "--")
    return drawn.splitlines()[:_HISTORY]


def _issue(state: State, number: int) -> dict[str, Any]:
    item = state.items[number]
    instance = next((each for each in state.instances.values() if each.item == number), None)
    change = state.changes.get(instance.change) if instance else None
    return {
        "id": number,
        "title": item.title,
        "outcome": _outcome(instance, change),
        "reason": _reason(state, instance, change),
        "pr": change.id if change else None,
        "merged": change.merged or None if change else None,
        "rounds": instance.round if instance else 0,
        "risk": change.risk.get("score") if change else None,
        "approved_by": list(change.approved_by) if change else [],
    }


def _outcome(instance: Instance | None, change: Change | None) -> str:
    if change is not None and change.merged:
        return "merged"
    return (instance.outcome or "unfinished") if instance else "not begun"


def _reason(state: State, instance: Instance | None, change: Change | None) -> str:
    if instance is None:
        return "no workflow took it up"
    said = []
    bad = [run for run in _runs_of(state, instance) if run.outcome not in ("", "succeeded")]
    if change is not None and change.merged:
        said.append(f"{instance.reason}, written by {change.author.removeprefix('agent/')}")
        if instance.round > 1:
            back = [each for each in change.reviews if each["verdict"] == "request-changes"]
            by = str(back[0]["by"]).removeprefix("agent/") if back else "Fleet"
            why = " ".join(str(back[0]["text"]).split()) if back else "its checks failed"
            said.append(f"accepted in round {instance.round}, as {by} had sent it back: {why}")
        if change.approved_by:
            names = ", ".join(change.approved_by)
            found = (each for each in change.risk.get("factors", ()) if int(each["points"]) > 0)
            factors = ", ".join(str(each["name"]) for each in found)
            said.append(f"approved by {names}, since its risk is {change.risk.get('score')} ({factors})")
    else:
        said += [f"{run.agent} {_how(run)}: {run.reason}" for run in bad[-1:]]
        said.append(instance.reason)
    return "; ".join(said)


def _how(run: Run) -> str:
    return "was stopped" if run.outcome in ("timed_out", "over_budget", "stopped") else "failed"


def _runs_of(state: State, instance: Instance) -> list[Run]:
    return [run for run in state.runs.values() if run.instance == instance.id]


def _spent(state: State) -> list[dict[str, Any]]:
    """Each agent's runs, in the order in which they first came on."""
    rows: dict[str, list[Run]] = {}
    for run in state.runs.values():
        if run.started:
            rows.setdefault(run.agent, []).append(run)
    return [
        {
            "agent": name,
            "runs": len(runs),
            "seconds": seconds(sum(_lasted(run) for run in runs)),
            "cost": dollars(sum(run.cost_micros for run in runs)),
            "cost_micros": sum(run.cost_micros for run in runs),
            "tokens": sum(run.tokens for run in runs),
        }
        for name, runs in rows.items()
    ]


def _lasted(run: Run) -> int:
    return max(0, run.ended - run.started) if run.ended else 0


def _most_at_once(state: State) -> int:
    spans = [(run.started, run.ended) for run in state.runs.values() if run.started and run.ended]
    return max((sum(start <= at < end for start, end in spans) for at, _ in spans), default=0)


def _sent_back(state: State, features: list[Instance]) -> bool:
    for instance in features:
        change = state.changes.get(instance.change)
        verdicts = [each["verdict"] for each in change.reviews] if change else []
        if _merged(state, instance) and instance.round > 1 and "request-changes" in verdicts:
            return True
    return False


def _person_decided(state: State) -> bool:
    return any(each.kind == "merge" and each.answer for each in state.approvals.values())


def _refused(approval: Any) -> bool:
    return bool(approval.answer == "refused")


def _was_stopped(state: State) -> bool:
    return any(
        run.outcome == "timed_out" and state.instances[run.instance].workflow == "research"
        for run in state.runs.values()
    )


def _merged(state: State, instance: Instance) -> bool:
    change = state.changes.get(instance.change)
    return change is not None and bool(change.merged)


def _git_agrees(stage: Stage, state: State) -> bool:
    """The first parents of the base branch are the merges that the log tells of, in that order."""
    try:
        listed = git(stage.repository, "rev-list", "--first-parent", f"{stage.begin}..{stage.base}", "--")
    except FleetError:
        return False
    told = [each for each in state.changes.values() if each.merged]
    told.sort(key=lambda each: each.merged_at, reverse=True)
    return listed.split() == [each.merged for each in told]
