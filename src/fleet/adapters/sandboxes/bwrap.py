"""Sessions kept to their room by bubblewrap: namespaces of their own for files, processes and the like.

The harness runs as a child of bubblewrap's own process 1. Signals: bubblewrap does not care for SIGTERM (it
would take everything with it at once), while the harness does, so an order to stop gives it its time as ever.
When the harness ends, so does bubblewrap, and with it the kernel ends whatever else lives in the namespace.
"""

from __future__ import annotations

import os
import subprocess
import threading
from functools import cached_property
from pathlib import Path
from shutil import which

from fleet.adapters.sandboxes.arguments import System, arguments
from fleet.adapters.sandboxes.machine import (
    copy_etc,
    find_program,
    of_program,
    on_path,
    own_program,
    system,
)
from fleet.model.errors import Permanent
from fleet.ports.sandbox import Bind, Room

_PATIENCE = 10.0
_LONGEST = 300


class BwrapSandbox:
    """Uses `bwrap` as found along `path`. `folder` is its own, for what it prepares once.

    What is found of the machine (programs of the system, its settings) is kept for as long as this lives.
    """

    name = "bwrap"

    def __init__(self, path: str, folder: Path) -> None:
        self._path = path
        self._folder = folder
        self._once = threading.Lock()
        self._problem: str | None = None
        self._system: System | None = None

    def problem(self) -> str:
        """See the port."""
        with self._once:
            if self._problem is None:
                self._problem = self._try()
            return self._problem

    def wrap(self, argv: tuple[str, ...], room: Room) -> tuple[str, ...]:
        """See the port."""
        if self.problem() or self._system is None:
            raise Permanent("There is no sandbox here", why=self.problem())
        program = find_program(argv[0], room.path)
        if program is None:
            where = "" if "/" in argv[0] else " in any folder of PATH"
            raise Permanent(f"the program {argv[0]} does not exist{where}", do="See: fleet doctor")
        binds = [*self._own, *on_path(room.path), *of_program(program)]
        for name in room.programs:
            binds += of_program(find_program(name, room.path) or name)
        return self._command((program, *argv[1:]), arguments(room, self._system, binds))

    def _command(self, command: tuple[str, ...], walls: tuple[str, ...]) -> tuple[str, ...]:
        bwrap, env = self._tools
        if "=" in command[0]:  # env would take it for a variable
            command = ("/bin/sh", "-c", 'exec "$@"', "sh", *command)
        return env, "--ignore-signal=TERM", bwrap, *walls, "--", env, "--default-signal=TERM", *command

    @cached_property
    def _tools(self) -> tuple[str, str]:
        return which("bwrap", path=self._path) or "bwrap", which("env", path=os.defpath) or "/usr/bin/env"

    @cached_property
    def _own(self) -> tuple[Bind, ...]:
        return own_program()

    def _try(self) -> str:
        """Find out whether it works, and how: root is tried without a user namespace first."""
        if which("bwrap", path=self._path) is None:
            return "there is no bwrap on PATH"
        try:
            etc = copy_etc(self._folder)
        except OSError as error:
            return f"{self._folder} can't be written: {error}"
        problem = ""
        for users in (False, True) if os.geteuid() == 0 else (True,):
            found = system(etc, users=users)
            problem = self._try_with(found)
            if not problem:
                self._system = found
                break
        return problem

    def _try_with(self, found: System) -> str:
        room = Room(workspace=str(self._folder), home="/home", path=os.defpath)
        argv = self._command(("/bin/sh", "-c", ":"), arguments(room, found))
        try:
            done = subprocess.run(
                argv, env={}, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            return f"bwrap did not come to its end within {_PATIENCE:g} s"
        except OSError as error:
            return f"bwrap can't be started: {error}"
        said = done.stderr.decode(errors="replace").strip()[-_LONGEST:]
        return "" if done.returncode == 0 else f"bwrap does not work here: {said or done.returncode}"
