"""`fleet emit TYPE`: append an event of your own. Workflows may listen to it."""

from __future__ import annotations

import json as json_
import re
from typing import Annotated, Any

import typer

from fleet.model.errors import UsageError
from fleet.surfaces.cli.acting import deed, tell
from fleet.surfaces.cli.options import Json, text_of
from fleet.surfaces.cli.output import clean
from fleet.surfaces.cli.people_only import people_only
from fleet.surfaces.cli.project import open_project

app = typer.Typer()

_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,126}")
_SUBJECT = 200


@app.command()
def emit(
    kind: Annotated[str, typer.Argument(metavar="TYPE", help="Such as docs.outdated.")],
    data: Annotated[
        str, typer.Option("--data", metavar="JSON", help="An object; - reads it from stdin.")
    ] = "",
    subject: Annotated[str, typer.Option("--subject", metavar="TEXT", help="What it is about.")] = "",
    json: Json = False,
) -> None:
    """Append an event of your own; workflows may listen to its type."""
    people_only(f"emit {kind}")
    if not _TYPE.fullmatch(kind):
        raise UsageError(
            f"{kind!r} is no type for an event",
            why="a type is letters, digits and . _ - / (at most 127)",
            do="Write it like docs.outdated, a thing and what happened to it.",
        )
    if kind.lower() == "fleet" or kind.lower().startswith("fleet."):
        raise UsageError(
            f"Nobody but Fleet emits {kind}",
            why="types that start with fleet. are its own",
            do="Choose a name of your own, such as docs.outdated.",
        )
    found = _object(text_of("", "-") if data == "-" else text_of(data, ""))
    with open_project() as project:
        event = project.log.append([deed(kind, found, subject=clean(subject)[:_SUBJECT])])[0]
        document = {"id": event.id, "seq": event.seq, "type": event.type}
        tell(project, f"Event {event.seq} is in the log: {event.type}", document, as_json=json)


def _object(text: str) -> dict[str, Any]:
    try:
        found = json_.loads(text) if text.strip() else {}
    except (ValueError, RecursionError) as error:
        raise UsageError(
            "The data is not JSON", why=str(error), do="""Write --data '{"name": 1}'."""
        ) from error
    if not isinstance(found, dict):
        raise UsageError("The data is not a JSON object", do="""Write --data '{"name": 1}'.""")
    return found
