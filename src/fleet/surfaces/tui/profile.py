"""One agent: how it stands, its record, its ceilings, and its runs with their tries."""

from __future__ import annotations

from itertools import islice

from fleet.model.state import Run
from fleet.policy.record import WINDOW_DAYS, standing_of
from fleet.surfaces.figures import money, tokens
from fleet.surfaces.tui.budgets import gauge
from fleet.surfaces.tui.live import Live
from fleet.surfaces.tui.look import SIGNS, Column, Line, Piece, lasted, shown, wrapped
from fleet.surfaces.tui.rows import Row
from fleet.surfaces.tui.table import said, table, title
from fleet.views.agents import condition_of
from fleet.views.ledger import agent_budget
from fleet.views.record import row_of
from fleet.views.waiting import wait_of

_RUNS_SHOWN = 40
_BAR = 20
_LEVELS = {"low": "good", "medium": "warn", "high": "bad", "critical": "bad"}
_RUNS = (
    Column("RUN", 6),
    Column("JOB", 14),
    Column("ABOUT", 9),
    Column("TRY", 3, right=True),
    Column("TIME", 7, right=True),
    Column("COST", 7, right=True),
    Column("CAME TO", 0),
)
_OUTCOMES = {"succeeded": "good", "stopped": "warn", "": "busy"}


def profile(live: Live, name: str, room: int) -> tuple[Line, list[Row]]:
    """The page."""
    fleet, state, now = live.fleet, live.state, live.now
    agent, condition = fleet.agent(name), condition_of(fleet, state, name, now, watched=live.watched)
    sign, style = SIGNS[condition.state]
    head: Line = ((f"{sign} {shown(name)}", "bold"), (f"  {condition.state}", style))
    rows: list[Row] = []
    if agent is not None:
        about = f"{agent.duty}  {agent.harness} {agent.model}  {agent.slots} slot{'s' * (agent.slots != 1)}"
        head = (*head, (f"  {shown(about)}", "dim"))
    if condition.reason:
        rows += [said((part, style)) for part in wrapped(shown(condition.reason), room - 4)[:3]]
    return head, [*rows, *_record(live, name), *_ceilings(live, name), *_runs(live, name, room)]


def _record(live: Live, name: str) -> list[Row]:
    found = row_of(name, standing_of(live.state, [f"agent/{name}"]), live.state)
    rows = title("RECORD", f"{WINDOW_DAYS} days")
    if not found["runs"]:
        return [*rows, said(("it has not worked yet", "dim"))]
    grades = [
        (f"{word} {found[word]}", "")
        for word in ("quality", "reliability", "efficiency")
        if found[word] is not None
    ]
    rows.append(
        said(
            (f"{found['score']} of 100 against it ({found['level']})", _LEVELS[found["level"]]),
            *((f"   {text}", style) for text, style in grades),
        )
    )
    each = money(round(found["cost_each"] * 1e6)) if found["cost_each"] is not None else "—"
    runs = f"{found['runs']} run{'s' * (found['runs'] != 1)}"
    told = f"{runs}, {found['failed']} failed, {found['merged']} merged"
    rows.append(said((told, ""), (f"   ${found['cost']:.2f}, {each} for each merged change", "dim")))
    for signal in found["signals"]:
        rows.append(said((f"+{signal['points']:<3}", "warn"), (shown(signal["reason"]), "")))
    return rows


def _ceilings(live: Live, name: str) -> list[Row]:
    budget = agent_budget(live.state, live.fleet.agent(name), name, live.now)
    rows = title("TODAY")
    for what, each in budget.items():
        limit = f" of {_in_words(what, each['limit'])}" if each["limit"] else "  no ceiling"
        used = _in_words(what, each["used"])
        rows.append(
            said((f"{what:<8}", "dim"), (f"{used:>9}", ""), (f"{limit:<13}", "dim"), gauge(each, _BAR))
        )
    return rows


def _in_words(what: str, value: float) -> str:
    if what == "cost":
        return f"${value:.2f}"
    return lasted(round(value) * 1000) if what == "time" else tokens(round(value))


def _runs(live: Live, name: str, room: int) -> list[Row]:
    """Its runs, newest first, and before them the tries that wait for it."""
    state = live.state
    queued = [run for each in state.moving if (run := state.runs[each]).state == "queued"]
    waiting = [run for run in queued if name in _last_players(live, run)]
    done = islice((run for run in reversed(state.runs.values()) if run.agent == name), _RUNS_SHOWN)
    found = [*waiting, *done]
    rows = title("RUNS", "newest first; enter opens one" if found else "none yet")
    if not found:
        return rows
    keys = [f"run:{run.id}" for run in found]
    return rows + table(_RUNS, [_run(live, run) for run in found], room, keys)


def _last_players(live: Live, run: Run) -> list[str]:
    """Who did this job before: it is their next try."""
    instance = live.state.instances.get(run.instance)
    record = instance.jobs.get(run.job) if instance is not None else None
    return [live.state.runs[each].agent for each in record.runs if each != run.id] if record else []


def _run(live: Live, run: Run) -> tuple[Piece, ...]:
    now = live.now
    about = " ".join(
        each for each in (f"#{run.item}" * bool(run.item), f"PR{run.change}" * bool(run.change)) if each
    )
    style = _OUTCOMES.get(run.outcome, "bad")
    said_of = f"{(run.outcome or run.state).replace('_', ' ')}{': ' if run.reason else ''}{run.reason}"
    if run.state == "queued":
        wait = wait_of(live.fleet, live.state, run, now, watched=live.watched)
        said_of, style = f"queued: {wait.reason}", "warn"
    return (
        (run.id, "bold"),
        (shown(run.job), ""),
        (about, "place"),
        (str(run.attempt) if run.attempt > 1 else "", "warn"),
        (lasted((run.ended or now) - run.started) if run.started else "", ""),
        (money(run.cost_micros) if run.cost_micros else "", ""),
        (shown(said_of), style),
    )
