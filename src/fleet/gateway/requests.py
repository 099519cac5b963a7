"""What a running agent may ask, and the events that it becomes. Pure: the state in, an answer out.

An event of here is a wish or a word of the agent, never yet the deed: the rules decide what follows from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fleet.gateway import checked
from fleet.gateway.answers import Answer, Refused
from fleet.gateway.budget import budget_left, budget_words
from fleet.model import events
from fleet.model.event import Event
from fleet.model.state import Run, State
from fleet.policy.context import context_data, context_text

__all__ = ["VERBS", "Answer", "Refused", "to_events"]

_REVIEWING = ("review", "check", "merge")  # duties whose outcome is a verdict on a change


def to_events(state: State, run_id: str, verb: str, args: Mapping[str, Any]) -> Answer:
    """What this request of the run becomes.

    Raises `Refused` when the verb or its arguments are wrong, the run is not live, or its duty does not
    allow the action; in the last case `Refused.events` tells the log of the attempt.
    """
    run = state.runs.get(run_id)
    if run is None:
        raise Refused(f"There is no run {run_id}", why="the log does not know it", do="End your work here.")
    if not run.live:
        raise Refused(
            f"Run {run_id} can't ask for anything any more",
            why=f"it is {run.state}",
            do="End your work here; what comes next is another run's.",
        )
    make = VERBS.get(verb)
    if make is None:
        raise Refused(f"There is no request {verb!r}", do=f"Use one of: {', '.join(VERBS)}.")
    return make(state, run, args)


def _done(_state: State, run: Run, args: Mapping[str, Any]) -> Answer:
    text = checked.text(args, "text", required=False)
    if run.duty in _REVIEWING and run.verdict in ("approve", "request-changes"):
        # Agents like to say "done" after everything; it must not wipe out the verdict that they gave.
        return Answer((), f"Your verdict ({run.verdict}) is recorded and stands. End your turn now.")
    if run.duty == "review":
        raise Refused(
            "A review ends with a verdict, not with done",
            why="the change waits for an approval or for changes to be requested",
            do="Use review approve, or review request-changes with a text that says what has to change.",
        )
    return Answer((_reported(run, "done", text),), "Recorded: your work is done. End your turn now.")


def _review(state: State, run: Run, args: Mapping[str, Any]) -> Answer:
    if run.duty not in _REVIEWING:
        reason = f"its duty is {run.duty}: only agents with the duty {', '.join(_REVIEWING)} judge a change"
        raise Refused(
            f"{run.agent} may not review",
            why=reason,
            do="Report your own work with done.",
            events=(_denied(run, "review", reason),),
        )
    change = state.changes.get(run.change)
    if change is not None and f"agent/{run.agent}" in (change.author, *change.authors):
        reason = "no agent judges its own change"
        raise Refused(
            f"{run.agent} may not review change {change.id}",
            why=reason,
            do="Leave it to another agent or a person.",
            events=(_denied(run, "review", reason),),
        )
    verdict = checked.choice(args, "verdict", "approve", "request-changes")
    text = checked.text(args, "text", required=False)
    if verdict == "request-changes" and not text.strip():
        raise Refused(
            "Changes can't be requested without a text",
            why="the author is given your text and nothing else",
            do="Say what has to change, where, and how one sees that it is right.",
        )
    said = "you approve" if verdict == "approve" else "you request changes"
    return Answer((_reported(run, verdict, text),), f"Recorded: {said}. End your turn now.")


def _ask(_state: State, run: Run, args: Mapping[str, Any]) -> Answer:
    question = checked.text(args, "question")
    message = (
        "Your question is recorded; a person answers. If you cannot go on without it, end your turn: "
        "you will be resumed with the answer."
    )
    return Answer((_reported(run, "ask", question),), message)


def _emit(_state: State, run: Run, args: Mapping[str, Any]) -> Answer:
    try:
        kind = checked.event_type(args)
    except Refused as refused:
        if isinstance(args.get("type"), str):
            refused.events = (_denied(run, "emit", refused.what),)
        raise
    return Answer((_event(run, kind, checked.event_data(args)),), f"Recorded: {kind}.")


def _propose(state: State, run: Run, args: Mapping[str, Any]) -> Answer:
    if checked.choice(args, "kind", "issue", "comment") == "issue":
        return _propose_issue(run, args)
    if run.item not in state.items:
        raise Refused("There is nothing to comment on", why="this run has no issue", do="Propose an issue.")
    text = checked.text(args, "body")
    data = {"item": run.item, "author": f"agent/{run.agent}", "text": text, "trusted": False}
    return Answer((_event(run, events.ITEM_COMMENTED, data),), f"Recorded: your comment on item {run.item}.")


def _propose_issue(run: Run, args: Mapping[str, Any]) -> Answer:
    data = {
        "item": 0,  # the number is given by whoever appends, under the log's order
        "kind": "issue",
        "title": checked.title(args),
        "body": checked.text(args, "body", required=False),
        "labels": checked.labels(args),
        "author": f"agent/{run.agent}",
        "trusted": False,  # so it starts nothing until a person labels it
    }
    message = f"Recorded: the issue {data['title']!r} is proposed. A person decides whether it is worked on."
    return Answer((_event(run, events.ITEM_OPENED, data),), message)


def _context(state: State, run: Run, _args: Mapping[str, Any]) -> Answer:
    data = context_data(state, run)
    return Answer((), context_text(data), data)


def _budget(state: State, run: Run, _args: Mapping[str, Any]) -> Answer:
    left = budget_left(run, state.now)
    return Answer((), budget_words(left), left)


VERBS: Mapping[str, Callable[[State, Run, Mapping[str, Any]], Answer]] = {
    "done": _done,
    "review": _review,
    "ask": _ask,
    "emit": _emit,
    "propose": _propose,
    "context": _context,
    "budget": _budget,
}


def _reported(run: Run, verdict: str, text: str) -> Event:
    return _event(run, events.RUN_REPORTED, {"run": run.id, "verdict": verdict, "text": text})


def _denied(run: Run, action: str, reason: str) -> Event:
    data = {"run": run.id, "agent": run.agent, "action": action, "reason": reason}
    return _event(run, events.AGENT_DENIED, data)


def _event(run: Run, kind: str, data: Mapping[str, Any]) -> Event:
    return Event(
        type=kind,
        data=data,
        subject=f"run/{run.id}",
        source=f"agent/{run.agent}",
        causation_id=run.cause,
        correlation_id=run.instance,
    )
