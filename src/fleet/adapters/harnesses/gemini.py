"""The harness `gemini`: the user's own Gemini CLI, headless, with its output as stream-json.

The user's login, settings, extensions, skills, GEMINI.md files and MCP servers stay in force. It takes
further settings from files alone, so `gemini_start` runs before it and makes it a home for this run, in which
all is the user's own but for the settings, over which Fleet's are laid. The gateway is one more MCP
server, whose token is named by its variable. All that the agent is told goes over stdin. It can't be told
anything while it works. Its output is read by `gemini_reader`.

Without `tools` in fleet.yaml an agent has every tool, unasked. With `tools` it has these and the gateway's,
and everything else is refused by a policy. It never waits for an answer: what would ask is refused. Its hooks
ask about every call of an agent that has permissions (`gemini_hooks`).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from fleet.adapters.harnesses.gemini_hooks import GUARD, guard, guarded, hook_settings
from fleet.adapters.harnesses.gemini_reader import GeminiReader
from fleet.adapters.harnesses.options import PROXIES, only_known, variables
from fleet.adapters.harnesses.program import Needs, Program, look_for
from fleet.model.errors import UsageError
from fleet.ports.harness import Detected, Launch, Plan

_PROGRAM = Program(
    "gemini",
    "Gemini CLI",
    oldest=(0, 55, 0),  # the oldest that was tried; 0.38 obeys a .env of the repository
    install="Install it (npm install -g @google/gemini-cli) and log in by running: gemini",
    update="Run: npm install -g @google/gemini-cli",
    ask=("--help",),
    options=("--output-format", "--model", "--resume", "--approval-mode"),
    features={"tools": Needs(("--policy", "--admin-policy"))},
)
_SETTINGS, _POLICY = "gemini-settings.json", "gemini-policy.toml"
_TOKEN = "FLEET_TOKEN"  # noqa: S105  # a variable's name: the engine gives it to every session
_PASSED = (
    # One by one: others of that prefix would tell it that it runs within another one, or in an editor.
    "GEMINI_API_KEY",
    "GEMINI_API_KEY_AUTH_MECHANISM",
    "GEMINI_CLI_CUSTOM_HEADERS",
    "GEMINI_CLI_SYSTEM_DEFAULTS_PATH",
    "GEMINI_CLI_SYSTEM_SETTINGS_PATH",
    "GEMINI_CLI_USE_COMPUTE_ADC",
    "GEMINI_DEFAULT_AUTH_TYPE",
    "GEMINI_MODEL",
    "GEMINI_TELEMETRY_*",
    "GOOGLE_API_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CLOUD_*",
    "GOOGLE_GEMINI_BASE_URL",
    "GOOGLE_GENAI_*",
    "GOOGLE_VERTEX_BASE_URL",
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    *PROXIES,
)
_FILES = ("GOOGLE_APPLICATION_CREDENTIALS", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR")
_CONVERSATION = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_RULE = re.compile(r"([\w*-]+)(?:\((.*)\))?", re.DOTALL)
_MENTION = re.compile(r"(?<!\\)@")
_SHELL = "run_shell_command"
_TRIES = 4  # of one request, where the user's settings say nothing else


class GeminiHarness:
    """Starts `gemini` as found on the session's PATH. `patience` bounds, in seconds, what `detect` waits."""

    def __init__(self, patience: float = 20.0) -> None:
        self._patience = patience

    @property
    def name(self) -> str:
        """The name it has in fleet.yaml."""
        return "gemini"

    def plan(self, launch: Launch) -> Plan:
        """How to start it for this run. Raises `UsageError` for tools or options that it does not have.

        A conversation that can't be one of its own (another harness's) is not gone on with: a new one begins.
        """
        only_known(launch.options, ("env", "project_settings"))
        argv = ["gemini", "--output-format=stream-json"]
        if launch.model:
            argv.append(f"--model={launch.model}")
        if _CONVERSATION.fullmatch(launch.conversation):
            argv.append(f"--resume={launch.conversation}")
        files = {_SETTINGS: json.dumps(_settings(launch))} | ({GUARD: guard()} if launch.hook else {})
        if launch.tools:
            files[_POLICY] = _policy(launch.tools)
            # Both: a machine of which the administrator has policies of their own leaves out the first.
            argv += [f"--{kind}={launch.run_dir}/{_POLICY}" for kind in ("admin-policy", "policy")]
        else:
            argv.append("--approval-mode=yolo")
        home = launch.environment.get("HOME", "")
        own = launch.environment.get("GEMINI_CLI_HOME") or home
        told = [text.strip() for text in (launch.system_prompt, launch.prompt) if text.strip()]
        return Plan(
            argv=(*_first(launch), *argv),
            env={"FLEET_GEMINI_HOME": own}
            | ({_TOKEN: launch.gateway_token} if launch.gateway_url else {})
            | (guarded(launch.run_dir) if launch.hook else {}),
            passthrough=_PASSED + variables(launch.options),
            files=files,
            stdin=_no_command("\n\n".join(told), asks=bool(launch.hook)) + "\n",
            programs=("gemini", "node"),
            reads=(
                f"{own}/.gemini",
                f"{home}/.config/gcloud/application_default_credentials.json",
                *(launch.environment[name] for name in _FILES if launch.environment.get(name)),
            ),
            writes=(f"{own}/.gemini/tmp/", f"{own}/.gemini/history/"),
        )

    @property
    def permits(self) -> bool:
        """Its hooks ask about every call."""
        return True

    def reader(self) -> GeminiReader:
        """A fresh reader for one run's output."""
        return GeminiReader()

    def steer(self, text: str) -> str | None:  # it reads its stdin once
        """It cannot be told anything while it works."""
        return None

    def interactive(self, conversation: str) -> tuple[str, ...]:
        """Gemini's own screen."""
        return ("gemini", f"--resume={conversation}") if _CONVERSATION.fullmatch(conversation) else ()

    def detect(self, path: str) -> Detected:
        """Look for `gemini` along `path` and ask its version."""
        return look_for(_PROGRAM, path, self._patience)


def _first(launch: Launch) -> tuple[str, ...]:
    """What runs before it. -I: the workspace is the agent's to write, so nothing is imported from there."""
    obeyed = launch.options.get("project_settings", "refuse")
    if obeyed not in ("refuse", "obey"):
        raise UsageError(
            f"An agent's option project_settings is {obeyed!r}",
            do="In fleet.yaml it may be refuse (the default) or obey.",
        )
    script = str(Path(__file__).with_name("gemini_start.py"))
    return sys.executable, "-I", "-S", script, launch.run_dir, launch.workspace, obeyed


def _settings(launch: Launch) -> dict[str, object]:
    """What is laid over the user's own settings; below `default` is what they may say otherwise, below
    `hooks` what is added to theirs.
    """
    over: dict[str, object] = {
        "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False},
        # A .env of the repository could lead it, and the user's key, to another provider.
        "advanced": {"ignoreLocalEnv": True},
    }
    if launch.gateway_url:
        headers = {"Authorization": f"Bearer ${_TOKEN}"}
        over["mcpServers"] = {"fleet": {"httpUrl": launch.gateway_url, "headers": headers, "trust": True}}
    hooks = hook_settings(launch.hook, launch.options) if launch.hook else {}
    return {"over": over, "default": {"general": {"maxAttempts": _TRIES}}, "hooks": hooks}


def _policy(tools: tuple[str, ...]) -> str:
    """Rules in its own form: those tools and the gateway's are allowed, everything else is refused."""
    rules: list[Mapping[str, object]] = [
        {"toolName": "*", "decision": "deny", "priority": 1},
        {"mcpName": "fleet", "toolName": "*", "decision": "allow", "priority": 900},
    ]
    for tool in tools:
        found = _RULE.fullmatch(tool.strip())
        name, pattern = (found[1], found[2]) if found else (tool.strip(), None)
        rule: dict[str, object] = {"toolName": name, "decision": "allow", "priority": 900}
        if pattern is not None:
            if name != _SHELL:
                raise UsageError(
                    f"Gemini's tool {name} can't be limited to {pattern!r}",
                    do=f"In fleet.yaml name the tool alone; only {_SHELL} can be: {_SHELL}(git).",
                )
            rule["commandPrefix"] = pattern.removesuffix("*").rstrip()
        rules.append(rule)
    # The values are TOML, in which our texts and numbers look as in JSON.
    return "\n".join(
        "\n".join(("[[rule]]", *(f"{key} = {json.dumps(value)}" for key, value in rule.items()), ""))
        for rule in rules
    )


def _no_command(text: str, *, asks: bool) -> str:
    """A text that begins with a slash would be a command of its own screen, not a task. `@file` would put
    that file into the prompt, of which no hook hears.
    """
    text = _MENTION.sub(r"\\@", text) if asks else text
    return f"Task: {text}" if text.startswith("/") else text
