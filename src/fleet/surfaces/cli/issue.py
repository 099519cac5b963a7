"""`fleet issue`: the local forge's issues. Labelling one is how a person starts a workflow."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from fleet.model import events
from fleet.model.errors import FleetError, UsageError
from fleet.model.event import Event
from fleet.model.state import State
from fleet.surfaces.cli.acting import act, actor, deed, tell
from fleet.surfaces.cli.finding import find_item
from fleet.surfaces.cli.options import Json, given, number, text_of
from fleet.surfaces.cli.output import clean, print_json, say, style
from fleet.surfaces.cli.paragraphs import say_block, say_fact, say_line, say_table
from fleet.surfaces.cli.people_only import people_only
from fleet.surfaces.cli.project import open_project
from fleet.surfaces.cli.table import Column, print_table

app = typer.Typer(help="Create, list, show, label, comment and close issues.", no_args_is_help=True)

_TITLE, _LABELS, _LABEL = 256, 20, 64

Number = Annotated[str, typer.Argument(metavar="N", help="The issue's number.")]


@app.command()
def create(
    title: Annotated[str, typer.Argument(metavar="TITLE", help="One line.")],
    body: Annotated[str, typer.Option("--body", "-b", metavar="TEXT", help="The text.")] = "",
    file: Annotated[
        str, typer.Option("--file", "-F", metavar="FILE", help="The text's file, - for stdin.")
    ] = "",
    label: Annotated[list[str] | None, typer.Option("--label", "-l", metavar="LABEL")] = None,
    json: Json = False,
) -> None:
    """Open an issue."""
    people_only("issue create")
    line = " ".join(given(title, "title").split())
    if len(line) > _TITLE:
        raise UsageError("The title is too long", why=f"{_TITLE} characters is the most", do="Use --body.")
    labels = _labels(label or [])
    text = text_of(body, file)

    def opened(state: State) -> list[Event]:
        item = state.number + 1
        data = {
            "item": item,
            "kind": "issue",
            "title": line,
            "body": text,
            "labels": labels,
            "author": actor(),
            "trusted": True,
        }
        return [deed(events.ITEM_OPENED, data, subject=f"item/{item}")]

    with open_project() as project:
        found = act(project, opened)[0].data
        document = {"id": found["item"], "title": line, "labels": labels}
        tell(project, f"Issue {found['item']} is open: {line}", document, as_json=json)


@app.command("list")
def list_(
    all_: Annotated[bool, typer.Option("--all", help="Closed ones and tasks too.")] = False,
    json: Json = False,
) -> None:
    """List issues and where they stand."""
    from fleet.views.items import item_rows

    with open_project() as project:
        items = [
            item for item in project.state.items.values() if all_ or (item.open and item.kind == "issue")
        ]
        rows = item_rows(project.fleet, project.state, items, project.now, watched=project.watched)
    if json:
        print_json(rows)
        return
    print_table(
        ["#", Column("state"), Column("title", least=16), Column("labels", least=8), Column("why", least=12)],
        [
            [str(row["id"]), row["state"], row["title"], ", ".join(row["labels"]), row["reason"]]
            for row in rows
        ],
        empty='There is no open issue. Open one: fleet issue create "…"',
        styles={"waits": "yellow", "failed": "red", "rejected": "red", "done": "green", "working": "cyan"},
    )


@app.command()
def show(item: Number, json: Json = False) -> None:
    """Show an issue: its text, its comments, and the work on it."""
    from fleet.views.items import item_page

    with open_project() as project:
        found = find_item(project.state, item)
        page = item_page(project.fleet, project.state, found, project.now, watched=project.watched)
    if json:
        print_json(page)
    else:
        _show(page)


@app.command()
def label(
    item: Number,
    labels: Annotated[list[str], typer.Argument(metavar="LABEL…")],
    remove: Annotated[bool, typer.Option("--remove", help="Take them away.")] = False,
    json: Json = False,
) -> None:
    """Give an issue labels, or take them away. A label that a workflow listens to starts it."""
    people_only(f"issue label {item}")
    names = _labels(labels)

    def labelled(state: State) -> list[Event]:
        found = find_item(state, item)
        common = {"item": found.id, "actor": actor()}
        subject = f"item/{found.id}"
        if remove:
            gone = [name for name in names if name in found.labels]
            return [deed(events.ITEM_UNLABELED, {**common, "label": name}, subject=subject) for name in gone]
        return [
            deed(events.ITEM_LABELED, {**common, "label": name, "trusted": True}, subject=subject)
            for name in names
        ]

    with open_project() as project:
        act(project, labelled)
        found = find_item(project.catch_up(), item)
        wears = ", ".join(found.labels) or "no label"
        document = {"id": found.id, "labels": list(found.labels)}
        tell(project, f"Issue {found.id} has: {wears}", document, as_json=json)


@app.command()
def comment(
    item: Number,
    text: Annotated[str, typer.Argument(metavar="TEXT")] = "",
    file: Annotated[
        str, typer.Option("--file", "-F", metavar="FILE", help="The text's file, - for stdin.")
    ] = "",
    json: Json = False,
) -> None:
    """Comment on an issue. Agents read it with the issue."""
    people_only(f"issue comment {item}")
    words = given(text_of(text, file), "text")

    def commented(state: State) -> list[Event]:
        found = find_item(state, item)
        data = {"item": found.id, "author": actor(), "text": words, "trusted": True}
        return [deed(events.ITEM_COMMENTED, data, subject=f"item/{found.id}")]

    with open_project() as project:
        act(project, commented)
        tell(project, f"You commented on issue {number(item)}", {"id": number(item)}, as_json=json)


@app.command()
def close(
    item: Number,
    reason: Annotated[str, typer.Option("--reason", "-m", metavar="TEXT")] = "",
    json: Json = False,
) -> None:
    """Close an issue. Work on it is stopped."""
    people_only(f"issue close {item}")

    def closed(state: State) -> list[Event]:
        found = find_item(state, item)
        if not found.open:
            raise FleetError(f"Issue {found.id} is closed already")
        data = {"item": found.id, "reason": reason.strip() or "closed by hand", "actor": actor()}
        return [deed(events.ITEM_CLOSED, data, subject=f"item/{found.id}")]

    with open_project() as project:
        act(project, closed)
        tell(project, f"Issue {number(item)} is closed", {"id": number(item), "open": False}, as_json=json)


def _labels(given_labels: list[str]) -> list[str]:
    names = list(dict.fromkeys(" ".join(clean(name).split()) for name in given_labels))
    if len(names) > _LABELS or any(not name or len(name) > _LABEL for name in names):
        raise UsageError(
            "These can't be labels", why=f"there may be {_LABELS}, each of 1 to {_LABEL} characters"
        )
    return names


def _show(page: dict[str, Any]) -> None:
    say(style(clean(f"#{page['id']} {page['title']}"), "bold"))
    say_fact("state", f"open, {page['state']}" if page["open"] else "closed")
    say_fact("why", page["reason"])
    say_fact("author", page["author"])
    say_fact("labels", ", ".join(page["labels"]))
    say_fact("pull req.", ", ".join(f"#{each}" for each in page["prs"]))
    if page["body"].strip():
        say()
        say_block(page["body"])
    for each in page["comments"]:
        say()
        say_line(f"{each['author']} commented:", indent=2)
        say_block(each["text"])
    for work in page["work"]:
        say()
        name = work["workflow"] or work["agent"]
        say_line(f"{work['id']} {name}, round {work['round']}: {work['state']}", indent=2)
        say_table(
            [Column("job", least=8), "state", Column("runs", least=6), Column("why", least=12)],
            [[job["name"], job["state"], " ".join(job["runs"]), job["reason"]] for job in work["jobs"]],
        )
