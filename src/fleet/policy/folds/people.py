"""What people answered, and which agents may do nothing more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.model import events
from fleet.model.event import Event
from fleet.model.state import Approval, Pending, State
from fleet.model.warned import Warned
from fleet.policy.folds.reading import text, whole

BUDGET = "budget"
NEWS_MS = 86_400_000


def approval_asked(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """A person has to answer something."""
    state.approval_number += 1
    approval = Approval(
        id=text(data, "approval"),
        kind=text(data, "kind"),
        why=text(data, "why"),
        asked=event.time,
        change=whole(data, "change"),
        head=text(data, "head"),
        instance=text(data, "instance"),
        job=text(data, "job"),
        run=text(data, "run"),
        passage=text(data, "passage"),
        cause=event.id,
    )
    state.approvals[approval.id] = approval
    state.asked[approval.id] = None
    run = state.runs.get(approval.run)
    if run is not None:
        run.awaits = approval.kind
    held = state.held.get(f"{approval.run}.{text(data, 'call')}")
    if held is not None:
        held.approval = approval.id


def answered(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """A person answered; the first answer counts."""
    approval = state.approvals.get(text(data, "approval"))
    if approval is None or approval.answer or approval.handled:
        return
    approval.answer = "given" if event.type == events.APPROVAL_GIVEN else "refused"
    approval.by = text(data, "actor")
    approval.note = text(data, "note")
    approval.send_back = data.get("send_back") is True
    approval.as_done = data.get("as_done") is True
    approval.cause = event.id
    change = state.changes.get(approval.change)
    if approval.kind == "merge" and approval.answer == "given" and change and change.head == approval.head:
        change.approved_by.append(approval.by)
        change.approved_at[approval.by] = event.time
        change.cause = event.id
    passage = state.passages.get(approval.passage)
    if passage is not None and approval.answer == "given":
        passage.approved[approval.by] = event.time
        passage.cause = event.id


def approval_settled(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """What follows from the answer has followed, or the question has lapsed."""
    approval = state.approvals.get(text(data, "approval"))
    if approval is not None:
        approval.handled = True
        approval.cause = event.id
        if approval.run in state.runs:
            state.runs[approval.run].awaits = ""
        state.asked.pop(approval.id, None)
        state.told.pop(approval.id, None)
        if approval.kind == "permission" and not approval.answer:
            state.held = {name: held for name, held in state.held.items() if held.approval != approval.id}


def reminded(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """People were reminded that it waits, or others were told."""
    approval = state.approvals.get(text(data, "approval"))
    if approval is not None:
        approval.reminded = event.time
        if event.type == events.APPROVAL_ESCALATED:
            approval.escalated = event.time


def people_told(state: State, _event: Event, data: Mapping[str, Any]) -> None:
    """A channel was told of something that waits, or of a day."""
    channel, about, at = text(data, "channel"), text(data, "about"), whole(data, "at")
    if about == "digest":
        state.digests[channel] = at
        return
    if about == "checkpoint":
        state.vouched[channel] = at
        return
    agent = state.agents.get(about.removeprefix("quarantine-"))
    if (
        about in state.asked
        or about in state.warnings
        or (about == "disk" and state.crowded)
        or (agent is not None and agent.quarantined)
    ):
        state.told.setdefault(about, {})[channel] = at


def commanded(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """A person told Fleet to do something, by a comment on the forge."""
    state.commands[event.id] = Pending(
        event.id, event.type, event.source, event.subject, dict(data), event.time
    )


def command_settled(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """What follows from the command has followed, or it was refused."""
    del event
    pending = state.commands.pop(text(data, "command"), None)
    if pending is None or data.get("refused") is not True:
        return
    number = whole(pending.data, "item")
    change = state.changes.get(number)
    about = change.item if change else number
    mine = [each for each in state.instances.values() if about and each.item == about]
    if mine:
        said = f"/fleet {text(pending.data, 'command')} of {text(pending.data, 'actor')}"
        mine[-1].answered = f"`{said}` was not followed: {text(data, 'reason')}"
        item = state.items.get(mine[-1].item)
        if item is not None and item.ref:
            state.to_show[item.id] = None


def quarantined(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """The agent may do nothing more."""
    agent = state.agent(text(data, "agent"))
    agent.quarantined = text(data, "reason") or "no reason was given"
    agent.since = event.time
    agent.cause = event.id


def released(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """It may work again, with a clean record."""
    agent = state.agent(text(data, "agent"))
    agent.quarantined = ""
    agent.since = 0
    state.told.pop(f"quarantine-{agent.name}", None)
    agent.failures = agent.denied = 0
    agent.cause = event.id


def denied(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """The agent tried what it may not do."""
    run = state.runs.get(text(data, "run"))
    if run is not None:
        run.denied += 1
    name = text(data, "agent") or (run.agent if run else "")
    if name:
        state.agent(name).denied += 1
        state.agent(name).cause = event.id


def budget_warned(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """So much of a ceiling is used. Of one that runs share people are told, until it is a day old."""
    scope, figure = text(data, "scope"), text(data, "figure")
    state.warned[f"{scope} {figure}"] = whole(data, "percent")
    for name in [name for name, each in state.warnings.items() if event.time - each.at >= NEWS_MS]:
        del state.warnings[name]
        state.told.pop(name, None)
    if not scope.startswith("run/"):
        percent, used, limit = (whole(data, name) for name in ("percent", "used", "limit"))
        warned = Warned(text(data, "words"), figure, percent, used, limit, event.time, event.id)
        state.warnings[f"{BUDGET} {scope} {figure}"] = warned
