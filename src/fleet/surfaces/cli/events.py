"""`fleet events`: the log, one event a line; `--follow` goes on."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Annotated

import typer

from fleet.model.event import Event, to_cloudevent
from fleet.ports.log import Following
from fleet.surfaces.cli.asking import ByActor, ByAgent, Kind, OfItem, OfRun, Since, Until, asked
from fleet.surfaces.cli.output import clean, clock, print_json_line, say
from fleet.surfaces.cli.project import open_project
from fleet.views.filter import Filter

app = typer.Typer()


@app.command()
def events(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes.")] = False,
    kind: Kind = "",
    agent: ByAgent = "",
    item: OfItem = 0,
    run: OfRun = "",
    actor: ByActor = "",
    since: Since = "",
    until: Until = "",
    after: Annotated[
        int | None, typer.Option("--after", metavar="SEQ", min=0, help="Only those behind this number.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", "-n", metavar="N", min=0, help="At most so many: the newest; after SEQ: the next."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one CloudEvent a line.")] = False,
) -> None:
    """Show the event log, oldest first."""
    wanted = Filter(asked(kind, agent, item, run, actor, since, until))
    with open_project() as project:
        last = 0
        if after and wanted.asked.needs_story:
            for event in project.log.read(0, after):
                wanted.learn(event)
        found = wanted.over(project.log.read(after or 0))
        for event in _limited(found, limit, newest=after is None):
            last = event.seq
            _show(event, json=json)
        if follow and (limit is None or after is None):
            _follow(project.log.follow(last or after or 0), wanted, json=json)


def _follow(following: Following, wanted: Filter, *, json: bool) -> None:
    with following:
        while True:
            for event in wanted.over(following.wait(None)):
                _show(event, json=json)


def _limited(found: Iterable[Event], limit: int | None, *, newest: bool) -> Iterator[Event]:
    if limit is None:
        yield from found
    elif newest:
        yield from deque(found, maxlen=limit)
    else:
        for _, event in zip(range(limit), found, strict=False):
            yield event


def _show(event: Event, *, json: bool) -> None:
    if json:
        print_json_line(to_cloudevent(event))
        return
    from fleet.views.events import told

    name = clean(event.type.removeprefix("fleet."))
    say(f"{event.seq:>6}  {clock(event.time)}  {name:<20}  {told(event)}")
