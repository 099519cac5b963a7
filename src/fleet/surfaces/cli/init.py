"""`fleet init`: the first fleet.yaml of a repository, and the folder `.fleet`. Nothing that is there is
changed.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from fleet.model.errors import UsageError
from fleet.surfaces.cli.options import Json
from fleet.surfaces.cli.output import clean, print_json, say, style
from fleet.surfaces.cli.people_only import people_only

app = typer.Typer()


@app.command()
def init(
    forge: Annotated[
        str, typer.Option(metavar="FORGE", help="Where issues and pull requests live.")
    ] = "local",
    harness: Annotated[
        str, typer.Option(metavar="NAME", help="The program that the agents are; claude-code by default.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing, take the defaults.")] = False,
    json: Json = False,
) -> int:
    """Write fleet.yaml and .fleet/ for this repository. A fleet.yaml that is there is left as it is."""
    people_only("init")
    from fleet.config.folder import make_folder
    from fleet.config.starter import starter_text, write_new
    from fleet.config.survey import survey
    from fleet.wiring import CONFIG_NAME, DOT_NAME, harnesses

    _check_forge(forge)
    known = sorted(harnesses())
    found = survey(Path.cwd())
    config, dot = found.root / CONFIG_NAME, found.root / DOT_NAME
    written: list[str] = []
    if not config.exists():
        if sys.stdin.isatty() and sys.stdout.isatty() and not yes and not json:
            harness = harness or typer.prompt("Which harness are the agents", default="claude-code")
            base = typer.prompt("Which branch are changes merged into", default=found.base)
            found = replace(found, base=base)
        _check_harness(harness or "claude-code", known)
        name = found.root.name.encode("utf-8", "replace").decode("utf-8") or "project"
        text = starter_text(found, name=clean(name), harness=harness or "claude-code")
        _check_text(text, found.root, known)
        write_new(config, text)
        written.append(CONFIG_NAME)
    report, _ = _read(config, known)
    if make_folder(dot):
        written.append(f"{DOT_NAME}/")
    about = {
        "root": str(found.root),
        "written": written,
        "base": report["fleet"]["base"],
        "agents": [each["name"] for each in report["fleet"]["agents"]],
        "checks": {each["name"]: each["run"] for each in report["fleet"]["checks"]},
        "needs_commit": not found.has_commit,
        "warnings": report["warnings"],
    }
    if json:
        print_json(about)
    else:
        _tell(about)
    return 0


def _check_forge(forge: str) -> None:
    if forge == "github":
        raise UsageError(
            "The forge github is not there yet", why="this version has local only", do="Use --forge local."
        )
    if forge != "local":
        raise UsageError(f"There is no forge {forge!r}", do="Use --forge local.")


def _check_harness(name: str, known: list[str]) -> None:
    from fleet.config.explain import did_you_mean

    if name not in known:
        near = did_you_mean(name, known)
        raise UsageError(
            f"There is no harness {name!r}",
            why=f"there are: {', '.join(known)}",
            do=near[:1].upper() + near[1:],
        )


def _check_text(text: str, root: Path, known: list[str]) -> None:
    """Never leave a file behind that the next command refuses."""
    from fleet.config.load import parse_fleet

    parse_fleet(text.encode("utf-8"), root=root, harnesses=known)


def _read(config: Path, known: list[str]) -> tuple[dict[str, Any], Any]:
    from fleet.surfaces.cli.config import examine

    report, fleet, error = examine(config, known)
    if error is not None:
        raise error
    return report, fleet


def _tell(about: dict[str, Any]) -> None:
    where = clean(about["root"])
    if about["written"]:
        say(f"Wrote {' and '.join(about['written'])} in {where}.")
        say(f"  {len(about['agents'])} agents: {', '.join(about['agents'])}")
        say(f"  changes go into the branch {clean(about['base'])}")
        checks = ", ".join(about["checks"].values())
        say(
            f"  before a merge this has to pass: {clean(checks)}"
            if checks
            else "  no check was found: add one"
        )
    else:
        say(f"fleet.yaml is there already, and right, in {where}. Nothing was changed.")
    for each in about["warnings"]:
        say(f"{style('warning:', 'yellow')} {clean(each)}")
    say()
    if about["needs_commit"]:
        say(f"{style('There is no commit yet', 'yellow')}: agents work on commits, so make a first one.")
    say("Next: fleet doctor, then")
    say('  fleet issue create "What should be true" --label fleet:ready')
    say("  fleet watcher start")
