"""Everything the engine works with, put together by the wiring."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from fleet.engine.spares import Spares
from fleet.model.errors import Permanent
from fleet.model.fleet import Fleet
from fleet.model.state import Run
from fleet.ports.forge import Forge
from fleet.ports.harness import AgentEvent, Harness, Reader
from fleet.ports.log import Clock, Log
from fleet.ports.notifier import Notifier
from fleet.ports.repository import Repository
from fleet.ports.sandbox import Sandbox
from fleet.ports.seal import Seals
from fleet.ports.secrets import MaskedReader, Secrets
from fleet.ports.session import Sessions
from fleet.ports.terminal import Terminal
from fleet.ports.workspace import Workspaces

Amend = Callable[[bytes, str, str, Sequence[str]], bytes]
"""fleet.yaml with rules for an agent: its bytes, the agent, the list of its permissions, the rules. Raises
`FleetError` where it can't be done."""

Render = Callable[[AgentEvent, int], list[str]]
"""An agent event and its time (ms since the epoch) as lines that people read."""


class Mirror(Protocol):
    """A repository of Fleet's own that follows one on a forge. See `fleet.adapters.git.mirror`."""

    def fetch(self) -> str:
        """Bring the base branch; its commit."""
        ...

    def fetch_branch(self, branch: str) -> str | None:
        """Bring a branch as it is there; its commit, None when there is none."""
        ...

    def push(self, branch: str, sha: str, *, expected: str | None) -> bool:
        """Put the branch at this commit there, if it is at `expected` (None: not there). False: it is not."""
        ...

    def has(self, commit: str, path: str) -> bool:
        """Whether a commit that was brought here has a file or folder of this name."""
        ...


@dataclass(frozen=True, slots=True)
class Ground:
    """One repository to work on. `mirror` is None where it is the user's own, in the local forge."""

    repository: Repository
    workspaces: Workspaces
    mirror: Mirror | None = None

    def base_sha(self) -> str:
        """The base branch's commit; on a forge, as it is there now. Blocks."""
        return self.mirror.fetch() if self.mirror is not None else self.repository.base_sha()

    def bring(self, branch: str, head: str) -> None:
        """Have this commit of a branch here: on a forge somebody else may have pushed it. Blocks."""
        if self.mirror is not None and self.repository.resolve(branch) != head:
            self.mirror.fetch_branch(branch)


@dataclass(slots=True)
class Parts:
    """The ports, and where things lie. `gateway_url` is known once the gateway is served.

    `grounds` has one ground for each repository: "" in the local forge, else owner/name. `forge` is None
    where issues and pull requests live in the log.

    `seals` is what the log is signed with; None where nothing is signed.

    `secrets` finds what nobody may see, and `masked` keeps it out of what a reader gives.

    `environment` is the operator's own, from which agents are given what their harness may have. `program`
    is the folder that `fleet` itself lies in, so that agents find it. `hook` is the program that harnesses
    start to ask about a call of a tool.

    `clearing` are workspaces that are just being thrown away: nothing may begin in them. `checking` lets the
    checks of one change be run in turn.

    `config` is where fleet.yaml lies in its repository, and `amend` writes rules into it.
    """

    fleet: Fleet
    log: Log
    sessions: Sessions
    sandbox: Sandbox
    grounds: Mapping[str, Ground]
    forge: Forge | None
    notifier: Notifier
    harnesses: Mapping[str, Harness]
    terminal: Terminal
    clock: Clock
    render: Render
    secrets: Secrets
    masked: Callable[[Reader], MaskedReader]
    threads: Executor
    root: Path
    runs: Path
    socket: Path
    program: Path
    secret: bytes
    amend: Amend
    config: str
    seals: Seals | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    gateway_url: str = ""
    hook: tuple[str, ...] = ()
    spares: Spares = field(default_factory=Spares)
    clearing: set[str] = field(default_factory=set)
    checking: dict[int, asyncio.Lock] = field(default_factory=dict)

    def ground(self, repo: str) -> Ground:
        """The ground of this repository. Raises `Permanent` when fleet.yaml does not name it any more."""
        found = self.grounds.get(repo)
        if found is None:
            raise Permanent(f"{repo or 'the local repository'} is not in fleet.yaml any more")
        return found

    @property
    def forge_folder(self) -> Path:
        """Where the poller keeps how far it has come."""
        return self.runs.parent / "forge"

    def workspace(self, run: Run) -> Path:
        """Where a run works."""
        return self.runs.parent / "workspaces" / run.workspace

    def run_dir(self, run: str) -> Path:
        """The folder of a run's session."""
        return self.runs / run
