"""`fleet risk PR|COMMIT|RANGE`: how risky it is, and what that is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fleet.surfaces.cli.finding import find_change
from fleet.surfaces.cli.options import Json
from fleet.surfaces.cli.output import clean, print_json, say, style
from fleet.surfaces.cli.project import Project, open_project
from fleet.surfaces.cli.table import Column, print_table

if TYPE_CHECKING:
    from fleet.ports.repository import Background

app = typer.Typer()


@app.command()
def risk(
    what: Annotated[
        str, typer.Argument(metavar="PR|COMMIT|RANGE", help="A pull request, a commit, or FROM..TO.")
    ],
    explain: Annotated[
        bool, typer.Option("--explain", help="Also every figure that was weighed, with its points.")
    ] = False,
    json: Json = False,
) -> None:
    """Show how risky a change is (0 to 100), and why. 60 and more: it brings a defect in as often as not."""
    with open_project() as project:
        page = _of_change(project, what, explain) if _is_number(what) else _of_commits(project, what, explain)
    if json:
        print_json(page)
        return
    _print(page, explain=explain)


def _is_number(what: str) -> bool:
    digits = what.strip().removeprefix("#")
    return digits.isdecimal() and len(digits) < 7


def _of_change(project: Project, what: str, explain: bool) -> dict[str, Any]:
    from fleet.policy.risk.came_about import mends
    from fleet.views.changes import risk_page
    from fleet.wiring import open_grounds

    change = find_change(project.state, what)
    page: dict[str, Any] = {"title": f"#{change.id} {change.title}", **risk_page(change)}
    if explain:
        repository = open_grounds(project.place, project.fleet)[change.repo].repository
        start = project.state.base_of(change.repo) or repository.base_sha()
        found = repository.background(start, change.head)
        page["figures"] = _figures(found, fix=mends(project.state, change, found.subjects))
    return page


def _of_commits(project: Project, what: str, explain: bool) -> dict[str, Any]:
    from fleet.policy.fixes import is_fix
    from fleet.policy.risk.score import assess
    from fleet.wiring import open_repository

    repository = open_repository(project.place, project.fleet.base)
    first, _, last = what.partition("..")
    head = repository.commit(last.removeprefix(".") or "HEAD" if ".." in what else what)
    start = repository.commit(first or "HEAD") if ".." in what else repository.commit(f"{what}^")
    found = repository.background(start, head)
    fix = any(is_fix(subject) for subject in found.subjects)
    scored = assess(found.files, found.past, fix=fix)
    title = found.subjects[0] if len(found.subjects) == 1 else f"{what}: {len(found.subjects)} commits"
    page = {"title": title, "pr": None, "head": head, **scored}
    return page | ({"figures": _figures(found, fix=fix)} if explain else {})


def _figures(found: Background, *, fix: bool) -> list[dict[str, object]]:
    from fleet.policy.risk.learned import weighed

    return weighed(found.files, found.past, fix=fix) if found.files else []


def _print(page: Mapping[str, Any], *, explain: bool) -> None:
    say(style(clean(str(page["title"])), "bold"))
    if page["score"] is None:
        say(f"  Its commit {str(page['head'])[:12]} was not assessed yet.")
    else:
        at = str(page["head"])[:12]
        say(f"  risk {page['score']} of 100 at {at}: {page['files']} files, {page['lines']} lines")
        say()
        print_table(
            [Column("points", "right"), "factor", Column("why", least=20)],
            [[f"{each['points']:+d}", each["name"], each["reason"]] for each in page["factors"]],
            empty="  Nothing in it adds to the risk.",
        )
    if explain and page.get("figures"):
        say()
        print_table(
            [
                Column("points", "right"),
                "figure",
                "factor",
                Column("value", "right"),
                Column("least", "right"),
            ],
            [
                [
                    _signed(each),
                    each["feature"],
                    each["factor"],
                    f"{each['value']:.2f}",
                    f"{each['least']:.2f}",
                ]
                for each in page["figures"]
            ],
        )
        say()
        say("  least: what the least risky changes have. Counts are logarithms. See docs/risk.md.")


def _signed(row: Mapping[str, Any]) -> str:
    return f"{row['points']:+.1f}"
