"""Real bubblewrap around real sessions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.engine.conftest import stage

from fleet.adapters.sandboxes.bwrap import BwrapSandbox
from fleet.adapters.sessions.shim_sessions import ShimSessions
from fleet.ports.sandbox import Room, Sandbox
from fleet.ports.session import Command

__all__ = ["stage"]


@pytest.fixture(scope="session")
def bwrap(need, tmp_path_factory: pytest.TempPathFactory) -> BwrapSandbox:
    """A sandbox that works. Where the machine forbids it, as some containers do, the test is skipped."""
    need("bwrap", "apt-get install bubblewrap")
    found = BwrapSandbox(os.environ["PATH"], tmp_path_factory.mktemp("sandbox"))
    if found.problem():
        pytest.skip(found.problem())
    return found


class Confined(ShimSessions):
    """Sessions each of which is kept to its working directory."""

    sandbox: Sandbox

    def start(self, key, command):
        room = Room(command.cwd, home="/home", path=command.env.get("PATH", os.defpath))
        words = {name: getattr(command, name) for name in Command.__dataclass_fields__}
        argv = self.sandbox.wrap(command.argv, room)
        return super().start(key, Command(**{**words, "argv": argv, "signals_from": 128}))


@pytest.fixture
def confined(bwrap: BwrapSandbox):
    """Opens such sessions in a folder."""
    opened: list[Confined] = []

    def open_sessions(place: Path) -> Confined:
        made = Confined(place / "sessions")
        made.sandbox = bwrap
        opened.append(made)
        return made

    yield open_sessions
    for each in opened:
        each.close()


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Path]:
    made = tmp_path / "workspace"
    made.mkdir()
    return made
