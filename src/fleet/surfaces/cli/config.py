"""`fleet config`: check the operator's fleet.yaml, print its schema."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fleet.model.errors import UsageError
from fleet.surfaces.cli.options import Json
from fleet.surfaces.cli.output import clean, duration, money, print_error, print_json, say, style, tokens
from fleet.surfaces.cli.table import Column, print_table

if TYPE_CHECKING:
    from fleet.model.fleet import Fleet, Job, Limit, Trigger

app = typer.Typer(help="Check fleet.yaml, print its schema.", no_args_is_help=True)


@app.command()
def check(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Another file than fleet.yaml.")] = None,
    json: Json = False,
) -> int:
    """Read fleet.yaml: its mistakes with their places, else what it declares, and what looks like a slip."""
    from fleet.wiring import find_place, harnesses

    path = file or find_place().config
    report, fleet, error = examine(path, list(harnesses()))
    if json:
        print_json(report)
    elif error is not None:
        print_error(error)
    elif fleet is not None:
        _show(path, fleet)
        for each in report["warnings"]:
            say(f"{style('warning:', 'yellow')} {clean(each)}")
    return error.exit_code if error is not None else 0


@app.command()
def schema(json: Json = False) -> None:
    """Print the JSON schema of fleet.yaml, for editors."""
    from fleet.config.schema import json_schema

    del json  # there is no other form
    print_json(json_schema())


def examine(path: Path, harnesses: list[str]) -> tuple[dict[str, Any], Fleet | None, UsageError | None]:
    """What there is to say of a fleet.yaml, the fleet that it declares, and the error where it is wrong."""
    from fleet.config.explain import ConfigError
    from fleet.config.load import load_fleet
    from fleet.config.warnings import warnings

    report: dict[str, Any] = {"ok": False, "file": str(path), "errors": [], "warnings": [], "fleet": None}
    try:
        fleet = load_fleet(path, harnesses=harnesses)
    except ConfigError as error:
        report["errors"] = [{**_plain(each), "text": str(each)} for each in error.problems]
        return report, None, error
    except UsageError as error:
        report["errors"] = [{"file": path.name, "text": str(error)}]
        return report, None, error
    report |= {"ok": True, "warnings": warnings(fleet), "fleet": _summary(fleet)}
    return report, fleet, None


def _plain(problem: Any) -> dict[str, Any]:
    return {name: getattr(problem, name) for name in problem.__dataclass_fields__}


def _summary(fleet: Fleet) -> dict[str, Any]:
    from fleet.policy.requirements.words import line

    return {
        "name": fleet.name,
        "base": fleet.base,
        "forge": fleet.forge,
        "host": fleet.host or None,
        "repos": [{"repo": each.name, "base": each.base} for each in fleet.repos],
        "digest": fleet.digest,
        "agents": [
            {
                "name": each.name,
                "duty": each.duty,
                "harness": each.harness,
                "model": each.model,
                "slots": each.slots,
                "template": each.template,
                "budget": each.budget,
            }
            for each in fleet.agents
        ],
        "workflows": [
            {
                "name": each.name,
                "on": [_trigger(trigger) for trigger in each.triggers],
                "jobs": [{"name": job.name, "by": _by(job), "needs": list(job.needs)} for job in each.jobs],
                "rounds": each.rounds,
            }
            for each in fleet.workflows
        ],
        "checks": [
            {"name": each.name, "run": each.command, "time_ms": each.time_ms} for each in fleet.checks
        ],
        "gates": {kind: [line(each) for each in fleet.gate(kind)] for kind in ("merge", *dict(fleet.gates))},
    }


def _show(path: Path, fleet: Fleet) -> None:
    from fleet.policy.requirements.words import line

    title = style(clean(fleet.name), "bold")
    if fleet.repos:
        say(f"{title}: {clean(str(path))} is right.")
        where = f"{fleet.forge}, at {fleet.host}" if fleet.host else fleet.forge
        for each in fleet.repos:
            say(f"  {clean(each.name)} on {clean(where)}: changes go into {clean(each.base)}")
    else:
        say(f"{title}: {clean(str(path))} is right. Changes go into {clean(fleet.base)}.")
    say()
    print_table(
        ["agent", "duty", "harness", Column("model", least=6), Column("slots", "right"), "a run", "a day"],
        [
            [
                each.name,
                each.duty,
                each.harness,
                each.model or "-",
                str(each.slots),
                _limit(each.budget.per_run),
                _limit(each.budget.per_day),
            ]
            for each in fleet.agents
        ],
        empty="There is no agent.",
    )
    say()
    print_table(
        ["workflow", Column("starts", least=16), "job", Column("by", least=8), Column("needs", least=8)],
        [
            [
                workflow.name if at == 0 else "",
                ", ".join(_trigger(each) for each in workflow.triggers) if at == 0 else "",
                job.name,
                _by(job),
                ", ".join(job.needs) or "-",
            ]
            for workflow in fleet.workflows
            for at, job in enumerate(workflow.jobs)
        ],
        empty="There is no workflow.",
    )
    say()
    for kind, lines in fleet.gates:
        say(f"Gate of {kind}: {clean(', '.join(map(line, lines)))}.")
    say(f"Merge gate: {clean(', '.join(map(line, fleet.merge_gate))) or 'empty'}.")
    checks = ", ".join(f"{each.name} ({each.command})" for each in fleet.checks)
    say(f"Checks: {clean(checks) or 'none'}.")


def _trigger(trigger: Trigger) -> str:
    what = {
        "issue": f"label {trigger.label}" if trigger.label else "an issue is opened",
        "event": f"event {trigger.event}",
        "schedule": f"at {trigger.cron} UTC",
        "merge": "a merge",
        "manual": "by hand",
    }[trigger.kind]
    return f"{what} if {trigger.when}" if trigger.when else what


def _by(job: Job) -> str:
    own = f"{job.order.kind}: {job.order.command}" if job.order is not None else job.action
    return " | ".join(job.agents) or f"Fleet ({clean(own)})"


def _limit(limit: Limit) -> str:
    parts = [
        duration(limit.time_ms) if limit.time_ms else "",
        money(limit.cost_micros) if limit.cost_micros else "",
        f"{tokens(limit.tokens)} tokens" if limit.tokens else "",
    ]
    return " ".join(part for part in parts if part) or "-"
