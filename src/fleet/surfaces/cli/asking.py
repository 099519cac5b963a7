"""The options by which events are asked for, the same for `fleet events` and `fleet audit export`."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from fleet.model.errors import FleetError, UsageError
from fleet.model.event import parse_rfc3339
from fleet.views.filter import Asked

Kind = Annotated[str, typer.Option("--type", metavar="GLOB", help="Only types like this: fleet.run.*")]
ByAgent = Annotated[str, typer.Option("--agent", metavar="NAME", help="Only what is about this agent.")]
OfItem = Annotated[int, typer.Option("--item", metavar="N", min=0, help="Only what is about this issue.")]
OfRun = Annotated[str, typer.Option("--run", metavar="RUN", help="Only what is about this run.")]
ByActor = Annotated[
    str,
    typer.Option("--actor", metavar="WHO", help="Only what this person, agent or rule did: mia, agent/qa."),
]
Since = Annotated[
    str, typer.Option("--since", metavar="TIME", help="Not before: 2h (ago), 2026-01-31, 2026-01-31T12:00Z.")
]
Until = Annotated[str, typer.Option("--until", metavar="TIME", help="Before, written like --since.")]


def asked(kind: str, agent: str, item: int, run: str, actor: str, since: str, until: str) -> Asked:
    """What the options ask for. Raises `UsageError` for a time that is none."""
    return Asked(kind, agent, item, run, actor, _moment(since, "--since"), _moment(until, "--until"))


def _moment(text: str, option: str) -> int:
    if not text:
        return 0
    from fleet.config.units import duration_ms

    try:
        return max(1, time.time_ns() // 1_000_000 - duration_ms(text))
    except ValueError:
        pass
    whole = text if "T" in text else f"{text}T00:00Z"
    try:
        return max(1, parse_rfc3339(whole if whole[-1:] in "Zz" or whole[-6:-5] in "+-" else f"{whole}Z"))
    except FleetError as error:
        raise UsageError(
            f"{option} {text!r} is no time", do="Write 2h (ago), 2026-01-31 or 2026-01-31T12:00Z (UTC)."
        ) from error
