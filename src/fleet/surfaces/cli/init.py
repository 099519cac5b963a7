"""`fleet init`: the first fleet.yaml of a repository, and the folder `.fleet`. Nothing that is there is
changed.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fleet.model.errors import FleetError, UsageError
from fleet.surfaces.cli.options import Json
from fleet.surfaces.cli.output import clean, print_json, say, style
from fleet.surfaces.cli.people_only import people_only

if TYPE_CHECKING:
    from fleet.config.survey import Survey
    from fleet.model.fleet import Fleet
    from fleet.surfaces.cli.init_forge import Found

app = typer.Typer()


@app.command()
def init(
    forge: Annotated[
        str, typer.Option(metavar="FORGE", help="Where issues and pull requests live: local or github.")
    ] = "local",
    repo: Annotated[
        str, typer.Option(metavar="OWNER/NAME", help="On GitHub; the checkout's remote by default.")
    ] = "",
    harness: Annotated[
        str, typer.Option(metavar="NAME", help="The program that the agents are; claude-code by default.")
    ] = "",
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing, take the defaults; make labels on GitHub.")
    ] = False,
    json: Json = False,
) -> int:
    """Write fleet.yaml and .fleet/ for this repository. A fleet.yaml that is there is left as it is."""
    people_only("init")
    from fleet.config.folder import make_folder
    from fleet.config.starter import write_new
    from fleet.config.survey import survey
    from fleet.wiring import CONFIG_NAME, DOT_NAME, harnesses

    _check_forge(forge, repo)
    known = sorted(harnesses())
    ask = sys.stdin.isatty() and sys.stdout.isatty() and not yes and not json
    found = survey(Path.cwd())
    config, dot = found.root / CONFIG_NAME, found.root / DOT_NAME
    written: list[str] = []
    others: tuple[str, ...] = ()
    if not config.exists():
        there = _find(found.root, repo, ask) if forge == "github" else None
        found = replace(found, base=there.base) if there and there.base else found
        if ask:
            harness = harness or typer.prompt("Which harness are the agents", default="claude-code")
            base = typer.prompt("Which branch are changes merged into", default=found.base)
            found = replace(found, base=base)
        _check_harness(harness or "claude-code", known)
        write_new(config, _text(found, there, harness or "claude-code", known))
        written.append(CONFIG_NAME)
        others = there.others if there else ()
    report, fleet = _read(config, known)
    if make_folder(dot):
        written.append(f"{DOT_NAME}/")
    about = {
        "root": str(found.root),
        "written": written,
        "forge": fleet.forge,
        "repos": [each.name for each in fleet.repos],
        "base": report["fleet"]["base"],
        "agents": [each["name"] for each in report["fleet"]["agents"]],
        "checks": {each["name"]: each["run"] for each in report["fleet"]["checks"]},
        "needs_commit": not found.has_commit,
        "warnings": [
            *(f"Another remote leads to {each}: to work there, use --repo {each}." for each in others),
            *report["warnings"],
        ],
    }
    if forge == "github":
        about |= _labels(fleet, ask=ask, yes=yes)
    if json:
        print_json(about)
    else:
        _tell(about, dict(fleet.labels)["ready"])
    return 0


def _check_forge(forge: str, repo: str) -> None:
    from fleet.config.explain import did_you_mean
    from fleet.config.values import FORGES

    if forge not in FORGES:
        near = did_you_mean(forge, FORGES)
        do = near[:1].upper() + near[1:] if near else f"Use --forge {' or '.join(FORGES)}."
        raise UsageError(f"There is no forge {forge!r}", why="there are local and github", do=do)
    if repo and forge == "local":
        raise UsageError("The local forge has no --repo", do="Use --forge github with it.")


def _find(root: Path, repo: str, ask: bool) -> Found:
    from fleet.surfaces.cli.init_forge import find_repo

    if not ask or repo:
        return find_repo(root, repo)
    try:
        first = find_repo(root, "").repo
    except UsageError:
        first = None
    return find_repo(root, typer.prompt("Which repository on GitHub", default=first))


def _text(found: Survey, there: Found | None, harness: str, known: list[str]) -> str:
    """The first fleet.yaml. Never a file that the next command refuses."""
    from fleet.config.load import parse_fleet
    from fleet.config.remote import remotes_of
    from fleet.config.starter import starter_text

    name = found.root.name.encode("utf-8", "replace").decode("utf-8") or "project"
    repo, host = (there.repo, there.host) if there else ("", "")
    led = (each.name for each in remotes_of(found.root) if each.repo.lower() == repo.lower()) if repo else ()
    remote = next(iter(led), "")
    text = starter_text(found, name=clean(name), harness=harness, repo=repo, host=host, remote=remote)
    parse_fleet(text.encode("utf-8"), root=found.root, harnesses=known)
    return text


def _labels(fleet: Fleet, *, ask: bool, yes: bool) -> dict[str, Any]:
    """Make the labels, if that is wanted. That they can't be made is told, and no reason to fail."""
    from fleet.surfaces.cli.init_forge import make_labels

    names = ", ".join(label for _, label in fleet.labels)
    where = ", ".join(each.name for each in fleet.repos)
    if ask:
        yes = typer.confirm(f"Make the labels {clean(names)} in {where} now", default=True)
    if not yes or not fleet.repos:
        return {"labels": [], "labels_problem": ""}
    try:
        return {"labels": make_labels(fleet), "labels_problem": ""}
    except FleetError as error:
        return {"labels": [], "labels_problem": str(error)}


def _check_harness(name: str, known: list[str]) -> None:
    from fleet.config.explain import did_you_mean

    if name not in known:
        near = did_you_mean(name, known)
        raise UsageError(
            f"There is no harness {name!r}",
            why=f"there are: {', '.join(known)}",
            do=near[:1].upper() + near[1:],
        )


def _read(config: Path, known: list[str]) -> tuple[dict[str, Any], Fleet]:
    from fleet.surfaces.cli.config import examine

    report, fleet, error = examine(config, known)
    if error is not None:
        raise error
    assert fleet is not None
    return report, fleet


def _tell(about: dict[str, Any], ready: str) -> None:
    where, on_forge = clean(about["root"]), about["forge"] != "local"
    if about["written"]:
        say(f"Wrote {' and '.join(about['written'])} in {where}.")
        say(f"  {len(about['agents'])} agents: {', '.join(about['agents'])}")
        at = f" of {', '.join(about['repos'])}" if on_forge else ""
        say(f"  changes go into the branch {clean(about['base'])}{at}")
        checks = ", ".join(about["checks"].values())
        say(
            f"  before a merge this has to pass: {clean(checks)}"
            if checks
            else "  no check was found: add one"
        )
    else:
        say(f"fleet.yaml is there already, and right, in {where}. Nothing was changed.")
    if about.get("labels"):
        say(f"Made {len(about['labels'])} labels on GitHub.")
    problem = about.get("labels_problem")
    for each in (*about["warnings"], *([problem] if problem else [])):
        say(f"{style('warning:', 'yellow')} {clean(each)}")
    say()
    if about["needs_commit"]:
        say(f"{style('There is no commit yet', 'yellow')}: agents work on commits, so make a first one.")
    say("Next: fleet doctor, then")
    if on_forge:
        say("  fleet watcher start")
        say(f"  and give an issue on GitHub the label {clean(ready)}")
    else:
        say('  fleet issue create "What should be true" --label fleet:ready')
        say("  fleet watcher start")
