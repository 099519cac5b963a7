"""`fleet pr`: pull requests, their gates and their diffs; a person's review and refusal."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from fleet.model import events
from fleet.model.errors import FleetError, UsageError
from fleet.model.event import Event
from fleet.model.state import Change, State
from fleet.surfaces.cli.acting import act, actor, deed, tell
from fleet.surfaces.cli.finding import find_change
from fleet.surfaces.cli.options import Json, number, text_of
from fleet.surfaces.cli.output import clean, print_json, say, style
from fleet.surfaces.cli.paragraphs import say_block, say_fact, say_line, say_table
from fleet.surfaces.cli.people_only import people_only
from fleet.surfaces.cli.project import Project, open_project
from fleet.surfaces.cli.table import Column, print_table

app = typer.Typer(help="List, show, review and close pull requests.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(metavar="N", help="The pull request's number.")]


class Verdict(StrEnum):
    """A review's verdict."""

    APPROVE = "approve"
    REQUEST_CHANGES = "request-changes"


@app.command("list")
def list_(
    all_: Annotated[bool, typer.Option("--all", help="Merged and closed ones too.")] = False,
    json: Json = False,
) -> None:
    """List pull requests and where they stand."""
    from fleet.views.changes import change_row

    with open_project() as project:
        changes = [each for each in project.state.changes.values() if all_ or each.open]
        rows = [change_row(project.fleet, project.state, each) for each in changes]
    if json:
        print_json(rows)
        return
    print_table(
        [
            "#",
            "state",
            Column("title", least=14),
            Column("author", least=8),
            Column("risk", "right"),
            Column("why", least=12),
        ],
        [
            [
                str(row["id"]),
                row["standing"],
                row["title"],
                row["author"].removeprefix("agent/"),
                "-" if row["risk"] is None else str(row["risk"]),
                row["reason"],
            ]
            for row in rows
        ],
        empty="There is no open pull request.",
        styles={"merged": "green", "ready": "green", "held": "red", "objected": "yellow", "waits": "yellow"},
    )


@app.command()
def show(pr: Number, json: Json = False) -> None:
    """Show a pull request: its gate, reviews, checks and risk."""
    from fleet.views.changes import change_page

    with open_project() as project:
        page = change_page(project.fleet, project.state, find_change(project.state, pr))
    if json:
        print_json(page)
    else:
        _show(page)


@app.command()
def diff(pr: Number, json: Json = False) -> None:
    """Print what a pull request changes, as a patch."""
    with open_project() as project:
        change = find_change(project.state, pr)
        patch = _patch(project, change)
    if json:
        print_json({"id": change.id, "head": change.head, "diff": patch})
    else:
        say(clean(patch, keep_lines=True).rstrip("\n"))


@app.command()
def review(
    pr: Number,
    verdict: Annotated[Verdict, typer.Argument(metavar="approve|request-changes")],
    message: Annotated[str, typer.Option("--message", "-m", metavar="TEXT", help="What you found.")] = "",
    file: Annotated[
        str, typer.Option("--file", "-F", metavar="FILE", help="The text's file, - for stdin.")
    ] = "",
    json: Json = False,
) -> None:
    """Review a pull request. Your word counts for the commit that it is at now."""
    people_only(f"pr review {pr} {verdict.value}")
    text = text_of(message, file).strip()
    if verdict is Verdict.REQUEST_CHANGES and not text:
        raise UsageError("There is no text", why="the author has to know what to change", do="Add -m TEXT.")

    def reviewed(state: State) -> list[Event]:
        change = _open_change(state, pr)
        data = {
            "change": change.id,
            "head": change.head,
            "verdict": verdict.value,
            "by": actor(),
            "text": text,
            "run": "",
        }
        subject = f"change/{change.id}"
        return [
            deed(events.CHANGE_REVIEWED, data, subject=subject, cause=change.cause, story=change.instance)
        ]

    with open_project() as project:
        said = act(project, reviewed)[0].data
        done = f"You reviewed pull request {said['change']} at {said['head'][:12]}: {verdict.value}"
        tell(project, done, {"id": said["change"], "head": said["head"], "verdict": verdict}, as_json=json)


@app.command()
def close(
    pr: Number,
    reason: Annotated[str, typer.Option("--reason", "-m", metavar="TEXT")] = "",
    json: Json = False,
) -> None:
    """Close a pull request without merging it. Its workflow ends."""
    people_only(f"pr close {pr}")

    def closed(state: State) -> list[Event]:
        change = _open_change(state, pr)
        why = reason.strip()
        data = {
            "change": change.id,
            "reason": f"{actor()} closed it{': ' if why else ''}{why}",
            "actor": actor(),
        }
        return [
            deed(
                events.CHANGE_CLOSED,
                data,
                subject=f"change/{change.id}",
                cause=change.cause,
                story=change.instance,
            )
        ]

    with open_project() as project:
        act(project, closed)
        tell(
            project,
            f"Pull request {number(pr)} is closed",
            {"id": number(pr), "open": False},
            as_json=json,
        )


def _open_change(state: State, pr: str) -> Change:
    change = find_change(state, pr)
    if not change.open:
        how = f"it was merged as {change.merged[:12]}" if change.merged else "it was closed"
        raise FleetError(f"Pull request {change.id} is not open", why=how)
    return change


def _patch(project: Project, change: Change) -> str:
    """The change since it left the base; of a merged one, since it left the base that it was merged into."""
    from fleet.wiring import open_repository

    repository = open_repository(project.place, change.base)
    base = repository.base_sha()
    if change.merged:
        merge = repository.log(1, head=change.merged)
        base = merge[0].parents[0] if merge and merge[0].parents else base
    return repository.diff(base, change.head)


def _show(page: dict[str, Any]) -> None:
    say(style(clean(f"#{page['id']} {page['title']}"), "bold"))
    say_fact("state", page["standing"])
    say_fact("why", page["reason"])
    say_fact("author", page["author"])
    say_fact("branch", f"{page['branch']} → {page['base']} at {page['head'][:12]}")
    say_fact("issue", f"#{page['item']}" if page["item"] else "")
    if page["body"].strip():
        say()
        say_block(page["body"])
    beside = [
        (f"{gate['kind']} ({gate['standing']}): ", each) for gate in page["gates"] for each in gate["lines"]
    ]
    if page["gate"] or beside:
        say()
        say_table(
            ["gate", "met", Column("why", least=20), Column("who can", least=12)],
            [
                [f"{kind}{each['name']}", "yes" if each["met"] else "no", each["reason"], each["who"]]
                for kind, each in (*(("", each) for each in page["gate"]), *beside)
            ],
            styles={"yes": "green", "no": "yellow"},
        )
    for gate in page["gates"]:
        if not gate["lines"]:
            say_line(f"gate of {gate['kind']}: {gate['standing']}, {', '.join(gate['asks'])}")
    for each in page["reviews"]:
        say()
        old = "" if each["counts"] else f" (of {each['head'][:12]}, an older commit)"
        say_line(f"{each['by']}: {each['verdict']}{old}", indent=2)
        say_block(each["text"])
        if each["answer"]:
            say_line("the author leaves it as it is:", indent=2)
            say_block(each["answer"])
    for check in page["checks"]:
        say()
        say_line(f"check {check.get('name')}: {'passed' if check.get('ok') else 'failed'}", indent=2)
        if not check.get("ok"):
            say_block(str(check.get("output", ""))[-4000:])
    if page["risk"] is not None:
        say()
        say_line(f"risk {page['risk']}: fleet risk {page['id']}", indent=2)
