"""Rules that a person wants in an agent's permissions for good: a change of Fleet's own, gated as any other.

Nothing is different for the agent before it is merged and the watcher has read fleet.yaml again.
"""

from __future__ import annotations

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.proposal import OWN, WORKFLOW, Proposal
from fleet.model.state import Change, State
from fleet.policy.fact import fact, wish
from fleet.policy.number import last_number, new_number

_TITLE = 120


def rules_to_write(fleet: Fleet, state: State) -> list[Event]:
    """The wish to write what a person wants to a branch; once that is done, its pull request."""
    for each in state.proposals.values():
        if each.refused or each.change:
            continue
        if each.head:
            return _opened(fleet, state, each)
        if f"write/{each.id}" not in state.wishes:
            return [wish("write", each.id, {"proposal": each.id}, cause=each.cause)]
    return []


def is_own(change: Change) -> bool:
    """Whether it is as Fleet itself made it in a person's name: nobody has pushed to its branch since."""
    return change.author == OWN and change.heads[:1] == [change.head] and set(change.authors) == {OWN}


def _opened(fleet: Fleet, state: State, proposal: Proposal) -> list[Event]:
    """The task, the instance that lands it, and the pull request."""
    item = last_number(fleet, state) + 1
    change = state.refs.get(proposal.ref) or new_number(state, proposal.ref, [item])
    instance = f"i{state.instance_number + 1}"
    title = proposal.title if len(proposal.title) <= _TITLE else f"{proposal.title[: _TITLE - 1]}…"
    told = [
        f'{proposal.actor} answered {proposal.id} with "always".',
        f"In fleet.yaml, agents.{proposal.agent}.permissions.{proposal.where}:",
        *(f"- {each}" for each in proposal.rules),
    ]
    opened = {
        "item": item,
        "kind": "task",
        "title": title,
        "body": "\n".join(told),
        "labels": [],
        "author": proposal.actor,
        "trusted": True,
        "repo": proposal.repo,
    }
    started = {
        "instance": instance,
        "workflow": WORKFLOW,
        "item": item,
        "trigger": proposal.cause,
        "jobs": ["merge"],
        "agent": "",
        "depth": 0,
    }
    made = {
        "change": change,
        "item": item,
        "instance": instance,
        "branch": proposal.branch,
        "base": proposal.base,
        "repo": proposal.repo,
        "ref": proposal.ref,
        "head": proposal.head,
        "author": OWN,
        "title": title,
        "body": "\n".join(told),
        "maker": "",
        "run": "",
        "proposal": proposal.id,
        "actor": proposal.actor,
    }
    return [
        fact(kind, data, cause=proposal.cause, story=instance)
        for kind, data in (
            (events.ITEM_OPENED, opened),
            (events.INSTANCE_STARTED, started),
            (events.CHANGE_OPENED, made),
        )
    ]
