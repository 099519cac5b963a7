"""The end of `fleet demo`, for people: what came of it, on one page."""

from __future__ import annotations

import textwrap
from typing import Any

from fleet.surfaces.cli.output import Style, clean, duration, money, say, style, tokens, width
from fleet.surfaces.cli.table import Column, cut, table_lines

_INDENT = "  "
_COLOURS: dict[str, Style] = {"merged": "green", "rejected": "yellow", "done": "green"}
_WIDEST = 110


def say_ending(found: dict[str, Any], *, kept: bool) -> None:
    """Print the report's document (see `demo_report`). `kept`: the scratch folder stays."""
    room = min(width(), _WIDEST)
    _issues(found["issues"], room)
    _head(f"The history of {found['base']} since then")
    for line in found["history"]:
        say(_INDENT + cut(clean(line, keep_lines=True), room - len(_INDENT)).rstrip())
    _head("What it took")
    _spent(found["agents"])
    _head("As told?")
    for each in found["promises"]:
        mark = style("yes", "green") if each["kept"] else style("NO ", "red")
        say(f"{_INDENT}{mark}  {clean(each['what'])}")
    _audit(found["audit"])
    if found.get("github"):
        _github(found["github"])
    _last(found, kept=kept)


def _head(title: str) -> None:
    say(f"\n{style(title, 'bold')}")


def _issues(issues: list[dict[str, Any]], room: int) -> None:
    _head("What came of the issues")
    for each in issues:
        outcome = style(f"{each['outcome']:<9}", _COLOURS.get(each["outcome"], "red"))
        say(f"{_INDENT}#{each['id']}  {outcome}  {style(clean(each['title']), 'bold')}")
        for part in each["reason"].split("; "):
            text = textwrap.shorten(clean(part), 3 * (room - 6), placeholder=" …")
            for line in textwrap.wrap(text, room - 6, break_on_hyphens=False):
                say(f"      {line}")


def _spent(agents: list[dict[str, Any]]) -> None:
    total = {
        name: sum(each[name] for each in agents) for name in ("runs", "seconds", "cost_micros", "tokens")
    }
    rows = [*agents, {"agent": "all", **total}]
    lines = table_lines(
        [
            Column("agent", least=12),
            Column("runs", "right"),
            Column("time", "right"),
            Column("cost", "right"),
            Column("tokens", "right"),
        ],
        [
            [
                str(each["agent"]),
                str(each["runs"]),
                duration(round(each["seconds"] * 1000)),
                money(each["cost_micros"]),
                tokens(each["tokens"]),
            ]
            for each in rows
        ],
        width() - len(_INDENT),
    )
    for line in lines:
        say(f"{_INDENT}{line}")


def _audit(audit: dict[str, Any]) -> None:
    _head("fleet audit verify")
    if audit["ok"]:
        say(f"{_INDENT}The log holds: {audit['events']} events, none changed, none missing.")
    else:
        say(f"{_INDENT}{style('The log does not hold:', 'red')} {clean(audit['problem'])}")


def _github(seen: dict[str, Any]) -> None:
    _head(f"On GitHub's stand-in, in {clean(seen['repository'])}")
    for each in seen["pulls"]:
        how = style("merged", "green") if each["merged"] else "not merged"
        say(f"{_INDENT}#{each['number']}  {how}  {clean(each['title'])}")
    say(f"{_INDENT}{seen['requests']} requests by gh, {seen['counted']} of them counted against its limit.")


def _last(found: dict[str, Any], *, kept: bool) -> None:
    played = (
        "played by Claude Code" if found["harness"] == "claude-code" else "scripted agents, all else real"
    )
    say(f"\nIt took {found['seconds']:.1f} s ({played}).")
    if kept:
        say(
            f"All of it is kept in {clean(found['folder'])}: try fleet status, fleet runs, fleet why 1 there."
        )
    else:
        say("The scratch folder is gone again (fleet demo --keep leaves it).")
    say("In a repository of your own: fleet init")
