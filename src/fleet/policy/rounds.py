"""The review loop: when all have had their say, the change goes back with all of it, at most so often."""

from __future__ import annotations

from typing import Any

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import Change, Instance, State
from fleet.policy.ask import stuck
from fleet.policy.fact import fact
from fleet.policy.workflow import dependents, workflow_of, works

_OUTPUT = 4000


def jobs_to_send_back(fleet: Fleet, state: State) -> list[Event]:
    """Changes that go back to whoever made them. A round is over once no run works on its head any more, so
    that one trip back carries every reviewer's text and every failed check.
    """
    decided: list[Event] = []
    asked = state.approval_number
    for name in state.active:
        instance = state.instances[name]
        change = state.changes.get(instance.change)
        workflow = workflow_of(fleet, instance)
        if change is None or workflow is None or not objections(change):
            continue
        maker = instance.jobs.get(change.maker)
        if maker is None or maker.state != "done" or maker.done_head != change.head:
            continue  # it works on it already, or waits for a person
        if works(state, instance, dependents(workflow, change.maker)) or _is_checked_now(state, change):
            continue
        if instance.round > workflow.rounds:
            asked += 1
            why = f"changes were asked for {instance.round} times, and {workflow.rounds} rounds is the most"
            decided += stuck(state, instance, change.maker, "rounds", why, number=asked)
        else:
            decided += sent_back(fleet, state, instance, "", cause=change.cause)
    return decided


def last_words(change: Change) -> dict[str, dict[str, Any]]:
    """The last review of the change's head by each who may judge it. Whoever is not trusted may say what they
    like, and moves nothing.
    """
    said = (each for each in change.reviews if each["head"] == change.head and each.get("trusted", True))
    return {each["by"]: each for each in said}


def remarks_on_head(change: Change) -> list[dict[str, Any]]:
    """What people with a say remarked on the change's head, but for those who approve it all the same."""
    latest = last_words(change)
    content = {by for by, each in latest.items() if each["verdict"] == "approve"}
    return [each for each in change.remarks if each["head"] == change.head and each["author"] not in content]


def _failed(check: dict[str, Any]) -> str:
    output = str(check.get("output", ""))[-_OUTPUT:]
    return output if check.get("conflict") else f"The check {check.get('name')} failed:\n{output}"


def _place(remark: dict[str, Any]) -> str:
    if not remark["path"]:
        return ""
    return f" at {remark['path']}:{remark['line']}" if remark["line"] else f" at {remark['path']}"


def jobs_to_renew(fleet: Fleet, state: State) -> list[Event]:
    """Changes whose branch somebody else pushed to: everything that looked at the old head looks again."""
    decided: list[Event] = []
    for name in state.active:
        instance = state.instances[name]
        change = state.changes.get(instance.change)
        workflow = workflow_of(fleet, instance)
        maker = instance.jobs.get(change.maker) if change is not None else None
        if change is None or workflow is None or maker is None or not change.open:
            continue
        if maker.state != "done" or maker.done_head == change.head:
            continue
        after = dependents(workflow, change.maker)
        if works(state, instance, after):
            continue  # whoever looks at the old head comes to an end first
        data = {
            "instance": name,
            "job": change.maker,
            "head": change.head,
            "resets": after,
            "reason": f"{change.branch} was pushed to by somebody else",
        }
        decided.append(fact(events.JOB_RENEWED, data, cause=change.cause, story=name))
    return decided


def objections(change: Change) -> list[str]:
    """What stands against the change's head, each as a text for the author: reviews that ask for changes (the
    last word of each reviewer counts, until the author has answered it), people's remarks, failed checks, a
    conflict with the base. Nothing once it is merged or closed.
    """
    if not change.open:
        return []
    found = [
        f"{by} asks for changes:\n{review['text']}"
        for by, review in last_words(change).items()
        if review["verdict"] == "request-changes" and not review.get("answer")
    ]
    found += [f"{each['author']} remarks{_place(each)}:\n{each['text']}" for each in remarks_on_head(change)]
    found += [
        _failed(check)
        for check in change.checks.get("results", ())
        if not check.get("ok") and not change.checks.get("error")
    ]
    found += [
        f"The forge's check {name} failed:\n{each['output'][-_OUTPUT:]}"
        for name, each in change.reports.items()
        if each["state"] == "failed"
    ]
    if change.held.get("kind") == "conflict":
        paths = "\n".join(str(path) for path in change.held.get("paths") or ())
        found.append(f"It can't be merged: {change.held.get('reason', '')}\n{paths}".rstrip())
    return found


def is_answerable(change: Change) -> bool:
    """Whether agents alone object to it, by their reviews: those look again when its author has an answer.
    No answer does away with what people ask for, or with a check.
    """
    against = objections(change)
    asking = [by for by, each in last_words(change).items() if each["verdict"] == "request-changes"]
    return len(against) == len(asking) > 0 and all(by.startswith("agent/") for by in asking)


def sent_back(fleet: Fleet, state: State, instance: Instance, note: str, *, cause: str) -> list[Event]:
    """One more round: the maker works again, all that follows it starts anew, queued runs of it are
    cancelled.
    """
    change = state.changes[instance.change]
    workflow = workflow_of(fleet, instance)
    after = dependents(workflow, change.maker) if workflow else []
    reasons = objections(change)
    text = "\n\n".join([*reasons, *([f"A person adds:\n{note}"] if note else [])])
    cancelled = [
        fact(
            events.RUN_CANCELLED,
            {"run": run.id, "reason": "the change goes back"},
            cause=cause,
            story=instance.id,
        )
        for name in state.moving
        if (run := state.runs[name]).instance == instance.id and run.state == "queued"
    ]
    data = {
        "instance": instance.id,
        "job": change.maker,
        "change": change.id,
        "head": change.head,
        "resets": after,
        "round": instance.round + 1,
        "text": text,
        "reason": "; ".join(each.splitlines()[0].rstrip(":") for each in reasons) or "a person asked for it",
    }
    return [*cancelled, fact(events.JOB_SENT_BACK, data, cause=cause, story=instance.id)]


def _is_checked_now(state: State, change: Change) -> bool:
    """Whether checks of this head are on their way, Fleet's own or its forge's."""
    return any(each["state"] == "pending" for each in change.reports.values()) or any(
        wish.kind == "check" and wish.args.get("change") == change.id and wish.args.get("head") == change.head
        for wish in state.wishes.values()
    )
