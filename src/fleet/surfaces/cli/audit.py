"""`fleet audit`: is the log as it was written, and the whole of it for others to read."""

from __future__ import annotations

import csv
import json as json_
import sys
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import typer

from fleet.model.errors import FleetError
from fleet.model.event import Event, rfc3339, to_cloudevent
from fleet.surfaces.cli.options import Json
from fleet.surfaces.cli.output import print_json, print_json_line, say
from fleet.surfaces.cli.project import open_project
from fleet.wiring import find_place, verify_log

app = typer.Typer(help="Verify the event log, or export it.", no_args_is_help=True)

_COLUMNS = ("seq", "time", "type", "source", "subject", "id", "cause", "story", "data", "hash")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Format(StrEnum):
    """What an export is written in."""

    JSONL = "jsonl"
    CSV = "csv"


@app.command()
def verify(json: Json = False) -> None:
    """Check every record of the log, and that none is missing. Exit code 1 names the first bad one."""
    place = find_place()
    found = verify_log(place)
    if json:
        print_json(
            {
                "ok": found.ok,
                "events": found.events,
                "head": {"seq": found.head.seq, "hash": found.head.hash},
                "bad_seq": found.bad_seq or None,
                "problem": found.problem,
            }
        )
    if not found.ok:
        raise FleetError(
            f"The event log does not hold: {found.problem}",
            why=f"the {found.events} records before it are as they were written",
            do=f"Keep {place.log} and log.head as they are, and compare them with a copy.",
        )
    if not json:
        say(f"The log holds: {found.events} events, none changed, none missing. Head {found.head.hash[:16]}.")


@app.command()
def export(
    form: Annotated[Format, typer.Option("--format", help="jsonl (CloudEvents) or csv.")] = Format.JSONL,
) -> None:
    """Print the whole log: one CloudEvent a line, or a table."""
    with open_project() as project:
        if form is Format.JSONL:
            for event in project.events():
                print_json_line(to_cloudevent(event))
        else:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(_COLUMNS)
            for event in project.events():
                writer.writerow(_cells(event))


def _cells(event: Event) -> Iterator[str]:
    """One row. What a spreadsheet would take for a formula gets an apostrophe in front."""
    values = (
        str(event.seq),
        rfc3339(event.time),
        event.type,
        event.source,
        event.subject,
        event.id,
        event.causation_id,
        event.correlation_id,
        json_.dumps(event.data, ensure_ascii=True),
        event.hash,
    )
    return (f"'{value}" if value.startswith(_FORMULA) else value for value in values)
