"""The harness `opencode`: the user's own opencode, headless (`opencode run --format json`).

The user's login, configuration, agents, plugins and MCP servers stay in force. What Fleet needs is laid over
them by a configuration in its environment, which holds no secret; the gateway is one more MCP server, whose
token is named by its variable. The prompt goes over stdin, the system prompt into a file of the run's
directory. A configuration in the repository under work is left out, as one agent could write it for the next,
but for its AGENTS.md. Its conversations lie in the workspace. It can't be told anything while it works. Its
output is read by `opencode_reader`.

Without `tools` in fleet.yaml an agent has every tool, unasked. With `tools` it has these and the gateway's,
and everything else is refused. It never waits for an answer to a permission prompt: what would ask is
refused. A plugin asks about every call of an agent that has permissions (`opencode_plugin`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from fleet.adapters.harnesses.opencode_plugin import CLOSED, FILE, plugin
from fleet.adapters.harnesses.opencode_reader import OpencodeReader
from fleet.adapters.harnesses.options import PROXIES, only_known, variables
from fleet.adapters.harnesses.program import Program, look_for
from fleet.ports.harness import Detected, Launch, Plan

_PROGRAM = Program(
    "opencode",
    "opencode",
    oldest=(1, 14, 34),  # the oldest that was tried with what is used here
    install="Install it (npm install -g opencode-ai) and log in by running: opencode auth login",
    update="Run: opencode upgrade",
    ask=("run", "--help"),
    options=("--format", "--model", "--session", "--title"),
)
_SYSTEM_FILE = "opencode-system.md"
_KEPT = ".git/fleet-opencode.db"  # beside git's own: no commit can have it, and it goes with the workspace
_BY_HAND = f'[ ! -f {_KEPT} ] || export OPENCODE_DB="$PWD/{_KEPT}"; exec opencode "$0"'
_TOKEN = "FLEET_TOKEN"  # noqa: S105  # a variable's name: the engine gives it to every session
_PASSED = (
    "ANTHROPIC_API_KEY",
    "GEMINI_API_KEY",
    "GOOGLE_GENERATIVE_AI_API_KEY",
    "OPENAI_API_KEY",
    "OPENROUTER_API_KEY",
    # One by one: others of that prefix would tell it that it runs within another one.
    "OPENCODE_API_KEY",
    "OPENCODE_CONFIG",
    "OPENCODE_CONFIG_DIR",
    "OPENCODE_DISABLE_*",
    "OPENCODE_ENABLE_*",
    "OPENCODE_MODELS_*",
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    *PROXIES,
)
# Of its folder each by itself, as it wants to write to that. What makes it do something is among them.
_READ = (
    *(
        "opencode.json",
        "opencode.jsonc",
        "config.json",
        "AGENTS.md",
        "agent",
        "agents",
        "command",
        "commands",
    ),
    *("mode", "modes", "plugin", "plugins", "skill", "skills", "tool", "tools", "node_modules"),
)
_NAMED = ("OPENCODE_CONFIG", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR")
_CONVERSATION = re.compile(r"ses_[0-9A-Za-z]{10,60}")
_RULE = re.compile(r"([\w*-]+)(?:\((.*)\))?", re.DOTALL)
_EDITS = ("write", "patch", "multiedit", "apply_patch")  # one permission is for all of them


class OpencodeHarness:
    """Starts `opencode` as found on the session's PATH. `patience` bounds what `detect` waits, in seconds."""

    def __init__(self, patience: float = 10.0) -> None:
        self._patience = patience

    @property
    def name(self) -> str:
        """The name it has in fleet.yaml."""
        return "opencode"

    def plan(self, launch: Launch) -> Plan:
        """How to start it for this run. Raises `UsageError` for options that it does not have.

        A conversation that can't be one of its own (another harness's) is not gone on with: a new one begins.
        """
        only_known(launch.options, ("env",))
        argv = ["opencode", "run", "--format=json"]
        if launch.model:
            argv.append(f"--model={launch.model}")
        if _CONVERSATION.fullmatch(launch.conversation):
            argv.append(f"--session={launch.conversation}")
        else:
            argv.append(f"--title={launch.run}")  # else it asks a model for one
        env = _keeps(launch) | {
            "OPENCODE_CONFIG_CONTENT": json.dumps(_configuration(launch)),
            "OPENCODE_DISABLE_AUTOUPDATE": "1",  # many runs at once: none may change the others' program
            "OPENCODE_DISABLE_PROJECT_CONFIG": "1",
        }
        if launch.gateway_url:
            env[_TOKEN] = launch.gateway_token
        return Plan(
            argv=tuple(argv),
            env=env,
            passthrough=_PASSED + variables(launch.options),
            files=_files(launch),
            stdin=launch.prompt.strip() + "\n",
            reads=_reads(launch.environment),
        )

    @property
    def permits(self) -> bool:
        """A plugin asks about every call."""
        return True

    def reader(self) -> OpencodeReader:
        """A fresh reader for one run's output."""
        return OpencodeReader()

    def steer(self, text: str) -> str | None:  # it reads its stdin once
        """It cannot be told anything while it works."""
        return None

    def interactive(self, conversation: str) -> tuple[str, ...]:
        """Opencode's own screen."""
        if not _CONVERSATION.fullmatch(conversation):
            return ()
        return ("sh", "-c", _BY_HAND, f"--session={conversation}")

    def detect(self, path: str) -> Detected:
        """Look for `opencode` along `path` and ask its version."""
        return look_for(_PROGRAM, path, self._patience)


def _keeps(launch: Launch) -> dict[str, str]:
    """Where it keeps its conversations: in the workspace, as the user's own database is nowhere in a sandbox
    and has the conversations of all projects in it. One that began there is gone on with there.
    """
    kept = Path(launch.workspace) / _KEPT
    there = kept.is_file() if _CONVERSATION.fullmatch(launch.conversation) else kept.parent.is_dir()
    return {"OPENCODE_DB": str(kept)} if there else {}


def _reads(user: Mapping[str, str]) -> tuple[str, ...]:
    home = user.get("HOME", "")
    own = user.get("XDG_CONFIG_HOME") or f"{home}/.config"
    data = user.get("XDG_DATA_HOME") or f"{home}/.local/share"
    return (
        *(f"{own}/opencode/{name}" for name in _READ),
        f"{data}/opencode/auth.json",
        *(user[name] for name in _NAMED if user.get(name)),
    )


def _files(launch: Launch) -> dict[str, str]:
    files = {_SYSTEM_FILE: launch.system_prompt} if launch.system_prompt else {}
    return files | ({FILE: plugin(launch.hook, _permissions(launch.tools))} if launch.hook else {})


def _configuration(launch: Launch) -> dict[str, object]:
    # Without the repository's configuration it does not look for this file by itself.
    told = [str(PurePosixPath(launch.workspace) / "AGENTS.md")]
    if launch.system_prompt:
        told.append(str(PurePosixPath(launch.run_dir) / _SYSTEM_FILE))
    permission = CLOSED if launch.hook else _permissions(launch.tools)
    found: dict[str, object] = {"autoupdate": False, "instructions": told, "permission": permission}
    if launch.hook:
        found["plugin"] = [(PurePosixPath(launch.run_dir) / FILE).as_uri()]
    if launch.gateway_url:
        server = {
            "type": "remote",
            "url": launch.gateway_url,
            "headers": {"Authorization": f"Bearer {{env:{_TOKEN}}}"},
            "oauth": False,
            "enabled": True,
            "timeout": 60_000,  # ms: without its tools the agent could report nothing
        }
        found["mcp"] = {"fleet": server}
    return found


def _permissions(tools: tuple[str, ...]) -> object:
    """Rules in its own form, of which the last that fits counts. `Bash(git *)` allows such commands alone."""
    if not tools:
        return {"*": "allow"}
    rules: dict[str, object] = {"*": "deny"}
    for tool in tools:
        found = _RULE.fullmatch(tool.strip())
        name, pattern = (found[1].lower(), found[2]) if found else (tool.lower(), None)
        name = "edit" if name in _EDITS else name
        before = rules.get(name)
        if pattern is None or before == "allow":
            rules[name] = "allow"
        else:
            rules[name] = {**(before if isinstance(before, dict) else {"*": "deny"}), pattern: "allow"}
    return rules | {"fleet_*": "allow"}
