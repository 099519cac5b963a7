"""Secrets in what a run would publish: it goes back to the agent, and the second time to a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fleet.model import events
from fleet.model.event import Event
from fleet.model.state import Approval, Change, Run, State
from fleet.policy.ask import asked_for
from fleet.policy.fact import fact
from fleet.policy.requirements.found import met, persons
from fleet.policy.requirements.people import approving

NAME = "secrets"
_SHOWN = 10


def secrets_in(run: Run) -> list[dict[str, Any]]:
    """The secrets in its commits, by path, line and kind; never by what they are."""
    found = run.collected.get("secrets")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def others_pushed(state: State, change: Change) -> bool:
    """Whether it has, or had, a head that is no run's own."""
    own = {run.collected.get("head") for run in _runs_of(state, change)}
    return any(head not in own for head in (*change.heads, change.head))


def unjudged(state: State, change: Change, found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of the secrets that a change adds, those that no person was asked about when a run committed them."""
    asked = [each for run in _runs_of(state, change) for each in secrets_in(run)]
    return [each for each in found if each not in asked]


def pushed_secrets(change: Change) -> list[dict[str, Any]]:
    """The requirement of the merge gate where somebody else pushed commits that hold some; else none."""
    found = change.inspected.get("secrets")
    if not found:
        return []
    reason = f"commits that were pushed to it hold secrets: {in_words(found)}"
    people = approving(change)
    if people:
        return [met(NAME, f"{reason}; {', '.join(people)} approved it nevertheless")]
    return [persons(NAME, f"{reason}. Take them back where they are used; approve if they are none")]


def leak_of(state: State, run: Run) -> str:
    """Why its commits may not be published, "" where they may."""
    word = _word_on(state, run)
    if not secrets_in(run) or (word is not None and word.answer == "given"):
        return ""
    said = f" {word.by}: {word.note}." if word is not None and word.note else ""
    return (
        f"its commits hold secrets: {listed(run)}.{said} Take them out of every commit (a later commit that "
        "removes them is not enough: amend or rebase), and leave no secret in the repository"
    )


def is_withheld(state: State, run: Run) -> bool:
    """Whether its commits wait for a person to say whether these are secrets at all."""
    if not secrets_in(run) or run.stop_kind or run.state != "collecting" or _is_first(state, run):
        return False
    word = _word_on(state, run)
    return word is None or not word.answer


def leak_to_ask(state: State, run: Run, number: int) -> list[Event]:
    """The question to a person, nothing where it was asked."""
    if _word_on(state, run) is not None:
        return []
    data = {
        "approval": f"a{number}",
        "kind": "secrets",
        "why": f"{run.agent} would publish what looks like secrets: {listed(run)}. Approve if they are none",
        "change": run.change,
        "head": run.collected.get("head") or "",
        "instance": run.instance,
        "job": run.job,
        "run": run.id,
    }
    return [fact(events.APPROVAL_ASKED, data, cause=run.cause, story=run.instance)]


def listed(run: Run) -> str:
    """The secrets in words: `app.py:3 (GitHub Token)`."""
    return in_words(secrets_in(run))


def in_words(found: Sequence[Mapping[str, Any]]) -> str:
    """Secrets in words."""
    words = [f"{each.get('path')}:{each.get('line')} ({each.get('kind')})" for each in found[:_SHOWN]]
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return ", ".join(words) + more


def _runs_of(state: State, change: Change) -> list[Run]:
    instance = state.instances.get(change.instance)
    names = [name for record in instance.jobs.values() for name in record.runs] if instance else []
    return [state.runs[name] for name in names if name in state.runs]


def _is_first(state: State, run: Run) -> bool:
    instance = state.instances.get(run.instance)
    record = instance.jobs.get(run.job) if instance is not None else None
    before = [state.runs[name] for name in record.runs if name != run.id] if record is not None else []
    return not any(secrets_in(each) and each.round == run.round for each in before)


def _word_on(state: State, run: Run) -> Approval | None:
    head = run.collected.get("head") or ""
    return asked_for(state, kind="secrets", change=run.change, head=head, run=run.id)
