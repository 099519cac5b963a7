"""What the screen of `fleet demo` shows, as rows of text and styles: agents side by side, and issues."""

from __future__ import annotations

from typing import NamedTuple

from fleet.model.fleet import Fleet
from fleet.model.state import Change, Instance, Item, JobRecord, Run, State
from fleet.model.text import clean
from fleet.surfaces.figures import duration, money
from fleet.views.agents import last_run

_VERDICTS = {"done": "done", "approve": "approved", "request-changes": "asked for changes", "ask": "asked"}
_BAD = ("failed", "timed_out", "over_budget", "stopped")


class AgentRow(NamedTuple):
    """One place at an agent's desk: who, the state, which issue, what it does, for how long, at what cost."""

    name: str
    mark: str
    style: str
    state: str
    item: str
    doing: str
    time: str
    cost: str


class JobMark(NamedTuple):
    """One job of an issue's workflow."""

    name: str
    mark: str
    style: str


class IssueRow(NamedTuple):
    """One issue: its title, how its jobs stand, and a remark with its style."""

    number: int
    title: str
    jobs: tuple[JobMark, ...]
    remark: str
    style: str


_JOB_MARKS = {
    "waiting": ("○", "dim"),
    "active": ("●", "cyan"),
    "rejected": ("↺", "yellow"),
    "landing": ("◐", "cyan"),
    "stuck": ("■", "red"),
    "done": ("✓", "green"),
}
PLAIN = str.maketrans({"○": "-", "●": "*", "↺": "<", "◐": "~", "■": "!", "✓": "+", "…": ".", "—": "-"})
"""What the marks become on a terminal that is not UTF-8."""


def agent_rows(fleet: Fleet, state: State, now: int) -> list[AgentRow]:
    """A row for each run that an agent may play at once, live ones first."""
    rows = []
    for agent in fleet.agents:
        live = [run for name in state.moving if (run := state.runs[name]).agent == agent.name and run.live]
        rows += [_live_row(state, run, now) for run in live]
        if not live:
            rows.append(_idle_row(state, agent.name))
        rows += [_empty_row(agent.name)] * (agent.slots - max(1, len(live)))
    return rows


def issue_rows(state: State) -> list[IssueRow]:
    """A row for each issue."""
    return [_issue_row(state, item) for item in state.items.values()]


def spent(state: State) -> int:
    """Micro-dollars, all runs together."""
    return sum(run.cost_micros for run in state.runs.values())


def merges(state: State) -> int:
    """How many changes are merged."""
    return sum(bool(change.merged) for change in state.changes.values())


def _live_row(state: State, run: Run, now: int) -> AgentRow:
    time = duration(max(0, now - run.started) // 100 * 100) if run.started else ""
    doing = clean(run.action) or ("starts" if run.state == "starting" else "begins")
    word = {"starting": "starts", "collecting": "ends"}.get(run.state, "works")
    if run.stop_reason:
        word, doing = "stops", clean(run.stop_reason)
    del state
    return AgentRow(run.agent, "●", "cyan", word, f"#{run.item}", doing, time, money(run.cost_micros))


def _idle_row(state: State, name: str) -> AgentRow:
    run = last_run(state, name)
    if run is None:
        return AgentRow(name, "○", "dim", "idle", "", "", "", "")
    time = duration(max(0, run.ended - run.started)) if run.started else ""
    if run.outcome in _BAD:
        word = {"timed_out": "time is up", "over_budget": "over budget"}.get(run.outcome, run.outcome)
        return AgentRow(
            name, "■", "red", word, f"#{run.item}", clean(run.reason), time, money(run.cost_micros)
        )
    said = f"{_VERDICTS.get(run.verdict, 'ended')}: {clean(run.text)}" if run.text else ""
    return AgentRow(name, "○", "dim", "idle", f"#{run.item}", said, time, money(run.cost_micros))


def _empty_row(name: str) -> AgentRow:
    return AgentRow(name, "○", "dim", "idle", "", "", "", "")


def _issue_row(state: State, item: Item) -> IssueRow:
    instance = next((each for each in state.instances.values() if each.item == item.id), None)
    if instance is None:
        return IssueRow(item.id, clean(item.title), (), "", "dim")
    change = state.changes.get(instance.change)
    jobs = tuple(_job_mark(instance, name, record) for name, record in instance.jobs.items())
    remark, style = _remark(state, instance, change)
    return IssueRow(item.id, clean(item.title), jobs, remark, style)


def _job_mark(instance: Instance, name: str, record: JobRecord) -> JobMark:
    mark, style = _JOB_MARKS.get(record.state, ("○", "dim"))
    if instance.outcome == "rejected" and record.state != "done":
        mark, style = "■", "yellow"
    return JobMark(name, mark, style)


def _remark(state: State, instance: Instance, change: Change | None) -> tuple[str, str]:
    if change is not None and change.merged:
        return f"merged {change.merged[:7]}", "green"
    if instance.outcome:
        return instance.outcome, "yellow"
    waits = next(
        (each for name in state.asked if (each := state.approvals[name]).instance == instance.id), None
    )
    if waits is not None:
        return ("waits for you" if waits.kind == "merge" else "waits for a word"), "yellow"
    if instance.round > 1:
        return f"round {instance.round}", "yellow"
    if change is not None and any(each["verdict"] == "request-changes" for each in change.reviews):
        return "goes back", "yellow"
    return "", ""
