"""`fleet why THING`: the events and the rules that led to a state, drawn from now back to the root."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from fleet.model.event import parse_rfc3339
from fleet.surfaces.cli.options import Json
from fleet.surfaces.cli.output import clean, clock, print_json, say, style
from fleet.surfaces.cli.paragraphs import say_wrapped
from fleet.surfaces.cli.project import open_project

app = typer.Typer()

_INDENT = 12


@app.command()
def why(
    thing: Annotated[
        str,
        typer.Argument(
            metavar="THING",
            help="A run (r7), a workflow at work (i3), an approval (a2), an issue or pull request (12), "
            "an agent's name, or an event's id.",
        ),
    ],
    json: Json = False,
) -> None:
    """Explain why something is as it is: the events and the rules that led there, newest first."""
    from fleet.views.why import why as explain

    with open_project() as project:
        state = project.state
        found = explain(project.fleet, state, project.events(), thing, project.now, watched=project.watched)
    if json:
        print_json(found)
    else:
        _draw(found)


def _draw(found: dict[str, Any]) -> None:
    name = f"#{found['thing']}" if found["kind"] in ("item", "pr") else found["thing"]
    say(style(clean(f"{name} ({found['kind']}) {found['state']}".strip()), "bold"))
    if found["reason"]:
        say_wrapped(found["reason"], indent=2)
    if found["waits_for"]:
        say_wrapped(f"waits for {found['waits_for']}", indent=2)
    say()
    for at, link in enumerate(found["chain"]):
        if at:
            say(f"{' ' * (_INDENT - 2)}{style('↑ because', 'dim')}")
        _draw_link(link)
    if not found["chain"]:
        say("  No event led to it: nothing has happened to it yet.")


def _draw_link(link: dict[str, Any]) -> None:
    time = clock(parse_rfc3339(link["time"])) if link["time"] else ""
    say_wrapped(link["words"], indent=_INDENT, first=f"  {time:<8}  ")
    if link["reason"]:
        say_wrapped(link["reason"], indent=_INDENT)
    if link["rule"]:
        by = f"rule {link['rule']}: {link['rule_says']}"
    else:
        by = f"by {link['who']}"
    for line in _dim(f"{by} [{link['id']}]"):
        say(line)


def _dim(text: str) -> list[str]:
    import textwrap

    from fleet.surfaces.cli.output import width

    blank = " " * _INDENT
    lines = textwrap.wrap(clean(text), max(20, width()), initial_indent=blank, subsequent_indent=blank)
    return [style(line, "dim") for line in lines]
