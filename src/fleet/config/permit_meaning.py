"""Whether an agent's permissions can be held to: not every harness asks before it uses a tool."""

from __future__ import annotations

from collections.abc import Iterator

from fleet.config import schema
from fleet.config.document import Document
from fleet.config.explain import Problem, named, placed

HELD = ("acp", "claude-code", "codex", "copilot", "gemini", "opencode")
"""Harnesses that ask about each call and refuse what is not allowed."""
_NOT_BOTH = ("codex", "copilot")
"""Harnesses whose `tools` would let a call go that nobody looks at."""
UNHELD = ("command", "scripted")
"""Those that can't be held to rules. One of another package is looked at when a run of it starts."""


def permit_problems(
    file: str, document: Document, declared: schema.FleetFile, name: str
) -> Iterator[Problem]:
    """That permissions stand where nothing enforces them is a mistake, not something to pass over."""
    agent = declared.agents[name]
    harness = agent.harness or declared.defaults.harness
    if agent.permissions is None:
        return
    path: tuple[str, ...] = ("agents", name, "permissions")
    if harness in UNHELD:
        said = f"permissions of {name}, whose harness is {harness}"
        hint = f"{harness} can't be held to them: use its `tools`, and a sandbox"
        expected = f"a harness that asks before it uses a tool: {named(HELD)}"
        yield placed(file, document.key_at(path), path, said, expected=expected, hint=hint)
    if harness in _NOT_BOTH and agent.tools:
        path = ("agents", name, "tools")
        said = f"tools of {name}, which has permissions"
        hint = f"with {harness} they would let calls go that nobody looks at: say it all by permissions"
        yield placed(file, document.key_at(path), path, said, expected="one of both", hint=hint)
    if harness == "copilot":
        rules = agent.permissions
        for kind, texts in (("deny", rules.deny), ("ask", rules.ask), ("allow", rules.allow)):
            if wrong := next((text for text in texts if text.startswith("mcp__")), ""):
                path = ("agents", name, "permissions", kind)
                server, _, tool = wrong.removeprefix("mcp__").partition("__")
                expected = f"the name that Copilot has for it: {server}-{tool or '*'}"
                yield placed(file, document.key_at(path), path, f"the rule {wrong}", expected=expected)
