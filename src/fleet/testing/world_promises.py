"""What should never be, whatever the dice say: told from the events, independently of the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import State
from fleet.testing.world_outside import Outside


class BrokenPromise(AssertionError):
    """Something that Fleet promises did not hold."""


def check_before(it: Outside, fleet: Fleet, state: State, log: Sequence[Event], event: Event) -> None:
    """What may not be said, given what is true before it."""
    data = event.data
    if event.type == events.EFFECT_WANTED and data["key"] in state.wishes:
        raise BrokenPromise(f"{data['key']} is wanted twice")
    if event.type == events.CHANGE_MERGED:
        check_merge(it, fleet, state, log, data)
    if event.type == events.JOB_FINISHED:
        _check_end(fleet, state, log, data)
    agent = state.agents.get(data.get("agent", ""))
    if event.type == events.RUN_ADMITTED and agent is not None and agent.quarantined:
        raise BrokenPromise(f"{data['agent']} is quarantined and was given {data['run']}")


def check_merge(
    it: Outside, fleet: Fleet, state: State, log: Sequence[Event], data: Mapping[str, Any]
) -> None:
    """The third invariant."""
    change = state.changes[data["change"]]
    if change.merged:
        raise BrokenPromise(f"change {change.id} is merged twice")
    if change.head != data["head"]:
        raise BrokenPromise(f"change {change.id} is merged at a head that it has left")
    said = [event.data for event in log if event.type == events.CHANGE_REVIEWED]
    last = {each["by"]: each["verdict"] for each in said if each["head"] == change.head}
    approving = {by for by, verdict in last.items() if verdict == "approve" and by != change.author}
    wanted = max((each.approvals for each in fleet.merge_gate if each.kind == "review"), default=0)
    if len(approving) < wanted:
        raise BrokenPromise(f"change {change.id} is merged with the approvals of {approving}")
    if fleet.checks and not change.checks.get("ok"):
        raise BrokenPromise(f"change {change.id} is merged without its checks: {change.checks}")
    human = [each for each in fleet.merge_gate if each.kind == "human"]
    needed = any(not each.when or change.risk.get("score", 0) >= 60 for each in human)
    needed = needed or bool(it.inspected.get(change.head))
    by_review = any(by.startswith("user/") for by in approving)
    released = any(
        event.type == events.CHANGE_RELEASED
        and (event.data["change"], event.data["head"]) == (change.id, change.head)
        for event in log
    )
    approved = any(
        event.type == events.APPROVAL_GIVEN
        and (asked := state.approvals[event.data["approval"]]).change == change.id
        and asked.head == change.head
        for event in log
    )
    if needed and not (by_review or approved or released):
        raise BrokenPromise(f"change {change.id} is merged without a person's word")


def _check_end(fleet: Fleet, state: State, log: Sequence[Event], data: Mapping[str, Any]) -> None:
    """A command is done when it has ended well, or a person says so and why."""
    workflow = fleet.workflow(state.instances[data["instance"]].workflow)
    job = workflow.job(data["job"]) if workflow is not None else None
    if job is None or job.order is None:
        return
    about = (data["instance"], data["job"])
    told = [event for event in log if (event.data.get("instance"), event.data.get("job")) == about]
    ended = [event for event in told if event.type in (events.ORDER_ENDED, events.ORDER_TAKEN_AS_DONE)]
    last = ended[-1].data if ended else {}
    by_person = str(last.get("actor", "")) == "user/ann" and bool(last.get("reason"))
    if not last.get("ok") and not by_person:
        raise BrokenPromise(f"{about} is done, and its command ended like this: {dict(last)}")


def broken_promises(it: Outside, fleet: Fleet, state: State, log: Sequence[Event]) -> list[str]:
    """What is true now and should never be."""
    found = [*it.undue, *_too_often(it, fleet, log), *_commands_that_go_on(it, state)]
    for agent in fleet.agents:
        live = [r for name in state.moving if (r := state.runs[name]).live and r.agent == agent.name]
        if len(live) > agent.slots:
            found.append(f"{agent.name} has {len(live)} runs in {agent.slots} slots")
        most = agent.budget.per_day.cost_micros
        record = state.agents.get(agent.name)
        day = record.spent.get(state.now // 86_400_000, {}) if record else {}
        held = day.get("cost_micros", 0) + sum(run.cost_limit for run in live)
        overshoot = 400_000 * (len(live) + sum(1 for r in state.runs.values() if r.agent == agent.name))
        if most and held > most + overshoot:
            found.append(f"{agent.name} holds {held} of {most} micro-dollars of the day")
    for instance in state.instances.values():
        workflow = fleet.workflow(instance.workflow)
        extra = sum(1 for each in state.approvals.values() if each.instance == instance.id)
        if workflow is not None and instance.round > workflow.rounds + 1 + extra:
            found.append(f"{instance.id} is in round {instance.round}")
    return found


def _too_often(it: Outside, fleet: Fleet, log: Sequence[Event]) -> Iterator[str]:
    """The second invariant: once each, and a command once more each time that a person wants it so; never
    more often than those whom its gate asks for let it pass.
    """
    for what in ("merge", "release"):
        yield from (f"{what} of {key}: {n} times" for key, n in it.often(what).items() if n > 1)
    orders = it.often("order")
    if not orders:
        return
    resumed: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    asked = {event.data["approval"]: event.data for event in log if event.type == events.APPROVAL_ASKED}
    for event in log:
        if event.type != events.APPROVAL_GIVEN:
            continue
        about = asked[event.data["approval"]]
        if not event.data.get("as_done"):
            resumed[f"order/{about['instance']}/{about['job']}"] += 1
        if event.data["actor"] == "user/ann":
            passed[about.get("passage", "")] += 1
    gated = any(line.kind == "human" for _, lines in fleet.gates for line in lines)
    for key, n in orders.items():
        if n > 1 + resumed[key]:
            yield f"{key} was begun {n} times, and people wanted {resumed[key]} of them"
        if gated and n > passed[key]:
            yield f"{key} was begun {n} times, and its gate was opened {passed[key]} times"


def _commands_that_go_on(it: Outside, state: State) -> Iterator[str]:
    """Commands at work, wished for and not told to end, of what is in quarantine."""
    for wish in state.wishes.values():
        session = f"order-{wish.args.get('instance')}-{wish.args.get('job')}-{wish.args.get('time')}"
        if wish.kind != "order" or it.commands.get(session) != "live" or f"stop/{session}" in state.wishes:
            continue
        change = state.changes[wish.args["change"]]
        if change.quarantined or state.agent(change.author.removeprefix("agent/")).quarantined:
            yield f"{session} goes on, and {change.id} or its author is in quarantine"
