"""`fleet demo`: the whole story, from an issue to a merge, in a scratch repository."""

from __future__ import annotations

import os
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fleet.model.errors import FleetError
from fleet.surfaces.cli.options import Json

if TYPE_CHECKING:
    from fleet.surfaces.cli.demo_stage import Stage

app = typer.Typer()

# For the whole story, without a person's time. A large repository takes long to be checked out so often.
_SECONDS, _SECONDS_ON_REPO, _SECONDS_OF_MODELS = 120.0, 900.0, 1800.0


class Player(StrEnum):
    """The harness that plays the agents."""

    SCRIPTED = "scripted"
    CLAUDE_CODE = "claude-code"


class Where(StrEnum):
    """Where the issues and pull requests live."""

    LOCAL = "local"
    GITHUB = "github"


@app.command()
def demo(
    repo: Annotated[
        Path | None,
        typer.Option("--repo", metavar="PATH", help="Play on a clone of this repository."),
    ] = None,
    harness: Annotated[Player, typer.Option("--harness", help="Who plays the agents.")] = Player.SCRIPTED,
    forge: Annotated[
        Where, typer.Option("--forge", help="Where issues live; github: its stand-in here, by the real gh.")
    ] = Where.LOCAL,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the scratch folder.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Approve without asking.")] = False,
    json: Json = False,
) -> int:
    """Play the whole story, from issues to merges, in a scratch repository; no account is needed.

    Exit code 0 says that everything came out as told. Your own repository is not touched.
    """
    from fleet.surfaces.cli.demo_backstage import Ended, end_agents, scratch
    from fleet.surfaces.cli.demo_ending import say_ending
    from fleet.surfaces.cli.demo_play import play
    from fleet.surfaces.cli.demo_report import report
    from fleet.surfaces.cli.demo_stage import set_stage
    from fleet.surfaces.cli.output import print_json
    from fleet.wiring import load_fleet

    _check_harness(harness.value)
    _check_forge(forge)
    began = time.monotonic()
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    try:
        with scratch(keep=keep) as folder, _host(folder, forge) as host:
            whole = repo.absolute() if repo else None
            stage = set_stage(folder, repo=whole, harness=harness.value, host=host)
            _say_before(stage, repo, json=json)
            fleet = load_fleet(stage.place)
            with _show(fleet, stage, json=json) as show:
                state = play(
                    stage,
                    fleet,
                    show,
                    person=terminal and not yes and not json,
                    seconds=_limit(repo, harness) * (3 if host else 1),
                )
            left = end_agents(stage.place)
            found = report(stage, state, took_ms=round((time.monotonic() - began) * 1000), left=left)
            if host is not None:
                found["github"] = host.told(stage.repo)
            if json:
                print_json({**found, "folder": found["folder"] if keep else None})
            else:
                say_ending(found, kept=keep)
    except Ended as ended:
        return ended.exit_code
    return 0 if found["ok"] else 1


def _check_forge(forge: Where) -> None:
    """Raise `FleetError` when what it takes is not there."""
    if forge is Where.GITHUB:
        from fleet.surfaces.cli.demo_github import check_gh

        check_gh()


def _host(folder: Path, forge: Where) -> Any:
    """The forge's stand-in where one is played on, as a context manager."""
    from contextlib import nullcontext

    if forge is Where.LOCAL:
        return nullcontext(None)
    from fleet.surfaces.cli.demo_github import github

    return github(folder)


def _limit(repo: Path | None, harness: Player) -> float:
    """How many seconds the story may take."""
    if harness is Player.CLAUDE_CODE:
        return _SECONDS_OF_MODELS
    return _SECONDS_ON_REPO if repo else _SECONDS


def _check_harness(harness: str) -> None:
    """Raise `FleetError` when it is not there."""
    from fleet.wiring import harness as named

    found = named(harness).detect(os.environ.get("PATH", os.defpath))
    if found.problem:
        raise FleetError(f"{harness} can't play the demo", why=found.problem, do=found.fix)


def _say_before(stage: Stage, repo: Path | None, *, json: bool) -> None:
    """What is going to be seen."""
    from fleet.surfaces.cli.output import clean, print_note, say, style

    where = f"on a clone of {repo.name or repo}" if repo else "in a small shop"
    where += f", as {stage.repo} on a GitHub of this machine" if stage.repo else ""
    if json:
        print_note(f"Plays the demo {where}, in {stage.place.root}")
        return
    say(style("Fleet demo", "bold") + clean(f": four issues {where}, six agents, one watcher."))
    say(
        "One change is sent back by its reviewer, one waits for a person, one agent finds\n"
        "no end. All but the agents' thoughts is real: git, processes, checks, budgets."
        if stage.harness == "scripted"
        else "Claude Code plays all agents but the researcher, who is there to be stopped. It takes\n"
        "minutes, and the account of your Claude Code is charged: at most $1 a run."
    )


def _show(fleet: Any, stage: Stage, *, json: bool) -> Any:
    """The screen for a terminal, lines for a pipe, nothing for machines; as a context manager."""
    from contextlib import nullcontext

    from fleet.surfaces.cli.demo_lines import Lines, Silence

    if json:
        return nullcontext(Silence())
    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        return nullcontext(Lines())
    from fleet.surfaces.cli.demo_screen import Screen

    return Screen(fleet, stage)
