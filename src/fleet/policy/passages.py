"""What becomes of actions that a gate holds back: people are asked, and what waited goes to the forge."""

from __future__ import annotations

from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import Passage, State
from fleet.policy.ask import for_passage
from fleet.policy.fact import wish
from fleet.policy.passage import shut, to_publish

PUBLISH = "publish/"


def runs_to_publish(fleet: Fleet, state: State) -> list[Event]:
    """Runs whose commits were held back and may now go to the forge."""
    decided: list[Event] = []
    for key, passage in state.passages.items():
        run = state.runs.get(passage.run)
        if not key.startswith(PUBLISH) or run is None or key in state.wishes or _is_over(state, passage):
            continue
        kinds, change = to_publish(fleet, state, run)
        held = shut(fleet, state, kinds, key, change, run=run.id)
        if held is None:
            decided.append(wish("publish", run.id, {"run": run.id}, cause=passage.cause, story=run.instance))
        else:
            decided += held
    return decided


def passages_to_ask(fleet: Fleet, state: State) -> list[Event]:
    """A person is asked when nothing but a person's word keeps an action back."""
    del fleet
    decided: list[Event] = []
    number = state.approval_number
    for passage in state.passages.values():
        missing = [each for each in passage.lines if not each["met"]]
        if passage.key in state.wishes or _is_over(state, passage):
            continue
        if not missing or not all(each.get("ask") for each in missing):
            continue
        asked = [each for each in state.approvals.values() if each.passage == passage.key]
        if not asked or (asked[-1].handled and asked[-1].answer != "refused"):
            number += 1
            why = "; ".join(dict.fromkeys(str(each["reason"]) for each in missing))
            decided.append(for_passage(passage, f"{' and '.join(passage.kinds)}: {why}", number=number))
    return decided


def _is_over(state: State, passage: Passage) -> bool:
    instance = state.instances.get(passage.instance)
    return instance is None or bool(instance.outcome)
