"""The harness `copilot`: the user's own GitHub Copilot CLI, headless, with its output as JSON lines.

The user's login, or provider of their own, settings, skills, instructions and MCP servers stay in force; of
the repository under work only instructions are obeyed, as its folder is not trusted. The gateway is one more
MCP server, named by a file of the run's directory. All that the agent is told goes over stdin. It can't be
told anything while it works. `copilot_run` runs between, since it writes what it used into a file. Its
output is read by `copilot_reader`.

Without `tools` in fleet.yaml an agent has every tool, unasked. With `tools` (its own permissions, such as
`write` or `shell(git:*)`) it has these, what only reads, and the gateway. It never waits for an answer: what
would ask is refused. Its hooks ask about every call of an agent that has permissions (`copilot_hooks`).
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from fleet.adapters.harnesses.copilot_hooks import hook_files
from fleet.adapters.harnesses.copilot_reader import CopilotReader
from fleet.adapters.harnesses.options import PROXIES, only_known, variables
from fleet.adapters.harnesses.program import Needs, Program, look_for
from fleet.ports.harness import Detected, Launch, Plan

_PROGRAM = Program(
    "copilot",
    "GitHub Copilot CLI",
    oldest=(1, 0, 0),
    install="Install it (npm install -g @github/copilot) and log in by running: copilot login",
    update="Run: copilot update",
    version=("--no-auto-update", "--version"),  # of the one that runs, not of one that it got meanwhile
    ask=("--no-auto-update", "--help"),
    options=(
        *(
            "--output-format",
            "--no-ask-user",
            "--no-auto-update",
            "--no-remote",
            "--allow-all",
            "--allow-tool",
        ),
        *("--additional-mcp-config", "--model", "--resume", "--session-id"),
        "--usage-output-file",
    ),
    features={"permissions": Needs(("--plugin-dir",))},
)
_MCP = "copilot-mcp.json"
_PASSED = (
    # One by one: others of that prefix would tell it that it runs within another one, or open GitHub.
    "COPILOT_CACHE_HOME",
    "COPILOT_GH_HOST",
    "COPILOT_HOME",
    "COPILOT_MODEL",
    "COPILOT_OFFLINE",
    "COPILOT_PROVIDER_*",
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "USE_BUILTIN_RIPGREP",
    *PROXIES,
)
_READ = ("config.json", "settings.json", "mcp-config.json", "skills", "agents", "instructions", "pkg")
_CONVERSATION = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class CopilotHarness:
    """Starts `copilot` as found on the session's PATH. `patience` bounds, in seconds, what `detect` waits."""

    def __init__(self, patience: float = 20.0) -> None:
        self._patience = patience

    @property
    def name(self) -> str:
        """The name it has in fleet.yaml."""
        return "copilot"

    def plan(self, launch: Launch) -> Plan:
        """How to start it for this run. Raises `UsageError` for options that it does not have.

        A conversation that can't be one of its own (another harness's) is not gone on with: a new one begins.
        """
        only_known(launch.options, ("env",))
        argv = ["copilot", "--output-format=json", "--no-ask-user", "--no-auto-update", "--no-remote"]
        files: dict[str, str] = {}
        if launch.hook:
            files |= hook_files(launch.hook, launch.hook_seconds, launch.tools)
            argv.append(f"--plugin-dir={launch.run_dir}")
        elif launch.tools:
            allowed = (*(tool.strip() for tool in launch.tools), "fleet")
            argv += [f"--allow-tool={tool}" for tool in allowed]
        else:
            argv.append("--allow-all")
        if launch.model:
            argv.append(f"--model={launch.model}")
        if _CONVERSATION.fullmatch(launch.conversation):
            argv.append(f"--resume={launch.conversation}")
        else:  # it tells its own choice at the end alone, which a run that is killed does not reach
            argv.append(f"--session-id={uuid5(NAMESPACE_URL, launch.run_dir)}")
        if launch.gateway_url:
            argv.append(f"--additional-mcp-config=@{launch.run_dir}/{_MCP}")
            headers = {"Authorization": f"Bearer {launch.gateway_token}"}
            server = {"type": "http", "url": launch.gateway_url, "headers": headers, "tools": ["*"]}
            files[_MCP] = json.dumps({"mcpServers": {"fleet": server}})
        own = launch.environment.get("COPILOT_HOME") or f"{launch.environment.get('HOME', '')}/.copilot"
        told = [text.strip() for text in (launch.system_prompt, launch.prompt) if text.strip()]
        # -I: the workspace is the agent's to write, so nothing is imported from there.
        first = (sys.executable, "-I", "-S", str(Path(__file__).with_name("copilot_run.py")))
        return Plan(
            argv=(*first, *argv),
            passthrough=_PASSED + variables(launch.options),
            files=files,
            stdin="\n\n".join(told) + "\n",
            programs=("copilot", "node"),
            reads=tuple(f"{own}/{name}" for name in _READ),
            writes=(f"{own}/session-state/",),
        )

    @property
    def permits(self) -> bool:
        """Its hooks ask about every call."""
        return True

    def reader(self) -> CopilotReader:
        """A fresh reader for one run's output."""
        return CopilotReader()

    def steer(self, text: str) -> str | None:  # it reads its stdin once
        """It cannot be told anything while it works."""
        return None

    def interactive(self, conversation: str) -> tuple[str, ...]:
        """Copilot's own screen."""
        return ("copilot", f"--resume={conversation}") if _CONVERSATION.fullmatch(conversation) else ()

    def detect(self, path: str) -> Detected:
        """Look for `copilot` along `path` and ask its version."""
        return look_for(_PROGRAM, path, self._patience)
