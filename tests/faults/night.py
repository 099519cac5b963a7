"""One night: a project whose agents work, a watcher that is started again whenever it is gone, and a person
who says yes to whatever waits.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from tests.faults.minds import LEADS, Mind, develop_steps, review_steps, write_home

from fleet.config.place import Place
from fleet.model import events
from fleet.model.errors import FleetError
from fleet.model.event import Event
from fleet.model.state import State
from fleet.testing.model_server import ModelServer
from fleet.wiring import open_log, open_sessions, read_state

_ROOT = Path(__file__).parents[2]
_WATCHER = Path(__file__).with_name("watcher.py")
_MODELS = {"copilot": "claude-sonnet-4-5"}
_KEPT = ("PATH", "LANG", "LC_ALL", "IS_SANDBOX")
_BUDGET = {"per_run": {"time": "90s"}}
_STUCK = {"silence": "15s", "command": "20s"}


@dataclass
class Night:
    """All of it. `folder` holds everything: what carries its path in its environment was started here."""

    folder: Path
    seed: int
    harnesses: Sequence[str]
    sandbox: str = "auto"
    dice: random.Random = field(init=False)
    mind: Mind = field(init=False)
    server: ModelServer = field(init=False)
    env: dict[str, str] = field(init=False)
    watcher: subprocess.Popen[bytes] | None = None
    paused: dict[int, float] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.mind = Mind(self.seed)
        self.server = ModelServer(self.mind)
        self.root = self.folder / "shop"
        self.place = Place(self.root)
        self.clock = self.folder / "clock"
        for name in ("home/.config/opencode", "home/.local/share/opencode", "tmp", "shop"):
            (self.folder / name).mkdir(parents=True)
        self.clock.write_text("0")
        self.env = self._environment()
        self._make_project()

    # -- what there is

    def state(self) -> State:
        """What is true now."""
        return read_state(self.place)

    def watch(self) -> None:
        """Have a watcher."""
        if self.watcher is not None and self.watcher.poll() is None:
            return
        if self.watcher is not None and self.watcher.returncode not in (0, -signal.SIGKILL):
            self.told.append(f"a watcher ended by itself, with {self.watcher.returncode}")
        with (self.folder / "watcher.err").open("ab") as errors:
            self.watcher = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    str(Path(__file__).with_name("watcher.py")),
                    str(self.root),
                    str(self.clock),
                ],
                cwd=self.root,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                start_new_session=True,
            )

    def issue(self, harness: str) -> None:
        """A person opens an issue that is ready for this harness's agents."""
        number = self.state().number + 1
        data = {
            "item": number,
            "kind": "issue",
            "title": f"Add note {number}",
            "body": "Please.",
            "labels": [harness],
            "author": "user/ann",
            "trusted": True,
        }
        self.append(Event(events.ITEM_OPENED, data, source="user/ann"))

    def append(self, *batch: Event) -> None:
        """Something that a person does. A log that can't be written just now is tried again."""
        for _ in range(200):
            try:
                log = open_log(self.place)
                try:
                    log.append(batch)
                    return
                finally:
                    log.close()
            except FleetError:
                self.go_on()  # a watcher that was paused while it wrote lets nobody write
                time.sleep(0.05)
        raise AssertionError("the log can't be written")

    def answer(self) -> None:
        """The person lets everything go on that waits."""
        state = self.state()
        for name in state.asked:
            approval = state.approvals[name]
            if not approval.answer:
                data = {"approval": name, "actor": "user/ann", "note": "Go on."}
                self.told.append(f"a person is asked ({approval.kind}): {approval.why}")
                self.append(Event(events.APPROVAL_GIVEN, data, source="user/ann"))
        for agent in state.agents.values():
            if agent.quarantined:
                data = {"agent": agent.name, "reason": "fine", "actor": "user/ann"}
                self.append(Event(events.AGENT_RELEASED, data, source="user/ann"))

    def live(self) -> list[str]:
        """Sessions that run, checks too."""
        sessions = open_sessions(self.place)
        found = [key for key in sessions.keys() if sessions.alive(key)]  # noqa: SIM118
        sessions.close()
        return found

    def processes(self) -> dict[int, str]:
        """All that was started here and lives, but for the watcher."""
        found, here = {}, os.fsencode(self.folder) + b"/"
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (path / "cmdline").read_bytes().replace(b"\0", b" ")
                if words and (here in words or here in (path / "environ").read_bytes()):
                    found[int(path.name)] = words.decode(errors="replace")[:120]
        own = {os.getpid(), self.watcher.pid if self.watcher else 0}
        return {pid: words for pid, words in found.items() if pid not in own}

    # -- how it ends

    def go_on(self, at: float | None = None) -> None:
        """Let go on what a blow has paused, if its time is over by now, or by `at`."""
        now = time.monotonic() if at is None else at
        for pid in [pid for pid, until in self.paused.items() if now > until]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
            del self.paused[pid]

    def rest(self, seconds: float) -> bool:
        """Wait until all is done, answering whatever is asked; False when it is not in time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.watch()
            self.answer()
            state = self.state()
            if not state.active and not state.moving and not state.wishes:
                return True
            time.sleep(0.3)
        return False

    def end(self) -> None:
        """End the watcher as a person does, and what a broken night has left."""
        if self.watcher is not None and self.watcher.poll() is None:
            self.watcher.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.watcher.wait(20)

    def sweep(self) -> None:
        """Kill what is left and close the model: nothing of a night outlives it."""
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.watcher is not None and self.watcher.poll() is None:
            self.watcher.kill()
            self.watcher.wait()
        self.server.close()

    def git(self, *words: str) -> str:
        """Git in the user's checkout."""
        done = subprocess.run(["git", *words], cwd=self.root, env=self.env, check=True, capture_output=True)
        return done.stdout.decode(errors="replace").strip()

    # -- how it begins

    def _environment(self) -> dict[str, str]:
        home = self.folder / "home"
        found = {name: os.environ[name] for name in _KEPT if name in os.environ}
        found |= {
            "HOME": str(home),
            "TMPDIR": str(self.folder / "tmp"),
            "LOGNAME": "ann",
            "PYTHONDONTWRITEBYTECODE": "1",  # else a full disk would leave halves of it beside the code
            "TMUX_TMPDIR": str(self.folder / "tmp"),
            "PYTHONPATH": os.pathsep.join((str(_ROOT), str(_ROOT / "src"))),
        }
        (home / ".gitconfig").write_text("[user]\n\tname = Ann\n\temail = ann@example.org\n")
        for harness in self.harnesses:
            found |= write_home(home, harness, self.server.url)
            lead = LEADS.get(harness)
            program = shutil.which(lead.program) if lead else None
            if lead and program is None:
                raise SystemExit(f"{lead.program} is not on PATH, and {harness} needs it")
        return found

    def _make_project(self) -> None:
        self.git("init", "-q", "-b", "main")
        (self.root / "README.md").write_text("# Shop\n")
        (self.root / ".gitignore").write_text(".fleet/\n")
        (self.root / "fleet.yaml").write_text(yaml.safe_dump(self._config()))
        self.git("add", "-A")
        self.git("commit", "-qm", "Start")
        self.place.dot.mkdir(mode=0o700)
        slow = {"run": "sleep 0.$(od -An -N1 -tu1 /dev/urandom | tr -d ' ')"}
        dev = [slow, *({"run": step} for step in develop_steps("${FLEET_ITEM%% *}")), slow]
        lead = [slow, *({"run": step} for step in review_steps())]
        for name, steps in (("dev", dev), ("lead", lead)):
            (self.place.dot / f"{name}.yaml").write_text(yaml.safe_dump({"steps": steps}))
            script = "\n".join(["#!/bin/sh", "cat >/dev/null", *(step["run"] for step in steps)])
            (self.place.dot / f"{name}.sh").write_text(script)
            (self.place.dot / f"{name}.sh").chmod(0o755)

    def _config(self) -> dict[str, object]:
        agents: dict[str, object] = {}
        workflows: dict[str, object] = {}
        for harness in self.harnesses:
            for name, duty in (("dev", "change"), ("lead", "review")):
                options = {
                    "scripted": {"script": f".fleet/{name}.yaml"},
                    "command": {"argv": f".fleet/{name}.sh"},
                }.get(harness, {})
                agents[f"{name}-{harness}"] = {
                    "harness": harness,
                    "duty": duty,
                    "slots": 3,
                    **({"model": _MODELS[harness]} if harness in _MODELS else {}),
                    "budget": _BUDGET,
                    "stuck": _STUCK,
                    **({"options": options} if options else {}),
                }
            workflows[harness] = {
                "on": {"issue": {"labeled": harness}},
                "jobs": {
                    "implement": {"agent": f"dev-{harness}"},
                    "review": {"agent": f"lead-{harness}", "needs": ["implement"]},
                    "merge": {"action": "merge", "needs": ["review"]},
                },
            }
        return {
            "version": 1,
            "agents": agents,
            "workflows": workflows,
            "checks": {"test": "sleep 0.2; ls note-*.txt"},
            "quarantine": {"failures": 100},
            "sandbox": {"use": self.sandbox},
        }
