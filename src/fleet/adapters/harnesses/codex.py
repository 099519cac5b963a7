"""The harness `codex`: the user's own Codex CLI, headless, driven by its app server (`codex app-server`).

The run's process is a small program of ours, `codex_drive`, that starts it, tells it the task and what a
person says meanwhile, and prints what it does. The user's login, configuration, skills, AGENTS.md files and
MCP servers stay in force; what Fleet needs is laid over them by `-c`, and its gateway is one more MCP server,
whose token is named by its variable. All that the agent is told goes over stdin. The output is read by
`codex_reader`.

Codex has no list of tools but sandboxes. Without `tools` in fleet.yaml an agent has everything, unasked;
`tools: workspace-write` and `tools: read-only` choose one of them. With `permissions` each call goes by
these (see `codex_hooks`). It never waits for an approval at a screen.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import PurePosixPath

from fleet.adapters.harnesses.codex_home import files
from fleet.adapters.harnesses.codex_hooks import hook_settings
from fleet.adapters.harnesses.codex_reader import CodexReader
from fleet.adapters.harnesses.options import PROXIES, only_known, variables
from fleet.adapters.harnesses.program import Needs, Program, look_for
from fleet.model.errors import UsageError
from fleet.ports.harness import Detected, Launch, Plan

_PROGRAM = Program(
    "codex",
    "Codex",
    oldest=(0, 145, 0),  # older ones refuse the gateway's tools in their sandboxes
    install="Install it (npm install -g @openai/codex) and log in by running: codex login",
    update="Run: npm install -g @openai/codex",
    features={"permissions": Needs(oldest=(0, 157, 0))},  # older ones take no hooks from the command line
)
_SANDBOXES = ("workspace-write", "read-only")
_TOKEN = "FLEET_TOKEN"  # noqa: S105  # a variable's name: the engine gives it to every session
_PASSED = (
    "OPENAI_*",
    "AZURE_OPENAI_*",
    # One by one: others of that prefix would tell it that it runs within another Codex.
    "CODEX_ACCESS_TOKEN",
    "CODEX_API_KEY",
    "CODEX_CA_CERTIFICATE",
    "CODEX_HOME",
    "CODEX_SQLITE_HOME",
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    *PROXIES,
)
_CONVERSATION = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class CodexHarness:
    """Starts `codex` as found on the session's PATH. `patience` bounds, in seconds, what `detect` waits."""

    def __init__(self, patience: float = 10.0) -> None:
        self._patience = patience

    @property
    def name(self) -> str:
        """The name it has in fleet.yaml."""
        return "codex"

    def plan(self, launch: Launch) -> Plan:
        """How to start it for this run. Raises `UsageError` for tools or options that it does not have.

        A conversation that can't be one of its own (another harness's) is not gone on with: a new one begins.
        """
        only_known(launch.options, ("env",))
        own = files(launch.environment)
        told = [text.strip() for text in (launch.system_prompt, launch.prompt) if text.strip()]
        begin = {
            "type": "begin",
            "prompt": "\n\n".join(told),
            "workspace": launch.workspace,
            "conversation": launch.conversation if _CONVERSATION.fullmatch(launch.conversation) else "",
            "model": launch.model,
            "hook": list(launch.hook),
            "hook_seconds": launch.hook_seconds,
        }
        # -P: the workspace is the agent's to write, so nothing is imported from there.
        driver = (sys.executable, "-P", "-m", "fleet.adapters.harnesses.codex_drive")
        settings = (*_permissions(launch), *_settings(launch))
        return Plan(
            argv=(
                *driver,
                "--",
                "codex",
                "app-server",
                *(word for each in settings for word in ("-c", each)),
            ),
            env={_TOKEN: launch.gateway_token} if launch.gateway_url else {},
            passthrough=_PASSED + variables(launch.options),
            stdin=json.dumps(begin) + "\n",
            keep_stdin=True,
            last_line='{"type": "result"',
            programs=("codex",),
            reads=own.reads,
            writes=own.writes,
        )

    @property
    def permits(self) -> bool:
        """Its hooks ask about every call."""
        return True

    def reader(self) -> CodexReader:
        """A fresh reader for one run's output."""
        return CodexReader()

    def steer(self, text: str) -> str | None:
        """A line for the program between: heard before the model's next step, or as a new turn."""
        return json.dumps({"type": "say", "text": text}) + "\n"

    def interactive(self, conversation: str) -> tuple[str, ...]:
        """Codex's own screen."""
        return ("codex", "resume", conversation) if _CONVERSATION.fullmatch(conversation) else ()

    def detect(self, path: str) -> Detected:
        """Look for `codex` along `path` and ask its version."""
        return look_for(_PROGRAM, path, self._patience)


def _permissions(launch: Launch) -> tuple[str, ...]:
    if launch.tools and launch.hook:
        raise UsageError(
            "Codex has its own sandbox or rules for its tools, not both",
            why="what it is granted by rules it does outside of its sandbox",
            do="In fleet.yaml leave the agent's `tools` out, and use `sandbox: required`.",
        )
    if not launch.tools:
        rules = hook_settings(launch.hook, launch.hook_seconds) if launch.hook else ()
        return (*_overrides({"sandbox_mode": "danger-full-access"}), *rules)
    if len(launch.tools) > 1 or launch.tools[0] not in _SANDBOXES:
        raise UsageError(
            f"Codex has no tools {', '.join(launch.tools)} to choose from",
            why="it has sandboxes instead",
            do=f"In fleet.yaml give the agent tools: {' or '.join(_SANDBOXES)}, or none for everything.",
        )
    settings: dict[str, object] = {"sandbox_mode": launch.tools[0]}
    if launch.tools[0] == "workspace-write":
        # Only what is committed counts, and `fleet agent` asks by a socket.
        settings["sandbox_workspace_write.writable_roots"] = [str(PurePosixPath(launch.workspace) / ".git")]
        settings["sandbox_workspace_write.network_access"] = True
    return _overrides(settings)


def _settings(launch: Launch) -> tuple[str, ...]:
    # A login shell would set PATH anew, and the agent would not find `fleet`.
    settings: dict[str, object] = {"allow_login_shell": False, "check_for_update_on_startup": False}
    if launch.gateway_url:
        settings |= {
            "mcp_servers.fleet.url": launch.gateway_url,
            "mcp_servers.fleet.bearer_token_env_var": _TOKEN,
            "mcp_servers.fleet.required": True,  # it waits for it, and does not begin without
            "mcp_servers.fleet.default_tools_approval_mode": "approve",
        }
    return _overrides(settings)


def _overrides(settings: Mapping[str, object]) -> tuple[str, ...]:
    """Settings as `name=TOML`. In that our texts, lists and switches look as in JSON."""
    return tuple(f"{name}={json.dumps(value)}" for name, value in settings.items())
