"""The harness `claude-code`: the user's own Claude Code CLI, headless, in stream-json both ways.

The user's configuration, skills, hooks, CLAUDE.md files and MCP servers stay in force: nothing of it is
replaced, Fleet's gateway is added as one more MCP server. What counts of the repository's says
`claude_code_project`. Prompt and later words go over stdin, what is long or secret into files of the run's
directory. Its output is read by `claude_code_reader`.

Without `tools` in fleet.yaml an agent has every tool, unasked, but for those that wait for a person or for a
later day. With `tools` it has these and the gateway's, and everything else is refused. In neither mode does
the CLI ever wait for an answer to a permission prompt: what would ask is refused.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from fleet.adapters.harnesses.claude_code_home import files as own_files
from fleet.adapters.harnesses.claude_code_hooks import HOOKLESS, MANAGED, guarded_settings
from fleet.adapters.harnesses.claude_code_project import obeyed
from fleet.adapters.harnesses.claude_code_reader import ClaudeCodeReader
from fleet.adapters.harnesses.options import PROXIES
from fleet.adapters.harnesses.program import Needs, Program, look_for
from fleet.ports.harness import Detected, Launch, Plan

GATEWAY = "fleet"
"""The gateway's name among the MCP servers: its tools are `mcp__fleet__…`."""

_MCP_FILE, _SYSTEM_FILE = "claude-mcp.json", "claude-system.md"
_PROGRAM = Program(
    "claude",
    "Claude Code",
    oldest=(2, 1, 0),  # knows every flag that is used here
    install="Install it (npm install -g @anthropic-ai/claude-code) and log in by running: claude",
    update="Run: claude update",
    # Some options are in no list. Given a file that is not there, it ends before it does anything.
    ask=(
        *("--print", "--verbose", "--output-format=stream-json", "--input-format=stream-json"),
        *("--permission-mode=dontAsk", "--tools=Read", "--disallowedTools=Read", "--max-budget-usd=1"),
        *("--settings={}", "--append-system-prompt-file=/dev/null/none", "--managed-settings={}"),
    ),
    listed=False,
    state="CLAUDE_CONFIG_DIR",
    options=(
        *("--output-format", "--input-format", "--permission-mode", "--tools", "--max-budget-usd"),
        *("--settings", "--append-system-prompt-file"),
    ),
    features={"permissions": Needs(("--managed-settings",))},
)

# They make sense only where somebody keeps the session open, answers, or looks into another worktree.
_ATTENDED = (
    "AskUserQuestion,CronCreate,CronDelete,CronList,ScheduleWakeup,EnterWorktree,ExitWorktree,EnterPlanMode"
)

# What of the user's environment configures the CLI, its login and its way to the provider.
_PASSED = (
    "ANTHROPIC_*",
    "CLAUDE_*",
    "DISABLE_*",
    "OTEL_*",
    "API_TIMEOUT_MS",
    "BASH_DEFAULT_TIMEOUT_MS",
    "BASH_MAX_TIMEOUT_MS",
    "BASH_MAX_OUTPUT_LENGTH",
    "ENABLE_TOOL_SEARCH",
    "MAX_THINKING_TOKENS",
    "MAX_MCP_OUTPUT_TOKENS",
    "MCP_TIMEOUT",
    "MCP_TOOL_TIMEOUT",
    "USE_BUILTIN_RIPGREP",
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    *PROXIES,
)
# The keys of a cloud are for its own models only: an agent that uses none of them does not get them.
_CLOUDS: Mapping[str, tuple[str, ...]] = {
    "CLAUDE_CODE_USE_BEDROCK": ("AWS_*",),
    "CLAUDE_CODE_USE_VERTEX": ("GOOGLE_*", "GCLOUD_*", "CLOUDSDK_*", "CLOUD_ML_REGION", "VERTEX_*"),
    "CLAUDE_CODE_USE_FOUNDRY": ("AZURE_*",),
}
# They tell the CLI that it runs within another one, when the watcher was started from there.
_OUTER = (
    "CLAUDE_CODE_CHILD_SESSION",
    "CLAUDE_CODE_SESSION_ID",
    "CLAUDE_CODE_ENTRYPOINT",
    "CLAUDE_CODE_SSE_PORT",
)

_CONVERSATION = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# `@path` makes the CLI read that file into the prompt, before any model could object. A prompt quotes issues,
# which anybody may write, so what may point out of the workspace is made plain text by a backslash.
_MENTION = re.compile(r'(?<![A-Za-z0-9_\\])@(?="?[~/]|"[^"\n]*\.\.(?:["/])|[^\s"]*\.\.(?:/|\s|$))')


class ClaudeCodeHarness:
    """Starts `claude` as found on the session's PATH. `patience` bounds, in seconds, what `detect` waits."""

    def __init__(self, patience: float = 10.0) -> None:
        self._patience = patience

    @property
    def name(self) -> str:
        """The name it has in fleet.yaml."""
        return "claude-code"

    def plan(self, launch: Launch) -> Plan:
        """How to start it for this run.

        A conversation that can't be one of its own (another harness's) is not gone on with: a new one begins.
        """
        files, own = _files(launch), own_files(launch.environment, launch.workspace)
        project, told = obeyed(launch)
        argv = ["claude", "--print", "--verbose", "--output-format=stream-json", "--input-format=stream-json"]
        argv += project
        if launch.model:
            argv.append(f"--model={launch.model}")
        if _CONVERSATION.fullmatch(launch.conversation):
            argv.append(f"--resume={launch.conversation}")
        if launch.cost_limit_micros > 0:
            argv.append(f"--max-budget-usd={launch.cost_limit_micros / 1_000_000:.6f}")
        if _SYSTEM_FILE in files:
            argv.append(f"--append-system-prompt-file={PurePosixPath(launch.run_dir) / _SYSTEM_FILE}")
        if launch.hook:
            argv.append(f"--settings={guarded_settings(launch.hook, launch.hook_seconds)}")
            argv.append(f"--managed-settings={MANAGED}")
        if _MCP_FILE in files:
            argv.append(f"--mcp-config={PurePosixPath(launch.run_dir) / _MCP_FILE}")
        return Plan(
            argv=(*argv, *_permissions(launch)),
            env=_environment(launch) | told,
            passthrough=_passthrough(launch.environment),
            files=files,
            stdin=_said(launch.prompt),
            keep_stdin=True,
            last_line='{"type":"result"}',  # as a document: newer versions write it in another order
            reads=own.reads,
            writes=own.writes,
            copies=own.copies,
        )

    @property
    def permits(self) -> bool:
        """Its hooks ask about every call."""
        return True

    def reader(self) -> ClaudeCodeReader:
        """A fresh reader for one run's output."""
        return ClaudeCodeReader()

    def steer(self, text: str) -> str | None:
        """A message of the user: heard between two steps while the agent works, or as a new turn."""
        return _said(text)

    def interactive(self, conversation: str) -> tuple[str, ...]:
        """Claude Code's own screen."""
        return ("claude", f"--resume={conversation}") if _CONVERSATION.fullmatch(conversation) else ()

    def detect(self, path: str) -> Detected:
        """Look for `claude` along `path` and ask its version."""
        return look_for(_PROGRAM, path, self._patience)


def _files(launch: Launch) -> dict[str, str]:
    files = {}
    if launch.system_prompt:
        files[_SYSTEM_FILE] = launch.system_prompt
    if launch.gateway_url:
        server = {
            "type": "http",
            "url": launch.gateway_url,
            "headers": {"Authorization": f"Bearer {launch.gateway_token}"},
            # Wait for it before the first turn, and never hide its tools behind a search.
            "alwaysLoad": True,
        }
        files[_MCP_FILE] = json.dumps({"mcpServers": {GATEWAY: server}})
    return files


def _permissions(launch: Launch) -> tuple[str, ...]:
    if launch.hook:
        # Where the hook is silent, nothing is allowed that could do harm: its word alone lets a call go.
        named = dict.fromkeys(tool.partition("(")[0] for tool in launch.tools if "__" not in tool)
        only = (f"--tools={','.join(named)}",) if launch.tools else ()
        return ("--permission-mode=dontAsk", *only, f"--disallowedTools={_ATTENDED}")
    if not launch.tools:
        return "--permission-mode=bypassPermissions", f"--disallowedTools={_ATTENDED}"
    own = dict.fromkeys(tool.partition("(")[0] for tool in launch.tools if not tool.startswith("mcp__"))
    return (
        "--permission-mode=dontAsk",
        f"--tools={','.join(own)}",
        "--allowedTools",  # takes all that follows, so it comes last
        *launch.tools,
        f"mcp__{GATEWAY}",
    )


def _environment(launch: Launch) -> dict[str, str]:
    env = {
        "DISABLE_AUTOUPDATER": "1",  # many runs at once, none of which may change the program of the others
        "CLAUDE_CODE_EAGER_FLUSH": "1",  # the conversation can be gone on with after a kill at any moment
    }
    env.update({name: "" for name in _OUTER if launch.environment.get(name)})
    if launch.hook:
        env.update(HOOKLESS)
    if not launch.tools and os.geteuid() == 0:
        env["IS_SANDBOX"] = "1"  # root is refused the mode that asks nobody, unless it is said to be wanted
    return env


def _passthrough(environment: Mapping[str, str]) -> tuple[str, ...]:
    clouds = (
        names for switch, names in _CLOUDS.items() if environment.get(switch) not in (None, "", "0", "false")
    )
    return _PASSED + tuple(name for names in clouds for name in names)


def _said(text: str) -> str:
    """A line that the CLI takes for a message of the user, and for nothing else.

    A leading slash would be a command of the CLI itself, of which the model never hears.
    """
    text = _MENTION.sub(r"\\@", text)
    if text.startswith("/"):
        text = f"\n{text}"
    return json.dumps({"type": "user", "message": {"role": "user", "content": text}}) + "\n"
