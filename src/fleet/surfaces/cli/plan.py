"""`fleet plan`: what the rules would decide next. Nothing is written and nothing is done."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace

import typer

from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import State
from fleet.surfaces.cli.options import Json
from fleet.surfaces.cli.output import print_json, say, style
from fleet.surfaces.cli.paragraphs import say_wrapped
from fleet.surfaces.cli.project import open_project

app = typer.Typer()

_MOST_STEPS = 100


@app.command()
def plan(json: Json = False) -> None:
    """Show what would be decided next, without doing it."""
    from fleet.views.events import reason_of, told, words
    from fleet.views.why import rule_of

    with open_project() as project:
        state = copy.deepcopy(project.state)
        state.now = max(state.now, project.now)
        decided = list(_decided(project.fleet, state))
    if json:
        print_json(
            [
                {
                    "type": event.type,
                    "subject": event.subject,
                    "rule": rule_of(event),
                    "words": words(event),
                    "reason": reason_of(event),
                    "data": dict(event.data),
                }
                for event in decided
            ]
        )
        return
    rule = ""
    for event in decided:
        if rule_of(event) != rule:
            rule = rule_of(event)
            say(style(rule, "dim"))
        say_wrapped(told(event), indent=4, first="  ")
    if not decided:
        say("Nothing: all is as it should be, or waits for something to happen.")


def _decided(fleet: Fleet, state: State) -> Iterator[Event]:
    """What follows from the state, and from that, until only the outer world can bring something new."""
    from fleet.policy.decide import decide
    from fleet.policy.fold import fold

    for _ in range(_MOST_STEPS):
        events = decide(fleet, state)
        if not events:
            return
        for event in events:
            seq = state.seq + 1
            event = replace(event, id=f"plan-{seq}", time=state.now, seq=seq)
            fold(state, event)
            yield event
