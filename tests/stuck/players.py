"""How the steps of a scenario are calls of each program's tools, and how each is led to a scripted model."""

from __future__ import annotations

import json
from pathlib import Path

from fleet.testing.model_script import ToolUse

CODEX = """
model = "scripted-model"
model_provider = "scripted"
[model_providers.scripted]
name = "scripted"
base_url = "{url}/v1"
wire_api = "responses"
env_key = "OPENAI_API_KEY"
"""
MODELS = {
    "opencode": "anthropic/claude-sonnet-4-5",
    "acp": "anthropic/claude-sonnet-4-5",
    "gemini": "gemini-2.5-pro",
}
_SHELLS = {
    "claude-code": ("Bash", "command"),
    "codex": ("exec_command", "cmd"),
    "gemini": ("run_shell_command", "command"),
}
_WRITES = {
    "claude-code": ("Write", "file_path", "content"),
    "gemini": ("write_file", "file_path", "content"),
}
_EDITS = {
    "claude-code": ("Edit", "file_path", "old_string", "new_string"),
    "gemini": ("replace", "file_path", "old_string", "new_string"),
}


def tool(name: str, step: dict) -> ToolUse:
    """A step as a call of this program's own tools. The agent behind `acp` is opencode."""
    if "run" in step:
        called, key = _SHELLS.get(name, ("bash", "command"))
        more = {} if name == "codex" else {"description": "work"}
        return ToolUse(called, {key: step["run"], **more})
    if name == "codex":
        return ToolUse("exec_command", {"cmd": f"apply_patch <<'EOF'\n{_patch(step)}\nEOF"})
    if "write" in step:
        called, path, content = _WRITES.get(name, ("write", "filePath", "content"))
        return ToolUse(called, {path: step["write"]["path"], content: step["write"]["content"]})
    called, *keys = _EDITS.get(name, ("edit", "filePath", "oldString", "newString"))
    edit = step["edit"]
    given = dict(zip(keys, (edit["path"], edit["find"], edit["replace"]), strict=True))
    return ToolUse(called, given | ({"instruction": "mend it"} if name == "gemini" else {}))


def _patch(step: dict) -> str:
    if "write" in step:
        lines = "".join(f"+{line}\n" for line in step["write"]["content"].splitlines())
        body = f"*** Add File: {step['write']['path']}\n{lines}"
    else:
        edit = step["edit"]
        body = f"*** Update File: {edit['path']}\n@@\n-{edit['find']}\n+{edit['replace']}\n"
    return f"*** Begin Patch\n{body}*** End Patch"


def user(name: str, home: Path, url: str) -> dict[str, str]:
    """Variables and files of a user who has this program, and whose provider is the scripted model."""
    if name == "codex":
        (home / ".codex").mkdir()
        (home / ".codex" / "config.toml").write_text(CODEX.format(url=url))
        return {"OPENAI_API_KEY": "dummy"}
    if name == "gemini":
        (home / ".gemini").mkdir()
        own = {"security": {"auth": {"selectedType": "gemini-api-key"}}}
        (home / ".gemini" / "settings.json").write_text(json.dumps(own))
        return {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": "dummy"}
    if name in ("opencode", "acp"):
        (home / ".config" / "opencode").mkdir(parents=True)
        options = {"baseURL": f"{url}/v1", "apiKey": "dummy"}
        about = {"provider": {"anthropic": {"options": options}}}
        (home / ".config" / "opencode" / "opencode.json").write_text(json.dumps(about))
        return {"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_LSP_DOWNLOAD": "1"}
    return {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": "dummy",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "IS_SANDBOX": "1",
    }


def options(name: str) -> dict[str, str]:
    """What fleet.yaml says beside."""
    return {"scripted": {"script": "script.yaml"}, "acp": {"argv": "opencode acp", "files": "own"}}.get(
        name, {}
    )
