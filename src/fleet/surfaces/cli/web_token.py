"""`fleet web token`: who else may use the page, and as what."""

from __future__ import annotations

from typing import Annotated

import typer

from fleet.surfaces.cli.options import Json

tokens = typer.Typer(help="Tokens by which others use the page and its API.", no_args_is_help=True)


@tokens.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose it is, in the log user/NAME.")],
    role: Annotated[
        str, typer.Option("--role", metavar="ROLE", help="viewer, operator, approver or admin.")
    ] = "viewer",
    days: Annotated[int, typer.Option("--days", metavar="N", help="How long it is good.")] = 30,
    json: Json = False,
) -> None:
    """Make a token for NAME, and show it once; one that NAME had before is not good any more.

    A viewer sees everything. An operator also talks to runs, stops and retries them, comments, labels, and
    quarantines agents. An approver also approves and rejects. An admin also releases agents.
    """
    from fleet.surfaces.access import granted, new_secret
    from fleet.surfaces.cli.acting import act, actor
    from fleet.surfaces.cli.output import print_json, say
    from fleet.surfaces.cli.people_only import people_only
    from fleet.surfaces.cli.project import open_project

    people_only(f"web token add {name}")
    secret = new_secret()
    with open_project() as project:
        act(project, lambda state: granted(state, actor(), name, role, secret, days, project.now))
    if json:
        print_json({"name": name, "role": role, "days": days, "token": secret})
        return
    say(f"{name} may use the page as {role} for {days} days. This token is shown once:")
    say(f"  {secret}")


@tokens.command(name="list")
def list_(json: Json = False) -> None:
    """List who has a token."""
    from fleet.surfaces.cli.output import print_json
    from fleet.surfaces.cli.project import open_project
    from fleet.surfaces.cli.table import print_table
    from fleet.views.units import moment

    with open_project() as project:
        found = [
            {
                "name": each.name,
                "role": each.role,
                "expires": moment(each.expires) or "",
                "good": each.expires > project.now,
            }
            for each in project.state.access.values()
        ]
    if json:
        print_json(found)
        return
    rows = [
        [str(each["name"]), str(each["role"]), str(each["expires"])[:16], "" if each["good"] else "expired"]
        for each in found
    ]
    print_table(["name", "role", "good until (UTC)", ""], rows, empty="Nobody has a token.")


@tokens.command()
def revoke(name: Annotated[str, typer.Argument(metavar="NAME", help="Whose token.")]) -> None:
    """Take NAME's token back. Their sessions end at once."""
    from fleet.surfaces.access import revoked
    from fleet.surfaces.cli.acting import act, actor
    from fleet.surfaces.cli.output import say
    from fleet.surfaces.cli.people_only import people_only
    from fleet.surfaces.cli.project import open_project

    people_only(f"web token revoke {name}")
    with open_project() as project:
        act(project, lambda state: revoked(state, actor(), name))
    say(f"{name} may not use the page any more.")
