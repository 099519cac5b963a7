"""`fleet logs RUN`: what the agent said and did, readable; `-f` goes on until the run has ended."""

from __future__ import annotations

from typing import Annotated

import typer

from fleet.model.errors import FleetError
from fleet.model.event import rfc3339
from fleet.model.state import Run
from fleet.surfaces.cli.finding import find_run
from fleet.surfaces.cli.options import RunId
from fleet.surfaces.cli.output import print_json, print_json_line, print_note, say
from fleet.surfaces.cli.project import Project, open_project

app = typer.Typer()


@app.command()
def logs(
    run: RunId,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until it has ended.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print one array of entries; with -f one entry a line.")
    ] = False,
) -> None:
    """Show a run's transcript."""
    with open_project() as project:
        show_transcript(project, find_run(project.state, run), follow=follow, json=json)


def show_transcript(project: Project, run: Run, *, follow: bool, json: bool = False) -> None:
    """Print a run's transcript; with `follow` also what comes, until its session has ended."""
    from fleet.surfaces.cli.transcripts import OpenTranscript, follow_transcript
    from fleet.views.transcript import Entry, entry_lines

    if not run.harness:
        raise FleetError(
            f"{run.id} has no transcript yet", why=f"it is {run.state}", do=f"See: fleet why {run.id}"
        )

    if run.redacted:
        raise FleetError(
            f"The transcript of {run.id} is gone", why=run.redacted, do=f"See: fleet why {run.id}"
        )

    def document(entry: Entry) -> dict[str, object]:
        return {"time": rfc3339(entry.t), "kind": entry.kind, "ok": entry.ok, "text": entry.text}

    with OpenTranscript(project.place, run) as transcript:
        if json and not follow:
            print_json([document(entry) for entry in transcript.news()])
            return
        for entry in follow_transcript(project, transcript) if follow else transcript.news():
            if json:
                print_json_line(document(entry))
            else:
                for line in entry_lines(entry):
                    say(line)
        ended = project.catch_up().runs[run.id]
    if not json and ended.state == "ended":
        print_note(f"{run.id} ended: {ended.outcome}{': ' if ended.reason else ''}{ended.reason}")
