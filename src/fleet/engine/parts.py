"""Everything the engine works with, put together by the wiring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path

from fleet.model.fleet import Fleet
from fleet.ports.harness import AgentEvent, Harness
from fleet.ports.log import Clock, Log
from fleet.ports.repository import Repository
from fleet.ports.session import Sessions
from fleet.ports.terminal import Terminal
from fleet.ports.workspace import Workspaces

Render = Callable[[AgentEvent, int], list[str]]
"""An agent event and its time (ms since the epoch) as lines that people read."""


@dataclass(slots=True)
class Parts:
    """The ports, and where things lie. `gateway_url` is known once the gateway is served.

    `environment` is the operator's own, from which agents are given what their harness may have. `program`
    is the folder that `fleet` itself lies in, so that agents find it.
    """

    fleet: Fleet
    log: Log
    sessions: Sessions
    workspaces: Workspaces
    repository: Repository
    harnesses: Mapping[str, Harness]
    terminal: Terminal
    clock: Clock
    render: Render
    threads: Executor
    root: Path
    runs: Path
    socket: Path
    program: Path
    secret: bytes
    environment: Mapping[str, str] = field(default_factory=dict)
    gateway_url: str = ""

    def run_dir(self, run: str) -> Path:
        """The folder of a run's session."""
        return self.runs / run
