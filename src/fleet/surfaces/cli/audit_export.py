"""`fleet audit export`: the log, or what is asked for of it, for other programs."""

from __future__ import annotations

import csv
import json as json_
import sys
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import typer

from fleet.model.event import Event, rfc3339, to_cloudevent
from fleet.surfaces.cli.asking import ByActor, ByAgent, Kind, OfItem, OfRun, Since, Until, asked
from fleet.surfaces.cli.output import print_json_line
from fleet.surfaces.cli.project import open_project
from fleet.views.events import reason_of, who
from fleet.views.filter import Filter

_COLUMNS = (
    *("seq", "time", "type", "who", "source", "subject", "item", "run", "agent", "harness"),
    *("version", "model", "prompt_sha256", "system_sha256", "template_sha256"),
    *("outcome", "reason", "cost_micros", "tokens", "id", "cause", "story", "data", "hash"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class Format(StrEnum):
    """What an export is written in."""

    JSONL = "jsonl"
    CSV = "csv"


def export(
    form: Annotated[Format, typer.Option("--format", help="jsonl (CloudEvents) or csv.")] = Format.JSONL,
    kind: Kind = "",
    agent: ByAgent = "",
    item: OfItem = 0,
    run: OfRun = "",
    actor: ByActor = "",
    since: Since = "",
    until: Until = "",
) -> None:
    """Print the log: one CloudEvent a line, or a table; all of it, or what is asked for."""
    wanted = Filter(asked(kind, agent, item, run, actor, since, until))
    with open_project() as project:
        if form is Format.JSONL:
            for event in wanted.over(project.events()):
                print_json_line(to_cloudevent(event))
        else:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(_COLUMNS)
            for event in wanted.over(project.events()):
                writer.writerow(_cells(event, wanted))


def _cells(event: Event, wanted: Filter) -> Iterator[str]:
    """One row. What a spreadsheet would take for a formula gets an apostrophe in front."""
    behind, data = wanted.who(event), event.data
    values = (
        str(event.seq),
        rfc3339(event.time),
        event.type,
        who(event),
        event.source,
        event.subject,
        str(wanted.item_of(event) or ""),
        str(data.get("run") or ""),
        wanted.agent_of(event),
        behind.harness,
        behind.version,
        behind.model,
        *(str(behind.digests.get(name) or "") for name in ("prompt", "system", "template")),
        str(data.get("outcome") or data.get("verdict") or ""),
        reason_of(event),
        _number(data.get("cost_micros")),
        _number(data.get("tokens")),
        event.id,
        event.causation_id,
        event.correlation_id,
        json_.dumps(data, ensure_ascii=True),
        event.hash,
    )
    return (f"'{value}" if value.lstrip(" ").startswith(_FORMULA) else value for value in values)


def _number(value: object) -> str:
    return str(value) if type(value) is int else ""
