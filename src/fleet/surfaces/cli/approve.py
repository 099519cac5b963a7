"""`fleet approve ID`: let it go on."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from fleet.model.errors import FleetError, UsageError
from fleet.model.event import Event
from fleet.model.state import State
from fleet.surfaces import deeds
from fleet.surfaces.cli.acting import act, actor, tell
from fleet.surfaces.cli.finding import find_approval
from fleet.surfaces.cli.options import Json
from fleet.surfaces.cli.output import clean
from fleet.surfaces.cli.people_only import people_only
from fleet.surfaces.cli.project import Project, open_project
from fleet.wiring import CONFIG_NAME

app = typer.Typer()


@app.command()
def approve(
    approval: Annotated[str, typer.Argument(metavar="ID", help="An approval, such as a1.")],
    note: Annotated[
        str,
        typer.Option("--note", "-m", metavar="TEXT", help="Words for the agent; the answer to a question."),
    ] = "",
    always: Annotated[
        bool,
        typer.Option(
            "--always",
            help="A call of a tool: let its agent do just this without asking from now on, by a pull request "
            "that changes fleet.yaml. It is shown first.",
        ),
    ] = False,
    as_done: Annotated[
        bool,
        typer.Option(
            "--as-done",
            help="A command that was cut off or failed: it is done all the same, and is not run again. "
            "--note says why.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --always: do not ask again.")] = False,
    json: Json = False,
) -> None:
    """Approve: what waits for you goes on. For a merge it counts for the commit that was asked about."""
    people_only(f"approve {approval}")

    if always and as_done:
        raise UsageError("--always and --as-done are two answers", do="Give one of them.")

    with open_project() as project:

        def given(state: State) -> list[Event]:
            found = find_approval(state, approval).id
            if as_done:
                return deeds.taken_as_done(project.fleet, state, actor(), found, note)
            return (deeds.always if always else deeds.approved)(state, actor(), found, note)

        if always:
            _shown(project, find_approval(project.state, approval).id, yes=yes)
        done = act(project, given)
        found = project.state.approvals[approval.strip()]
        document: dict[str, Any] = {
            "id": found.id,
            "kind": found.kind,
            "pr": found.change or None,
            "answer": "given",
        }
        if as_done:
            document["as_done"] = True
        about = f" for pull request {found.change} at {found.head[:12]}" if found.head else ""
        if always:
            document["rules"] = list(done[-1].data["rules"])
            about = "; the pull request follows"
        done_word = "took" if as_done else "approved"
        about = " as done" if as_done else about
        tell(project, f"You {done_word} {found.id} ({found.kind}){about}", document, as_json=json)


def _shown(project: Project, approval: str, *, yes: bool) -> None:
    """Show what is to be written, and ask. On stderr, since stdout may be a document."""
    from fleet.surfaces.always import preview

    found = preview(project.place, project.fleet, project.state, approval)
    for line in (found.said, *found.patch.splitlines()):
        typer.echo(clean(line, keep_lines=True), err=True)
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("Nobody is there to say yes", do=f"fleet approve {approval} --always --yes")
    if not typer.confirm(f"Allow it now, and open this pull request on {CONFIG_NAME}", err=True):
        raise FleetError(f"{approval} was not answered", do=f"This once: fleet approve {approval}")
