"""How each harness is led to a scripted model, and what that model says: it does its work by the shell, and
so that doing it again does no harm.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from fleet.testing.model_script import Answer, Ask, Fault, ToolUse

_BEGINS = re.compile(r"this is run r\d+|^Round \d+ of|You were|Go on|went on|restarted", re.MULTILINE)
_SHELLS = ("Bash", "exec_command", "shell_command", "run_shell_command", "bash", "shell")


@dataclass(frozen=True, slots=True)
class Lead:
    """A real program, and what a user sets so that it asks the model at an address: variables, and files in
    the user's home.
    """

    program: str
    variables: Callable[[str], Mapping[str, str]]
    files: Callable[[str], Mapping[str, str]] = lambda _: {}


_CODEX = """model = "scripted-model"
model_provider = "scripted"
[model_providers.scripted]
name = "scripted"
base_url = "{url}/v1"
wire_api = "responses"
env_key = "OPENAI_API_KEY"
request_max_retries = 1
stream_max_retries = 1
[analytics]
enabled = false
"""
_GEMINI = {"security": {"auth": {"selectedType": "gemini-api-key"}}, "general": {"maxAttempts": 2}}


def _opencode(url: str) -> Mapping[str, str]:
    provider = {"anthropic": {"options": {"baseURL": f"{url}/v1", "apiKey": "dummy"}}}
    text = json.dumps({"model": "anthropic/claude-sonnet-4-5", "provider": provider})
    return {".config/opencode/opencode.json": text}


LEADS: Mapping[str, Lead] = {
    "claude-code": Lead(
        "claude",
        lambda url: {
            "ANTHROPIC_BASE_URL": url,
            "ANTHROPIC_API_KEY": "dummy",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "CLAUDE_CODE_MAX_RETRIES": "2",
        },
    ),
    "codex": Lead(
        "codex",
        lambda _: {"OPENAI_API_KEY": "dummy"},
        lambda url: {".codex/config.toml": _CODEX.format(url=url)},
    ),
    "gemini": Lead(
        "gemini",
        lambda url: {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": "dummy"},
        lambda _: {".gemini/settings.json": json.dumps(_GEMINI)},
    ),
    "opencode": Lead(
        "opencode",
        lambda _: {"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_LSP_DOWNLOAD": "1"},
        _opencode,
    ),
    "copilot": Lead(
        "copilot",
        lambda url: {
            "COPILOT_PROVIDER_BASE_URL": url,
            "COPILOT_PROVIDER_TYPE": "anthropic",
            "COPILOT_PROVIDER_API_KEY": "dummy",
            "COPILOT_OFFLINE": "true",
        },
    ),
}
"""By the harness's name. `command` and `scripted` ask no model."""

BAD_DAYS: tuple[Fault, ...] = (
    Fault(status=429, retry_after=1),
    Fault(status=500),
    Fault(status=529),
    Fault(cut=True),
    Fault(garbage=True),
    Fault(hang=True),
)


class Mind:
    """The model of all agents. While `weather` is above 0, so many of its answers in a hundred are faults."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(f"model {seed}")
        self._lock = Lock()
        self.weather = 0
        self.faults: list[str] = []

    def __call__(self, ask: Ask) -> Answer | Fault:
        with self._lock:
            strikes = self._dice.randrange(100) < self.weather
            fault = self._dice.choice(BAD_DAYS)
        if strikes:
            self.faults.append(kind_of(fault))
            return fault
        return _work(ask)


def kind_of(fault: Fault) -> str:
    """A word for it."""
    return str(fault.status or ("cut" if fault.cut else "garbage" if fault.garbage else "hang"))


def _work(ask: Ask) -> Answer:
    """The next step of a developer or a reviewer, by how many turns it has had in this run."""
    heard = [at for at in range(len(ask.messages)) if _BEGINS.search(ask.said(at))]
    steps = review_steps() if "Review the pull request" in ask.user else develop_steps(_item(ask))
    at = ask.turns_since(heard[-1] if heard else -1)
    command = steps[at] if at < len(steps) else ""
    shell = next((name for name in _SHELLS if name in ask.tools), "Bash")
    given = {"cmd" if shell == "exec_command" else "command": command, "description": "work"}
    if shell == "exec_command":
        del given["description"]
    return Answer("", (ToolUse(shell, given),)) if command else Answer("That is all.")


def _item(ask: Ask) -> str:
    found = re.search(r"[Ii]ssue #?(\d+)", ask.user)
    return found[1] if found else "0"


def develop_steps(item: str) -> list[str]:
    """Commands of a developer. Each may be played twice."""
    path = f"note-{item}.txt"
    return [
        "git status --short",
        f"test -f {path} || echo 'a note' > {path}",
        f"git add -A && (git diff --cached --quiet || git commit -qm 'Add {path}')",
        "fleet agent done -m 'The note is there.'",
    ]


def review_steps() -> list[str]:
    """Commands of a reviewer."""
    return ["git log --oneline -3", "fleet agent review approve -m 'Good.'"]


def write_home(home: Path, harness: str, url: str) -> Mapping[str, str]:
    """Set up the user's home for this harness; the variables that go with it."""
    lead = LEADS.get(harness)
    if lead is None:
        return {}
    for name, text in lead.files(url).items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return lead.variables(url)
