"""`fleet status`: agents, runs, approvals, the queue and what went wrong, on one screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fleet.surfaces.cli.options import Json
from fleet.surfaces.cli.output import clean, clock, duration, print_json, say, style
from fleet.surfaces.cli.paragraphs import say_table, say_wrapped
from fleet.surfaces.cli.project import open_project
from fleet.surfaces.cli.table import Column
from fleet.wiring import find_place

if TYPE_CHECKING:
    from fleet.wiring import Place

app = typer.Typer()
_PATIENCE = 2.0  # seconds for a busy watcher; one that is paused keeps nobody from seeing where things stand

_STYLES: Any = {
    "running": "cyan",
    "working": "cyan",
    "blocked": "yellow",
    "waits": "yellow",
    "held": "yellow",
    "stopped": "yellow",
    "failed": "red",
    "quarantined": "red",
    "rejected": "red",
    "timed_out": "red",
    "over_budget": "red",
    "succeeded": "green",
    "done": "green",
    "ready": "green",
}


@app.command()
def status(
    all_: Annotated[bool, typer.Option("--all", help="Issues that nobody works on too.")] = False,
    json: Json = False,
) -> None:
    """Show agents, runs, approvals and budgets on one screen."""
    place = find_place()
    try:
        found = _ask_watcher(place) or _from_log(place)
    except TimeoutError:
        found = _from_log(place)
        if found["watcher"]["running"]:
            found["troubles"].append(
                f"The watcher (process {found['watcher']['pid']}) does not answer: it is paused, or busy. "
                "If that does not pass: fleet watcher restart"
            )
    if json:
        print_json(found)
    else:
        _draw(found, idle=all_)


def _ask_watcher(place: Place) -> dict[str, Any] | None:
    """What the watcher knows by heart, which is quicker than to fold it again. None where none serves: then
    the log tells. Raises TimeoutError where one does not answer.
    """
    from http.client import HTTPException

    from fleet.engine.tokens import token_of
    from fleet.gateway.client import BOARD, READER, ask

    try:
        token = token_of(place.secret.read_bytes(), READER)
        headers = {"Authorization": f"Bearer {token}"}
        status, found = ask(str(place.socket), "GET", BOARD, b"", headers, _PATIENCE)
    except TimeoutError:
        raise
    except (OSError, HTTPException):
        return None
    return found if status == 200 else None


def _from_log(place: Place) -> dict[str, Any]:
    from fleet.overview import overview

    with open_project(place) as project:
        return overview(place, project.fleet, project.state, project.log, project.now, project.watcher)


def _forge_line(note: dict[str, Any]) -> str:
    """One repository of the forge: what is left of its limit on requests, and how the last look went."""
    left = f"{note['remaining']} of {note['limit']} requests left" if note.get("limit") else "not asked yet"
    more = [f"paused until {clock(note['paused_until'])}"] if note.get("paused_until") else []
    more += [f"next look {clock(note['next'])}"] if note.get("next") else []
    more += [f"the last look failed: {note['error']}"] if note.get("error") else []
    return clean(f"{note['repo']}: {'; '.join([left, *more])}")


def _name(found: dict[str, Any]) -> None:
    """Give every row the name by which people know what it is about: #12, or acme/api#12."""
    names = found["names"]
    rows = [*found["approvals"], *found["queue"], *found["ended"], *found["finished"]]
    for row in [*rows, *(run for agent in found["agents"] for run in agent["runs"])]:
        number = row.get("pr") or row.get("item")
        row["about"] = names.get(str(number), f"#{number}") if number else "-"
    for row in [*found["changes"], *found["items"]]:
        row["about"] = names.get(str(row["id"]), str(row["id"]))


def _draw(found: dict[str, Any], *, idle: bool) -> None:
    _name(found)
    watcher = found["watcher"]
    how = (
        f"watcher {watcher.get('pid')}"
        if watcher["running"]
        else "the watcher does not run: fleet watcher start"
    )
    step = ", --step" if found["step"] else ""
    say(f"{style(clean(found['project']), 'bold')}  {how}{step}")
    for trouble in found["troubles"]:
        say_wrapped(f"trouble: {trouble}", indent=2)
    say()
    say_table(
        [
            Column("agent", least=10),
            "state",
            "slots",
            "run",
            Column("about", "right"),
            Column("time", "right"),
            Column("today", "right"),
            Column("doing", least=12),
        ],
        [row for agent in found["agents"] for row in _agent_rows(agent)],
        indent=0,
        styles=_STYLES,
    )
    for note in found["forge"]:
        say(f"  {_forge_line(note)}")
    for agent in found["agents"]:
        if agent["reason"]:
            say_wrapped(f"{agent['name']}: {agent['reason']}", indent=4, first="  ")
    _section(
        "Waits for you",
        ["id", "kind", Column("about", "right"), Column("why", least=16), Column("do", least=18)],
        [[each["id"], each["kind"], each["about"], each["why"], each["do"]] for each in found["approvals"]],
    )
    _section(
        "Queue",
        ["run", Column("job", least=8), Column("about", "right"), Column("waits", least=20)],
        [[each["run"], each["job"], each["about"], each["reason"]] for each in found["queue"]],
    )
    _section(
        "Pull requests",
        ["#", "state", Column("title", least=16), Column("why", least=16)],
        [[each["about"], each["standing"], each["title"], each["reason"]] for each in found["changes"]],
    )
    _section(
        "Issues",
        ["#", "state", Column("title", least=16), Column("why", least=16)],
        [
            [each["about"], each["state"], each["title"], each["reason"]]
            for each in found["items"]
            if idle or each["state"] != "idle"
        ],
    )
    _section(
        "Tried again",
        ["effect", Column("tries", "right"), Column("next", "right"), Column("error", least=20)],
        [
            [each["kind"], str(each["attempt"]), _seconds(each["retry_seconds"]), each["error"]]
            for each in found["effects"]
        ],
    )
    _section(
        "Ended lately",
        ["run", Column("agent", least=8), "outcome", Column("about", "right"), Column("why", least=16)],
        [
            [each["id"], each["agent"] or "-", each["outcome"], each["about"], each["reason"]]
            for each in found["ended"]
        ],
    )
    bad = [each for each in found["finished"] if each["outcome"] != "done"]
    _section(
        "Given up",
        ["work", "outcome", Column("about", "right"), Column("why", least=20)],
        [[each["id"], each["outcome"], each["about"], each["reason"]] for each in bad],
    )


def _section(title: str, columns: Sequence[Column | str], rows: Sequence[Sequence[str]]) -> None:
    if rows:
        say()
        say(style(title, "bold"))
        say_table(columns, rows, styles=_STYLES)


def _agent_rows(agent: dict[str, Any]) -> list[list[str]]:
    """A row for each live run; one row for an agent that has none."""
    slots, today = f"{agent['slots_used']}/{agent['slots']}", _today(agent["budget"])
    if not agent["runs"]:
        return [[agent["name"], agent["state"], slots, "", "", "", today, ""]]
    return [
        [
            agent["name"] if at == 0 else "",
            agent["state"] if at == 0 else "",
            slots if at == 0 else "",
            run["id"],
            run["about"],
            _seconds(run["seconds"]),
            today if at == 0 else "",
            run["doing"] or run["phase"],
        ]
        for at, run in enumerate(agent["runs"])
    ]


def _today(budget: dict[str, Any]) -> str:
    cost = budget["cost"]
    limit = f"{cost['limit'] or 0:.2f}".removesuffix(".00")
    return f"${cost['used']:.2f}/${limit}" if cost["limit"] else f"${cost['used']:.2f}"


def _seconds(seconds: float) -> str:
    return duration(round(seconds * 1000))
