"""How what an agent does in a fresh scenario is told to each program: as calls of its own tools."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import Any

from players import tool
from scenarios_fresh.scenario import Turn

from fleet.testing.model_script import Answer, ToolUse

COPILOT = {
    "COPILOT_PROVIDER_TYPE": "anthropic",
    "COPILOT_PROVIDER_API_KEY": "dummy",
    "COPILOT_OFFLINE": "true",
    "COPILOT_MODEL": "claude-sonnet-4.5",
}


class Teller:
    """Tells turns to one program, and remembers what it has on its list of work."""

    def __init__(self, name: str, root: Path) -> None:
        self._name = "opencode" if name == "acp" else name
        self._root = root
        self._listed: list[str] = []
        self._shell = "0"

    def answer(self, turn: Turn, results: Sequence[tuple[str, bool, str]]) -> Answer:
        """One turn of the model, which knows what its calls have returned."""
        shells = re.findall(r"(?:session ID|shellId:?) (\d+)", "\n".join(text for _, _, text in results))
        self._shell = shells[-1] if shells else self._shell
        calls, words = [], [turn.say] if turn.say else []
        for what in turn.do:
            ((kind, value),) = what.items()
            if (kind, self._name) == ("todo", "codex"):  # it has no list of work of its own
                words.append(
                    "\n".join(f"- [{'x' if done == 'completed' else ' '}] {it}" for it, done in value)
                )
            else:
                calls += getattr(self, f"_{kind}")(value)
        return Answer(
            "\n\n".join(words),
            tuple(calls),
            input_tokens=turn.tokens,
            output_tokens=40 + len(turn.say) // 4,
            delay_ms=int(turn.think * 1000),
        )

    def _path(self, path: str) -> str:
        return str(self._root / path)

    def _run(self, value: Mapping[str, Any]) -> list[ToolUse]:
        command, seconds = value["command"], value["seconds"]
        more: dict[str, Any] = {}
        match self._name:
            case "copilot":
                more = {"description": "Run it", "mode": "sync", "initial_wait": seconds or 60}
                return [ToolUse("bash", {"command": command, **more})]
            case "codex":
                more = {"yield_time_ms": (seconds or 30) * 1000}
            case "claude-code" | "opencode":
                more = {"timeout": seconds * 1000} if seconds else {}
        called = tool(self._name, {"run": command})
        return [ToolUse(called.name, {**called.input, **more})]

    def _wait(self, seconds: float) -> list[ToolUse]:
        """Look again at the command that runs in the background, with the program's own means."""
        if self._name == "copilot":
            return [ToolUse("read_bash", {"shellId": self._shell, "delay": seconds})]
        more = {"chars": "", "yield_time_ms": int(seconds * 1000)}
        return [ToolUse("write_stdin", {"session_id": int(self._shell), **more})]

    def _read(self, value: Mapping[str, Any]) -> list[ToolUse]:
        path, offset, limit = self._path(value["path"]), value["offset"], value["limit"]
        part: dict[str, Any] = {"offset": offset, "limit": limit} if offset else {}
        match self._name:
            case "claude-code":
                return [ToolUse("Read", {"file_path": path, **part})]
            case "opencode":
                return [ToolUse("read", {"filePath": path, **part})]
            case "gemini":
                lines = {"start_line": offset, "end_line": offset + limit - 1} if offset else {}
                return [ToolUse("read_file", {"file_path": path, **lines})]
            case "copilot":
                some: dict[str, Any] = {"view_range": [offset, offset + limit - 1]} if offset else {}
                return [ToolUse("view", {"path": path, **some})]
        return self._run({"command": _cat(value), "seconds": 0})

    def _grep(self, pattern: str) -> list[ToolUse]:
        called = {"opencode": "grep", "gemini": "grep_search", "copilot": "grep"}.get(self._name)
        if called:
            return [ToolUse(called, {"pattern": pattern})]
        return self._run({"command": f"grep -rn {quote(pattern)} .", "seconds": 0})

    def _write(self, value: Mapping[str, Any]) -> list[ToolUse]:
        path = self._path(value["path"])
        if self._name == "copilot":
            return [ToolUse("create", {"path": path, "file_text": value["content"]})]
        return [tool(self._name, {"write": {**value, "path": path}})]

    def _edit(self, value: Mapping[str, Any]) -> list[ToolUse]:
        path = self._path(value["path"])
        if self._name == "copilot":
            given = {"path": path, "old_str": value["find"], "new_str": value["replace"]}
            return [ToolUse("edit", given)]
        if self._name == "codex":
            return [ToolUse("exec_command", {"cmd": self._patch(**value)})]
        return [tool(self._name, {"edit": {**value, "path": path}})]

    def _patch(self, path: str, find: str, replace: str) -> str:
        """The edit as a patch of whole lines, as far as they are there."""
        file = self._root / path
        text = file.read_text() if file.exists() else ""
        old, new = find.splitlines(), replace.splitlines()
        if find in text:
            begun = text.rfind("\n", 0, text.index(find)) + 1
            end = (text.find("\n", text.index(find) + len(find)) + 1) or len(text)
            old = text[begun:end].splitlines()
            new = text[begun:end].replace(find, replace, 1).splitlines()
        lines = [f"-{line}" for line in old] + [f"+{line}" for line in new]
        body = "\n".join(["*** Begin Patch", f"*** Update File: {path}", "@@", *lines, "*** End Patch"])
        return f"apply_patch <<'EOF'\n{body}\nEOF"

    def _todo(self, items: list[tuple[str, str]]) -> list[ToolUse]:
        match self._name:
            case "opencode":
                listed = [{"content": it, "status": done, "priority": "medium"} for it, done in items]
                return [ToolUse("todowrite", {"todos": listed})]
            case "gemini":
                listed = [{"description": it, "status": done} for it, done in items]
                return [ToolUse("write_todos", {"todos": listed})]
            case "copilot":
                rows = ", ".join(f"('{at}', '{it}', '{done}')" for at, (it, done) in enumerate(items))
                query = f"INSERT OR REPLACE INTO todos (id, title, status) VALUES {rows}"
                return [ToolUse("sql", {"description": "Update todos", "query": query})]
        calls = []
        for it, done in items:
            if it not in self._listed:
                self._listed.append(it)
                calls.append(ToolUse("TaskCreate", {"subject": it, "description": it}))
            if done != "pending":
                given = {"taskId": str(self._listed.index(it) + 1), "status": done}
                calls.append(ToolUse("TaskUpdate", given))
        return calls

    def _sub(self, value: Mapping[str, str]) -> list[ToolUse]:
        match self._name:
            case "opencode":
                return [ToolUse("task", {**value, "subagent_type": "general"})]
            case "gemini":
                return [ToolUse("invoke_agent", {"agent_name": "generalist", "prompt": value["prompt"]})]
            case "copilot":
                more = {"name": "helper", "agent_type": "general-purpose", "mode": "sync"}
                return [ToolUse("task", {**value, **more})]
        return [ToolUse("Agent", {**value, "subagent_type": "general-purpose", "run_in_background": False})]

    def _fetch(self, url: str) -> list[ToolUse]:
        match self._name:
            case "claude-code":
                return [ToolUse("WebFetch", {"url": url, "prompt": "What does it say?"})]
            case "opencode":
                return [ToolUse("webfetch", {"url": url, "format": "text"})]
        return self._run({"command": f"curl -sS -m 10 {url}", "seconds": 0})


def steps_of(turn: Turn) -> list[dict[str, Any]]:
    """The turn as steps of the agent `scripted`."""
    steps: list[dict[str, Any]] = [{"sleep": turn.think}]
    if turn.say:
        steps.append({"say": turn.say})
    for what in turn.do:
        ((kind, value),) = what.items()
        match kind:
            case "run":
                steps.append({"run": value["command"]})
            case "read":
                steps.append({"run": _cat(value)})
            case "grep":
                steps.append({"run": f"grep -rn {quote(value)} ."})
            case "write" | "edit":
                steps.append({kind: dict(value)})
            case "todo":
                steps.append({"say": "\n".join(f"{done}: {it}" for it, done in value)})
    return [{**step, "may_fail": True} for step in steps]


def _cat(value: Mapping[str, Any]) -> str:
    if value["offset"]:
        return f"sed -n {value['offset']},{value['offset'] + value['limit'] - 1}p {value['path']}"
    return f"cat {value['path']}"
