"""Questions of agents: they come before a person even while the agent still runs, and where fleet.yaml says
so the agent is told to go on when nobody has answered for a while.
"""

from __future__ import annotations

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import Approval, Run, State
from fleet.policy.fact import fact

WAITS_MS = 2 * 60_000
"""An agent that asked and does no more is ended after this, so that its question comes before a person."""

POLICY = "fleet/questions"
"""Who answers in the name of fleet.yaml."""

MOST_BY_POLICY = 3


def questions_to_answer(fleet: Fleet, state: State) -> list[Event]:
    """Answers that were given in another place (by a comment on the item, or to the session before it ended),
    and those that fleet.yaml gives to questions which nobody answered in time.
    """
    decided = []
    for approval in _open(state):
        actor, note = _said(state, approval)
        due, then = _policy(fleet, state, approval)
        if not note and due and due <= state.now:
            actor, note = POLICY, then
        if note:
            data = {"approval": approval.id, "actor": actor, "note": note}
            decided.append(fact(events.APPROVAL_GIVEN, data, cause=approval.cause, story=approval.instance))
    return decided


def _said(state: State, approval: Approval) -> tuple[str, str]:
    """Who answered, and what: the last words told to the session that asked, else the first comment since."""
    run = state.runs.get(approval.run)
    if run is not None and run.answer:
        return run.answered_by, run.answer
    instance = state.instances.get(approval.instance)
    item = state.items.get(instance.item) if instance else None
    since = max(approval.asked, run.asked_at) if run else approval.asked
    for each in item.comments if item else ():
        about = each["trusted"] and not each["path"] and not each["text"].lstrip().startswith("/fleet")
        if about and each["time"] > since and each["author"].startswith("user/"):
            return each["author"], each["text"]
    return "", ""


def answers_due(fleet: Fleet, state: State) -> list[int]:
    """When a question is answered by fleet.yaml next, or a run that waits for its answer is ended (ms since
    the epoch).
    """
    times = [_policy(fleet, state, approval)[0] for approval in _open(state)]
    times += [answer_by(state.runs[name]) for name in state.moving]
    return [time for time in times if time > state.now]


def answer_by(run: Run) -> int:
    """When a run is ended that asked a person and waits for the answer in its session; 0 for never."""
    if not run.question or run.state != "running" or run.stop_reason:
        return 0
    return max(run.asked_at, run.heard, run.acted) + WAITS_MS


def _open(state: State) -> list[Approval]:
    asked = (state.approvals[name] for name in state.asked)
    return [each for each in asked if each.kind == "question" and not each.answer]


def _policy(fleet: Fleet, state: State, approval: Approval) -> tuple[int, str]:
    """When and how fleet.yaml answers this question; 0 for never. Not for ever: an agent that asks on and on
    needs a person.
    """
    run = state.runs.get(approval.run)
    agent = fleet.agent(run.agent) if run else None
    if agent is None or not agent.questions.wait_ms:
        return 0, ""
    answered = sum(
        1
        for each in state.approvals.values()
        if each.by == POLICY and (each.instance, each.job) == (approval.instance, approval.job)
    )
    if answered >= MOST_BY_POLICY:
        return 0, ""
    return approval.asked + agent.questions.wait_ms, agent.questions.then
