"""`fleet runs`: every run, newest first; with a run's id, all about that one."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from fleet.model.event import parse_rfc3339
from fleet.surfaces.cli.finding import find_run
from fleet.surfaces.cli.options import Json
from fleet.surfaces.cli.output import clean, clock, duration, print_json, say, style
from fleet.surfaces.cli.paragraphs import say_block, say_fact, say_wrapped
from fleet.surfaces.cli.project import open_project
from fleet.surfaces.cli.table import Column, print_table

app = typer.Typer()

_LATEST = 20
_STYLES: Any = {
    "running": "cyan",
    "succeeded": "green",
    "failed": "red",
    "timed_out": "red",
    "over_budget": "red",
    "stopped": "yellow",
}


@app.command()
def runs(
    run: Annotated[str, typer.Argument(metavar="[RUN]", help="All about this run.")] = "",
    agent: Annotated[str, typer.Option("--agent", metavar="NAME", help="Only this agent's.")] = "",
    all_: Annotated[bool, typer.Option("--all", help=f"All, not the latest {_LATEST} alone.")] = False,
    json: Json = False,
) -> None:
    """List runs, newest first; or show one."""
    from fleet.views.agents import run_row
    from fleet.views.run_page import run_page

    with open_project() as project:
        if run:
            page = run_page(project.state, project.events(), find_run(project.state, run), project.now)
            print_json(page) if json else _show(page)
            return
        found = [each for each in reversed(project.state.runs.values()) if agent in ("", each.agent)]
        rows = [run_row(each, project.now) for each in (found if all_ else found[:_LATEST])]
    if json:
        print_json(rows)
        return
    print_table(
        [
            "run",
            Column("agent", least=8),
            Column("job", least=6),
            Column("about", "right"),
            "state",
            Column("time", "right"),
            Column("cost", "right"),
            Column("last", least=10),
        ],
        [
            [
                row["id"],
                row["agent"] or "-",
                row["job"],
                f"#{row['pr'] or row['item'] or '-'}",
                _state(row),
                duration(round(row["seconds"] * 1000)) if row["started"] else "-",
                f"${row['cost']:.2f}" if row["cost_known"] else "unknown",
                row["reason"] or row["doing"],
            ]
            for row in rows
        ],
        empty="There was no run yet.",
        styles=_STYLES,
    )
    if not all_ and len(found) > _LATEST:
        say(style(f"{len(found) - _LATEST} older ones: fleet runs --all", "dim"))


def _show(page: dict[str, Any]) -> None:
    say(style(clean(f"{page['id']} {page['job']} by {page['agent'] or 'nobody yet'}"), "bold"))
    say_fact("state", _state(page))
    say_fact("why", page["reason"])
    say_fact("asks", page["question"] or "")
    say_fact("issue", f"#{page['item']} {page['item_title']}" if page["item"] else "")
    say_fact("pull req.", f"#{page['pr']} {page['pr_title']}" if page["pr"] and page["pr_title"] else "")
    say_fact("time", duration(round(page["seconds"] * 1000)) if page["started"] else "")
    cost = f"${page['cost']:.4f}" if page["cost_known"] else "unknown"
    say_fact("cost", f"{cost}, {page['tokens']} tokens")
    say_fact("model", f"{page['model'] or 'default'} on {page['harness'] or '-'}")
    unconfined = page["sandbox"] == "none"
    say_fact("sandbox", "none: it can read and write what you can" if unconfined else page["sandbox"] or "")
    say_fact("reported", page["verdict"] or "")
    if page["text"].strip():
        say_block(page["text"])
    say()
    for event in page["events"]:
        why = f" — {event['reason']}" if event["reason"] else ""
        time = clock(parse_rfc3339(event["time"])) if event["time"] else ""
        say_wrapped(f"{event['words']}{why}", indent=12, first=f"  {time:<8}  ")


def _state(row: dict[str, Any]) -> str:
    """Where it stands; of what waits, for what."""
    if row["waits_for"]:
        return f"waits: {row['waits_for']}"
    return str(row["outcome"] or row["state"])
