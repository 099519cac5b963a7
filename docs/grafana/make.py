"""Writes fleet.json, the dashboard: `python docs/grafana/make.py`. A panel is a row of the table below."""

from __future__ import annotations

import json
from pathlib import Path

PANELS = (
    ("Watcher", "stat", "fleet_watcher_up", "", "short"),
    ("Waits for a person", "stat", "sum(fleet_approvals_waiting)", "", "short"),
    ("Longest wait", "stat", "fleet_longest_wait_seconds", "", "s"),
    ("Agents in quarantine", "stat", "sum(fleet_agent_quarantined)", "", "short"),
    ("Merged in a day", "stat", "sum(increase(fleet_changes_merged_total[1d]))", "", "short"),
    ("Spent in a day", "stat", "sum(increase(fleet_cost_usd_total[1d]))", "", "currencyUSD"),
    ("Runs at work", "timeseries", "fleet_live_runs", "{{agent}}", "short"),
    ("Runs that wait for an agent", "timeseries", "fleet_queued_runs", "queued", "short"),
    (
        "Runs by outcome, an hour",
        "timeseries",
        "sum by (outcome) (increase(fleet_runs_total[1h]))",
        "{{outcome}}",
        "short",
    ),
    (
        "Spent, dollars an hour",
        "timeseries",
        "sum by (agent) (increase(fleet_cost_usd_total[1h]))",
        "{{agent}}",
        "currencyUSD",
    ),
    (
        "Tokens an hour",
        "timeseries",
        "sum by (model) (increase(fleet_tokens_total[1h]))",
        "{{model}}",
        "short",
    ),
    ("Of the day's budget", "timeseries", "fleet_budget_used_ratio", "{{agent}} {{kind}}", "percentunit"),
    ("Slots in use", "timeseries", "fleet_live_runs / fleet_slots", "{{agent}}", "percentunit"),
    ("Events a second", "timeseries", "rate(fleet_log_events[5m])", "events", "short"),
)


def dashboard() -> dict[str, object]:
    """The dashboard, as Grafana reads it."""
    panels, x, y = [], 0, 0
    for number, (title, kind, query, legend, unit) in enumerate(PANELS, start=1):
        width, height = (4, 4) if kind == "stat" else (12, 8)
        if x + width > 24:
            x, y = 0, y + height
        panels.append(
            {
                "id": number,
                "title": title,
                "type": kind,
                "datasource": {"type": "prometheus", "uid": "${source}"},
                "gridPos": {"x": x, "y": y, "w": width, "h": height},
                "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
                "targets": [{"refId": "A", "expr": query, "legendFormat": legend or "__auto"}],
            }
        )
        x += width
        if x >= 24:
            x, y = 0, y + height
    source = {"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"}
    return {
        "title": "Fleet",
        "uid": "fleet-overview",
        "schemaVersion": 39,
        "tags": ["fleet"],
        "time": {"from": "now-24h", "to": "now"},
        "refresh": "30s",
        "templating": {"list": [source]},
        "panels": panels,
    }


if __name__ == "__main__":
    text = json.dumps(dashboard(), indent=2) + "\n"
    Path(__file__).with_name("fleet.json").write_text(text)
