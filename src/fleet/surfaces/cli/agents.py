"""`fleet agents [NAME]`: how each has done lately, and how far it can be trusted."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

import typer

from fleet.model.errors import FleetError
from fleet.surfaces.cli.finding import near
from fleet.surfaces.cli.options import Json
from fleet.surfaces.cli.output import print_json, say, style
from fleet.surfaces.cli.project import open_project
from fleet.surfaces.cli.table import Column, print_table

app = typer.Typer()
_DAYS = 14


@app.command()
def agents(
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="One of them alone.", show_default=False)
    ] = "",
    by: Annotated[str, typer.Option("--by", metavar="WHAT", help="agent, model or template")] = "agent",
    days: Annotated[int, typer.Option("--days", min=1, max=30, help="Of how many days.")] = _DAYS,
    explain: Annotated[bool, typer.Option("--explain", help="What the risk is made of.")] = False,
    json: Json = False,
) -> None:
    """Show how agents have done lately: risk, quality, reliability, efficiency and cost, side by side.

    Risk goes from 0 to 100, less is better; quality, reliability and efficiency likewise, more is better.
    """
    from fleet.views.record import records

    if by not in ("agent", "model", "template"):
        raise typer.BadParameter("agent, model or template", param_hint="--by")
    with open_project() as project:
        rows = records(
            project.fleet, project.state, cast(Literal["agent", "model", "template"], by), days=days
        )
    if name:
        known = [row["name"] for row in rows]
        rows = [row for row in rows if row["name"] == name]
        if not rows:
            raise FleetError(f"There is no {by} {name!r}", do=near(name, known, "See: fleet agents"))
    if json:
        print_json(rows[0] if name else rows)
        return
    _print(rows, by, days)
    for row in rows if explain else []:
        _explain(row)


def _print(rows: list[dict[str, Any]], by: str, days: int) -> None:
    print_table(
        [
            Column(by, least=10),
            Column("risk", "right"),
            "level",
            *(Column(title, "right") for title in ("quality", "reliab.", "effic.", "runs", "merged")),
            *(Column(title, "right") for title in ("cost", "/merge")),
        ],
        [
            [
                row["name"],
                str(row["score"]),
                "quarantine" if row["quarantined"] else row["level"],
                *(_part(row[key]) for key in ("quality", "reliability", "efficiency")),
                str(row["runs"]),
                str(row["merged"]),
                f"${row['cost']:.2f}",
                "-" if row["cost_each"] is None else f"${row['cost_each']:.2f}",
            ]
            for row in rows
        ],
        empty=f"Nobody has worked in the last {days} days.",
        styles={"critical": "red", "high": "red", "quarantine": "red", "medium": "yellow"},
    )


def _explain(row: dict[str, Any]) -> None:
    say()
    say(style(f"{row['name']}: risk {row['score']}, {row['level']}", "bold"))
    if row["quarantined"]:
        say(f"  in quarantine: {row['quarantined']}")
    print_table(
        [Column("points", "right"), "signal", Column("why", least=20)],
        [[str(each["points"]), each["name"], each["reason"]] for each in row["signals"]],
        empty="  Nothing speaks against it.",
    )


def _part(value: int | None) -> str:
    return "-" if value is None else f"{value}%"
