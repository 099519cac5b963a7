"""The figures for Prometheus, and the dashboard that shows them."""

from __future__ import annotations

import json
import re
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from fleet.model.fleet import Agent, Budget, Fleet, Limit
from fleet.model.state import AgentRecord, Approval, Change, Run, State
from fleet.surfaces.prometheus import serve
from fleet.views.metrics import metrics

DOCS = Path(__file__).parents[2] / "docs"
NOW = 1_770_000_000_000
DEV = Agent("dev", "change", slots=2, budget=Budget(per_day=Limit(cost_micros=10_000_000)))


def shop() -> tuple[Fleet, State]:
    """A fleet with one run that has ended and one at work, a merge and a question."""
    done = Run("r1", "i1", "implement", "change", 1, 1, 1, 0, state="ended", agent="dev", model="opus")
    done.outcome, done.cost_micros, done.tokens = "succeeded", 2_500_000, 1200
    live = Run("r2", "i1", "review", "change", 1, 1, 1, 0, state="running", agent="dev", model="opus")
    merged = Change(2, 1, "i1", "b", "main", "h", "agent/dev", "t", merged="abc")
    spent = {NOW // 86_400_000: {"time_ms": 0, "cost_micros": 2_500_000, "tokens": 0}}
    state = State(
        seq=42,
        runs={"r1": done, "r2": live},
        moving={"r2": None},
        changes={2: merged},
        approvals={"a1": Approval("a1", "question", "?", NOW - 90_000)},
        asked={"a1": None},
        agents={"dev": AgentRecord("dev", spent=spent)},
    )
    return Fleet("shop", agents=(DEV,)), state


def scraped() -> dict[str, float]:
    """What Prometheus would read, by name and labels."""
    fleet, state = shop()
    port, end = serve(lambda: metrics(fleet, state, NOW, watched=True), "127.0.0.1", 0)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            families = list(text_string_to_metric_families(answer.read().decode()))
    finally:
        end()
    return {
        f"{each.name}{sorted(each.labels.items())}" if each.labels else each.name: each.value
        for family in families
        for each in family.samples
    }


@pytest.fixture(scope="module")
def figures() -> dict[str, float]:
    return scraped()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fleet_runs_total[('agent', 'dev'), ('outcome', 'succeeded')]", 1),
        ("fleet_cost_usd_total[('agent', 'dev'), ('model', 'opus')]", 2.5),
        ("fleet_tokens_total[('agent', 'dev'), ('model', 'opus')]", 1200),
        ("fleet_changes_merged_total[('repo', '')]", 1),
        ("fleet_live_runs[('agent', 'dev')]", 1),
        ("fleet_slots[('agent', 'dev')]", 2),
        ("fleet_approvals_waiting[('kind', 'question')]", 1),
        ("fleet_longest_wait_seconds", 90),
        ("fleet_budget_used_ratio[('agent', 'dev'), ('kind', 'cost')]", 0.25),
        ("fleet_log_events", 42),
        ("fleet_watcher_up", 1),
    ],
)
def test_prometheus_reads(figures: dict[str, float], name: str, value: float):
    assert figures[name] == value


def test_the_dashboard_asks_for_figures_that_there_are():
    fleet, state = shop()
    known = {
        each.name + ("_total" if each.kind == "counter" else "")
        for each in metrics(fleet, state, NOW, watched=True)
    }
    board = json.loads((DOCS / "grafana/fleet.json").read_text())
    asked = {
        name for panel in board["panels"] for name in re.findall(r"fleet_\w+", panel["targets"][0]["expr"])
    }
    assert asked - known == set()
