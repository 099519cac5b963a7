"""Gates of other actions than a merge: what is wished for only once their lines are met.

An action that a gate holds back is a passage, under the key of the wish that it waits for. Its approvals are
its own: whoever lets a push pass has not approved the merge.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet, Requirement
from fleet.model.state import Change, Instance, Passage, Run, State
from fleet.policy.fact import fact
from fleet.policy.lines import read_lines
from fleet.policy.suspect import quarantine
from fleet.policy.workflow import base_branch


def shut(
    fleet: Fleet, state: State, kinds: Iterable[str], key: str, change: Change, *, run: str = ""
) -> list[Event] | None:
    """None where the action may be wished for. Else what there is to say of its gate: one event where it
    reads otherwise than before. `kinds` are the gates that it passes, `key` is the wish's. With or without a
    gate, nothing passes while the change, or one of its authors, is in quarantine.
    """
    wanted, still = lines_of(fleet, kinds), quarantine(state, change)
    if not wanted and not still:
        return None
    known = state.passages.get(key, Passage(key))
    found = [*read_lines(fleet, state, _asked(change, known), wanted), *still]
    missing = [each["name"] for each in found if not each["met"]]
    if not missing:
        return None
    if found == known.lines:
        return []
    data = {
        "passage": key,
        "kinds": list(kinds),
        "change": change.id,
        "run": run,
        "head": change.head,
        "instance": change.instance,
        "requirements": found,
        "open": False,
        "reason": f"missing: {', '.join(missing)}",
    }
    return [fact(events.PASSAGE_EVALUATED, data, cause=change.cause, story=change.instance)]


def _asked(change: Change, passage: Passage) -> Change:
    """The change with what was said of this action alone."""
    return replace(change, approved_by=list(passage.approved), approved_at=dict(passage.approved), reviews=[])


def as_it_is_now(fleet: Fleet, state: State, change: Change, kind: str) -> list[dict[str, Any]]:
    """How the gate of an action that nobody has wished for yet would stand now."""
    return read_lines(fleet, state, _asked(change, Passage("")), lines_of(fleet, (kind,)))


def lines_of(fleet: Fleet, kinds: Iterable[str]) -> list[Requirement]:
    """The lines of these gates, one after the other."""
    return [line for kind in kinds for line in fleet.gate(kind)]


def to_publish(fleet: Fleet, state: State, run: Run) -> tuple[tuple[str, ...], Change]:
    """The gates that a run's commits pass on their way to the forge, and the change that they will be."""
    instance, head = state.instances[run.instance], str(run.collected.get("head", ""))
    known = state.changes.get(instance.change)
    if known is not None:
        moved = replace(known, head=head, risk={"head": head}, cause=run.cause)
        return ("push",), moved
    return ("push", "pull-request"), _first(fleet, state, instance, run, head)


def _first(fleet: Fleet, state: State, instance: Instance, run: Run, head: str) -> Change:
    item = state.items[run.item]
    return Change(
        id=0,
        item=run.item,
        instance=instance.id,
        branch=run.branch,
        base=base_branch(fleet, item.repo),
        head=head,
        author=f"agent/{run.agent}",
        title=item.title,
        body=run.text,
        repo=item.repo,
        maker=run.job,
        updated=run.ended,
        risk={"head": head},  # nobody works it out before it is there, and no line may look at it
        cause=run.cause,
    )
