"""Real sessions in which real harnesses work for a scripted model, and the real gateway beside them."""

from __future__ import annotations

import asyncio
import json
import os
import select
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from fleet.adapters.harnesses.acp import AcpHarness
from fleet.adapters.harnesses.claude_code import ClaudeCodeHarness
from fleet.adapters.harnesses.codex import CodexHarness
from fleet.adapters.harnesses.copilot import CopilotHarness
from fleet.adapters.harnesses.gemini import GeminiHarness
from fleet.adapters.harnesses.opencode import OpencodeHarness
from fleet.adapters.sessions.shim_sessions import ShimSessions
from fleet.gateway.serve import serve
from fleet.gateway.server import build_app
from fleet.model.event import Event
from fleet.model.state import Run, State
from fleet.ports.harness import AgentEvent, Harness, Launch
from fleet.ports.session import Command, Exit
from fleet.testing.model_script import Answer, Script
from fleet.testing.model_server import ModelServer

TOKEN = "token-of-r7"


@dataclass
class Played:
    """A run that is over, or is waited for: what its harness was seen to do."""

    events: list[AgentEvent] = field(default_factory=list)
    exit: Exit | None = None
    argv: tuple[str, ...] = ()

    def only(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]


class Stage:
    """A workspace (a real repository), a user's home, and sessions; `server` is the model of the last run.

    This one is Claude Code's.
    """

    make: Callable[[], Harness] = ClaudeCodeHarness
    permission: Mapping[str, str] = {}  # opencode's own, for all of the user's agents

    def __init__(self, folder: Path, program: str) -> None:
        self.folder = folder
        self.home, self.workspace = folder / "home", folder / "workspace"
        for made in (self.home, self.workspace):
            made.mkdir()
        self.sessions = ShimSessions(folder / "runs")
        self.server: ModelServer
        self.program, self.programs = program, Path(program).parent
        self._path = f"{self.programs}{os.pathsep}{os.environ['PATH']}"
        self._count = 0
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "developer (fleet)")
        self.git("config", "user.email", "developer@fleet.invalid")

    def git(self, *words: str) -> str:
        done = subprocess.run(["git", *words], cwd=self.workspace, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def play(
        self,
        script: Script,
        *,
        env: dict[str, str] | None = None,
        on: Callable = lambda *_: None,
        **more: object,
    ) -> Played:
        """Run it to its end. `on(event, key)` is called for each agent event, with the session's key."""
        with ModelServer(script) as self.server:
            self._count += 1
            key = f"r{self._count}"
            harness = self.make()
            user = {
                "PATH": self._path,
                "HOME": str(self.home),
                "LANG": "C.UTF-8",
                "GH_TOKEN": "not-for-agents",
                "SSH_AUTH_SOCK": "/not/for/agents",
                **self.settings(),
                **(env or {}),
            }
            launch = replace(self._launch(key, user), **more)
            plan = harness.plan(launch)
            run_dir = Path(launch.run_dir)
            run_dir.mkdir(mode=0o700)
            for name, text in plan.files.items():
                (run_dir / name).write_text(text)
                (run_dir / name).chmod(0o600)
            base = {name: user[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in user}
            seen = {
                name: value
                for name, value in user.items()
                if any(
                    name == one or (one[-1] == "*" and name.startswith(one[:-1])) for one in plan.passthrough
                )
            }
            command = Command(
                argv=plan.argv,
                env={**base, **seen, **plan.env},
                cwd=launch.workspace,
                stdin=plan.stdin,
                keep_stdin=plan.keep_stdin,
                last_line=plan.last_line,
                seconds=100,
                grace_seconds=1,
            )
            self.sessions.start(key, command)
            return self._follow(key, Played(argv=plan.argv), lambda event: on(event, key))

    def _follow(self, key: str, played: Played, heard: Callable[[AgentEvent], None]) -> Played:
        reader, offset, pieces = self.make().reader(), 0, {"out": "", "err": ""}
        until = time.monotonic() + 90
        while True:
            select.select([self.sessions.wakes()], [], [], 0.5)
            self.sessions.drain()
            played.exit = self.sessions.exit(key)
            records, offset = self.sessions.read(key, offset)
            while records:
                for record in records:
                    if record.stream not in pieces:
                        continue
                    pieces[record.stream] += record.text
                    if record.complete:
                        line, pieces[record.stream] = pieces[record.stream], ""
                        for event in reader.feed(record.stream, line):
                            played.events.append(event)
                            heard(event)
                records, offset = self.sessions.read(key, offset)
            if played.exit is not None:
                return played
            assert time.monotonic() < until, "the session did not end"

    def settings(self) -> dict[str, str]:
        """What leads the harness to the scripted model: variables, and files in the user's home."""
        return {
            "ANTHROPIC_BASE_URL": self.server.url,
            "ANTHROPIC_API_KEY": "dummy",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "CLAUDE_CODE_MAX_RETRIES": "1",
        }

    def _launch(self, key: str, user: dict[str, str]) -> Launch:
        return Launch(
            run=key,
            workspace=str(self.workspace),
            prompt="Please begin.",
            system_prompt="You are a developer of the fleet.",
            model="",
            tools=(),
            conversation="",
            cost_limit_micros=0,
            gateway_url="",
            gateway_token="",
            run_dir=str(self.folder / f"files-{key}"),
            environment=user,
        )

    def close(self) -> None:
        for key in self.sessions.keys():  # noqa: SIM118  # no dict
            self.sessions.stop(key, "the test is over")
        self.sessions.close()


@pytest.fixture
def stage(tmp_path, need) -> Iterator[Stage]:
    made = Stage(tmp_path, need("claude", "npm install -g @anthropic-ai/claude-code"))
    yield made
    made.close()


class CodexStage(Stage):
    """The same for Codex. Its own configuration names the model's provider; `more` is more of that."""

    make = CodexHarness
    more = ""

    def settings(self) -> dict[str, str]:
        folder = self.home / ".codex"
        folder.mkdir(exist_ok=True)
        (folder / "config.toml").write_text(
            f"""
            model = "scripted-model"
            model_provider = "scripted"
            {self.more}
            [model_providers.scripted]
            name = "scripted"
            base_url = "{self.server.url}/v1"
            wire_api = "responses"
            env_key = "OPENAI_API_KEY"
            request_max_retries = 1
            stream_max_retries = 1
            [analytics]
            enabled = false
            """
        )
        # It makes its helpers in its own folder, unless that is below the one for temporary files.
        (self.folder / "tmp").mkdir(exist_ok=True)
        return {"OPENAI_API_KEY": "dummy", "TMPDIR": str(self.folder / "tmp")}


@pytest.fixture
def codex(tmp_path, need) -> Iterator[CodexStage]:
    made = CodexStage(tmp_path, need("codex", "npm install -g @openai/codex"))
    yield made
    made.close()


class OpencodeStage(Stage):
    """The same for opencode, whose provider is led to the scripted model by the user's configuration."""

    make = OpencodeHarness

    def settings(self) -> dict[str, str]:
        folder = self.home / ".config" / "opencode"
        folder.mkdir(parents=True, exist_ok=True)
        options = {"baseURL": f"{self.server.url}/v1", "apiKey": "dummy"}
        (folder / "opencode.json").write_text(
            json.dumps(
                {
                    "model": "anthropic/claude-sonnet-4-5",
                    "provider": {"anthropic": {"options": options}},
                    "permission": self.permission,
                }
            )
        )
        return {"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_LSP_DOWNLOAD": "1"}


@pytest.fixture
def opencode(tmp_path, need) -> Iterator[OpencodeStage]:
    made = OpencodeStage(tmp_path, need("opencode", "npm install -g opencode-ai"))
    yield made
    made.close()


class GeminiStage(Stage):
    """The same for Gemini, which is led to the scripted model by its variables and logs in with a key."""

    make = GeminiHarness

    def settings(self) -> dict[str, str]:
        folder = self.home / ".gemini"
        folder.mkdir(exist_ok=True)
        own = {"security": {"auth": {"selectedType": "gemini-api-key"}}, "general": {"maxAttempts": 2}}
        (folder / "settings.json").write_text("// mine\n" + json.dumps(own))
        (self.folder / "tmp").mkdir(exist_ok=True)
        return {
            "GOOGLE_GEMINI_BASE_URL": self.server.url,
            "GEMINI_API_KEY": "dummy",
            "TMPDIR": str(self.folder / "tmp"),
        }


@pytest.fixture
def gemini(tmp_path, need) -> Iterator[GeminiStage]:
    made = GeminiStage(tmp_path, need("gemini", "npm install -g @google/gemini-cli"))
    yield made
    made.close()


class CopilotStage(Stage):
    """The same for Copilot, with a provider of the user's own."""

    make = CopilotHarness

    def settings(self) -> dict[str, str]:
        (self.folder / "tmp").mkdir(exist_ok=True)
        return {
            "COPILOT_PROVIDER_BASE_URL": self.server.url,
            "COPILOT_PROVIDER_TYPE": "anthropic",
            "COPILOT_PROVIDER_API_KEY": "dummy",
            "COPILOT_OFFLINE": "true",
            "TMPDIR": str(self.folder / "tmp"),
        }


@pytest.fixture
def copilot(tmp_path, need) -> Iterator[CopilotStage]:
    made = CopilotStage(tmp_path, need("copilot", "npm install -g @github/copilot"))
    yield made
    made.close()


class AcpStage(Stage):
    """The same for an agent that speaks the Agent Client Protocol: one made of its SDK, or a program found on
    PATH that is led to the scripted model as `other` says.
    """

    make = AcpHarness

    def __init__(self, folder: Path, program: str, other: type[Stage] = Stage) -> None:
        super().__init__(folder, program)
        self._other = other
        self.conversations = folder / "conversations"
        self.conversations.mkdir()

    def settings(self) -> dict[str, str]:
        own = {"ACP_TEST_FOLDER": str(self.conversations), "GEMINI_CLI_TRUST_WORKSPACE": "true"}
        return own if self._other is Stage else own | self._other.settings(self)

    def play(self, script: Script | None = None, **more) -> Played:
        options = {"env": "ACP_TEST_FOLDER, GEMINI_*, GOOGLE_*, OPENCODE_*", "argv": self.program}
        options |= more.pop("options", {})
        return super().play(script or (lambda _: Answer()), options=options, **more)


@pytest.fixture
def acp(tmp_path) -> Iterator[AcpStage]:
    made = AcpStage(tmp_path, shlex.join([sys.executable, str(Path(__file__).parent / "acp_agent.py")]))
    yield made
    made.close()


@pytest.fixture
def acp_of(tmp_path, need) -> Iterator[Callable[[str, type[Stage], str], AcpStage]]:
    """A stage for a real program: its name, whose stage leads it to the model, and its arguments."""
    made: list[AcpStage] = []

    def make(program: str, other: type[Stage], words: str) -> AcpStage:
        made.append(AcpStage(tmp_path, need(program), other))
        made[0].program = f"{program} {words}"
        return made[0]

    yield make
    for each in made:
        each.close()


class Door:
    """The gateway for run r7, on an event loop of its own. It keeps what it was asked to append."""

    def __init__(self, socket: Path) -> None:
        self.appended: list[Event] = []
        self._state = State()
        self._state.runs["r7"] = Run("r7", "i1", "implement", "change", 12, 1, 1, 0, "running", "developer")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        serving = serve(build_app(self), build_app(self, mcp=True), socket)
        self._serving = asyncio.run_coroutine_threadsafe(serving, self._loop).result(30)
        self.url = f"http://127.0.0.1:{self._serving.port}/mcp"

    def state(self) -> State:
        return self._state

    def run_of(self, token: str) -> str | None:
        return "r7" if token == TOKEN else None

    def is_at_home(self, process: int, run_id: str) -> bool:
        return True

    async def submit(self, events: Sequence[Event]) -> None:
        self.appended += events

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _stop(self) -> None:
        await self._serving.stop()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:  # a server-sent-events task of the MCP SDK that sleeps
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


@pytest.fixture
def door(tmp_path) -> Iterator[Door]:
    made = Door(tmp_path / "door" / "gateway.sock")
    yield made
    made.close()
