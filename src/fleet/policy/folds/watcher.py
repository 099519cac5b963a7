"""What the watcher says of itself and of the base branch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.model.event import Event
from fleet.model.state import State
from fleet.policy.folds.reading import text, texts, whole

_MOMENTS = (
    "started",
    "heard",
    "acted",
    "busy_at",
    "changed",
    "nudged_at",
    "asked_at",
    "asks_from",
    "waits_until",
)


def config_loaded(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """The watcher reads its configuration: which events may start a workflow, which have a schedule."""
    state.config = text(data, "digest")
    state.triggers = texts(data, "triggers")
    names = texts(data, "schedules")
    state.scheduled = {name: state.scheduled.get(name, event.time) for name in names}


def watcher_started(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """A watcher begins, perhaps holding every handoff until a person lets it go on. Runs that live already
    had none before.
    """
    state.step = data.get("step") is True
    if text(data, "key"):
        state.sealing = state.sealing or event.time
    for name in state.moving:
        state.runs[name].unheard = state.runs[name].unheard or state.runs[name].live


def base_seen(state: State, _event: Event, data: Mapping[str, Any]) -> None:
    """Somebody looked where the base branch is."""
    state.bases[text(data, "repo")] = text(data, "sha")


def workspaces_measured(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """Whether the workspaces take more of the disk than they may."""
    if data.get("over") is not True:
        state.crowded = ""
        return
    used, limit = (f"{whole(data, name) / 1e9:.4g} GB" for name in ("bytes", "limit"))
    state.crowded_at = state.crowded_at if state.crowded else event.time
    state.crowded = f"the workspaces take {used}, and may take {limit}"


def clock_moved(state: State, _event: Event, data: Mapping[str, Any]) -> None:
    """The clock went ahead in one step. Nobody worked or was silent for so long: what live runs did is as
    long ago as it was before.
    """
    by = max(0, whole(data, "ms"))
    for name in state.moving:
        run = state.runs[name]
        for what in _MOMENTS if run.live else ():
            if getattr(run, what):
                setattr(run, what, getattr(run, what) + by)
