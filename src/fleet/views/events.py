"""Events in plain words: one short sentence for each type, for the log on a screen and for `fleet why`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.model import events
from fleet.model.event import Event
from fleet.model.text import clean

_LONGEST = 200

_WORDS: Mapping[str, str] = {
    events.CONFIG_LOADED: "fleet.yaml was read",
    events.WATCHER_STARTED: "the watcher started",
    events.WATCHER_STOPPED: "the watcher stopped",
    events.CLOCK_TICKED: "time passed",
    events.CLOCK_MOVED: "the machine slept, or its clock was set ahead ({ms} ms)",
    events.BASE_SEEN: "the base branch is at {sha}",
    events.ITEM_OPENED: "{author} opened {kind} {item}: {title}",
    events.ITEM_LABELED: "{actor} gave item {item} the label {label}",
    events.ITEM_UNLABELED: "{actor} took the label {label} from item {item}",
    events.ITEM_COMMENTED: "{author} commented on item {item}: {text}",
    events.ITEM_CLOSED: "item {item} was closed",
    events.TRIGGER_ROUTED: "what it starts was decided: {started}",
    events.WORKFLOW_REQUESTED: "{actor} asked for {name} by hand: {text}",
    events.INSTANCE_STARTED: "{instance} started ({workflow}{agent}) on item {item}",
    events.INSTANCE_FINISHED: "{instance} finished: {outcome}",
    events.JOB_SENT_BACK: "{job} of {instance} goes back, round {round}",
    events.JOB_READY: "{job} of {instance} lets its change land",
    events.JOB_STUCK: "{job} of {instance} waits for a person",
    events.JOB_RESUMED: "{actor} let {job} of {instance} try again",
    events.JOB_FINISHED: "{job} of {instance}: {outcome}",
    events.RUN_QUEUED: "{run} was queued for {job} of {instance}, attempt {attempt}",
    events.RUN_ADMITTED: "{run} goes to {agent}",
    events.RUN_STARTED: "{run} started",
    events.RUN_ACTED: "{run}: {action}",
    events.RUN_RETURNED: "a call of {run} came back: {ok}",
    events.RUN_LOOKED: "the processes of {run} were looked at",
    events.RUN_NUDGED: "{run} looks stuck and was told so",
    events.RUN_WAITS: "{run} waits by itself ({kind})",
    events.RUN_SPENT: "{run} has used {tokens} tokens",
    events.RUN_CONVERSED: "{run} is conversation {conversation}",
    events.RUN_REPORTED: "{run} reported {verdict}: {text}",
    events.RUN_SAID: "{actor} told {run}: {text}",
    events.RUN_STOP_ASKED: "{actor} asked {run} to stop",
    events.RUN_TAKEN_OVER: "{actor} took over {run}",
    events.RUN_HANDED_BACK: "{actor} handed {run} back",
    events.RUN_EXITED: "the session of {run} ended",
    events.RUN_COLLECTED: "the commits of {run} were taken: {commits}",
    events.RUN_ENDED: "{run} ended: {outcome}",
    events.RUN_CANCELLED: "{run} was cancelled",
    events.CHANGE_OPENED: "{author} opened pull request {change} for item {item}: {title}",
    events.CHANGE_UPDATED: "pull request {change} has a new commit, {head}",
    events.CHANGE_ANSWERED: "{by} leaves pull request {change} as it is, and answers: {text}",
    events.CHANGE_REVIEWED: "{by} reviewed pull request {change}: {verdict}",
    events.CHANGE_CHECKED: "the checks of pull request {change} ran: {ok}",
    events.CHANGE_ASSESSED: "the risk of pull request {change} is {score}",
    events.CHANGE_INSPECTED: "the files of pull request {change} were looked at",
    events.CHANGE_ATTESTED: "the merge {commit} of pull request {change} was attested",
    events.AUDIT_REDACTED: "{actor} took away the data of event {seq}",
    events.AUDIT_PUSHED: "checkpoints are pushed to {remote}",
    events.RUN_REDACTED: "{actor} took away the transcript of {run}",
    events.CHANGE_MERGED: "pull request {change} was merged as {sha}",
    events.CHANGE_HELD: "the merge of pull request {change} is held ({kind})",
    events.CHANGE_CLOSED: "pull request {change} was closed",
    events.APPROVAL_ASKED: "{approval} asks a person ({kind})",
    events.APPROVAL_GIVEN: "{actor} approved {approval}",
    events.APPROVAL_REFUSED: "{actor} refused {approval}",
    events.APPROVAL_SETTLED: "{approval} is settled",
    events.APPROVAL_REMINDED: "{approval} still waits for a person {to}",
    events.APPROVAL_ESCALATED: "nobody answers {approval}, so others are told: {to}",
    events.AGENT_QUARANTINED: "{agent} was quarantined",
    events.ACCESS_GRANTED: "{actor} gave {name} a token for the page, as {role}",
    events.ACCESS_REVOKED: "{actor} took the token for the page from {name}",
    events.LINK_MADE: "{actor} made a link by which {name} may answer {approval}",
    events.CHANGE_QUARANTINED: "pull request {change} was quarantined",
    events.CHANGE_RELEASED: "pull request {change} was released",
    events.AGENT_RELEASED: "{agent} was released",
    events.AGENT_DENIED: "{agent} in {run} was denied: {action}",
    events.PEOPLE_TOLD: "{channel} was told of {about}",
    events.RULES_PROPOSED: "{actor} wants a rule for {agent}, {where}: {rules}",
    events.RULES_WRITTEN: "the rules of {proposal} were written to {branch}",
    events.RULES_REFUSED: "the rules of {proposal} could not be written",
    events.TOOL_ASKED: "{run} waits for a person before {tool}: {about}",
    events.TOOL_DECIDED: "{tool} of {run} ({permit}): {about}",
    events.TOOL_FINISHED: "{tool} of {run} is back after {ms} ms",
    events.GATEWAY_REFUSED: "the gateway was asked with a token that is not known",
    events.GATE_EVALUATED: "the gate of pull request {change} was looked at",
    events.PASSAGE_EVALUATED: "the gate that {passage} waits for was looked at",
    events.JOB_RENEWED: "{job} of {instance}: what follows it starts anew",
    events.ITEM_EDITED: "item {item} says now: {title}",
    events.ITEM_ASSIGNED: "{actor} assigned item {item} to {assignee}",
    events.ITEM_REOPENED: "{actor} reopened item {item}",
    events.CHANGE_LABELED: "{actor} gave pull request {change} the label {label}",
    events.CHANGE_UNLABELED: "{actor} took the label {label} from pull request {change}",
    events.CHANGE_HEAD_SEEN: "the branch of pull request {change} is at {head}",
    events.CHANGE_REVIEW_POSTED: "the review of {run} was posted at pull request {change} by {login}",
    events.CHANGE_REVIEW_DISMISSED: "the review of pull request {change} by {by} was dismissed",
    events.CHANGE_REOPENED: "{actor} reopened pull request {change}",
    events.CHANGE_REPORTED: "the forge's check {name} of pull request {change}: {state}",
    events.CHANGE_GUARDED: "the forge was asked what it wants before it merges pull request {change}",
    events.ORDER_STOP_ASKED: "{action} of pull request {change} is to stop",
    events.ORDER_TAKEN_AS_DONE: "{actor} took {action} with {commit} as done",
    events.ORDER_ENDED: "{action} with {commit}: its command {how}",
    events.RELEASE_MADE: "pull request {change} was released as {tag}",
    events.FORGE_COMMANDED: "{actor} commanded /fleet {command} on {ref}",
    events.FORGE_COMMAND_SETTLED: "a command on the forge was dealt with",
    events.BUDGET_WARNED: "{percent} % of {words} are used ({figure})",
    events.WORKSPACES_CLEANED: "these workspaces were cleared away: {names}",
    events.WORKSPACES_MEASURED: "the workspaces take {bytes} bytes of {limit}",
    events.FORGE_SHOWN: "the forge shows item {item} as it is",
    events.FORGE_POLLED: "{repo} was asked",
    events.EFFECT_WANTED: "wanted: {kind}, {key}",
    events.EFFECT_DONE: "done: {key}",
    events.EFFECT_FAILED: "it failed: {key}",
}

_HEADLINES = frozenset(
    {
        events.WATCHER_STARTED,
        events.WATCHER_STOPPED,
        events.ITEM_OPENED,
        events.ITEM_LABELED,
        events.ITEM_CLOSED,
        events.WORKFLOW_REQUESTED,
        events.INSTANCE_FINISHED,
        events.JOB_SENT_BACK,
        events.JOB_RESUMED,
        events.RUN_ADMITTED,
        events.RUN_REPORTED,
        events.RUN_STOP_ASKED,
        events.RUN_NUDGED,
        events.BUDGET_WARNED,
        events.WORKSPACES_MEASURED,
        events.RUN_WAITS,
        events.RUN_TAKEN_OVER,
        events.RULES_PROPOSED,
        events.RULES_REFUSED,
        events.RUN_HANDED_BACK,
        events.RUN_ENDED,
        events.RUN_CANCELLED,
        events.CHANGE_OPENED,
        events.CHANGE_UPDATED,
        events.CHANGE_REVIEWED,
        events.CHANGE_ANSWERED,
        events.CHANGE_CHECKED,
        events.CHANGE_MERGED,
        events.CHANGE_HELD,
        events.RELEASE_MADE,
        events.ORDER_STOP_ASKED,
        events.ORDER_TAKEN_AS_DONE,
        events.ORDER_ENDED,
        events.CHANGE_CLOSED,
        events.APPROVAL_ASKED,
        events.APPROVAL_GIVEN,
        events.APPROVAL_REFUSED,
        events.APPROVAL_REMINDED,
        events.APPROVAL_ESCALATED,
        events.AGENT_QUARANTINED,
        events.AGENT_RELEASED,
        events.CHANGE_QUARANTINED,
        events.CHANGE_RELEASED,
        events.AGENT_DENIED,
        events.EFFECT_FAILED,
    }
)
_COMMITS = ("sha", "head", "commit")
_WHY = ("reason", "why", "error", "note")


def words(event: Event) -> str:
    """What happened, in one line without control characters."""
    form = _WORDS.get(event.type)
    if form is None:
        return clean(f"{event.type} {event.subject}")[:_LONGEST].strip()
    said = clean(form.format_map(_Told(event.data)))
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 1]}…"


def told(event: Event) -> str:
    """What happened and, where it says so, why: one line."""
    reason = reason_of(event)
    return f"{words(event)} — {reason}" if reason else words(event)


def headline(event: Event) -> str:
    """The same for those events that a person who watches cares about; empty for the others."""
    return told(event) if event.type in _HEADLINES or not event.type.startswith("fleet.") else ""


def reason_of(event: Event) -> str:
    """Why it happened, where the event says so; empty otherwise."""
    for name in _WHY:
        value = event.data.get(name)
        if isinstance(value, str) and value.strip():
            return clean(value)
    return ""


def who(event: Event) -> str:
    """Who it came from: a person (`user/mia`), an agent (`agent/qa`), or Fleet."""
    for name in ("actor", "author", "by"):
        value = event.data.get(name)
        if isinstance(value, str) and value:
            return clean(value)
    return clean(event.source.partition("/")[0] if event.source.startswith("fleet") else event.source)


class _Told(dict[str, Any]):
    """The data of an event as it is put into a sentence: long things are cut, missing ones marked."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__({name: _shown(name, value) for name, value in data.items()})

    def __missing__(self, name: str) -> str:
        return "" if name in ("workflow", "agent") else "?"


def _shown(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "passed" if value else "failed"
    if isinstance(value, list):
        return ", ".join(str(each) for each in value) or "nothing"
    text = str(value)
    return text[:12] if name in _COMMITS else text[:_LONGEST]
