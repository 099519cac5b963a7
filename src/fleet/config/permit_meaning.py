"""Whether an agent's permissions can be held to: not every harness asks before it uses a tool."""

from __future__ import annotations

from collections.abc import Iterator

from fleet.config import schema
from fleet.config.document import Document
from fleet.config.explain import Problem, named, placed

HELD = ("acp", "claude-code", "codex", "copilot", "gemini", "opencode")
"""Harnesses that ask about each call and refuse what is not allowed."""
UNHELD = ("command", "scripted")
"""Those that can't be held to rules. One of another package is looked at when a run of it starts."""


def permit_problems(
    file: str, document: Document, declared: schema.FleetFile, name: str
) -> Iterator[Problem]:
    """That permissions stand where nothing enforces them is a mistake, not something to pass over."""
    agent = declared.agents[name]
    harness = agent.harness or declared.defaults.harness
    if agent.permissions is not None and harness in UNHELD:
        path = ("agents", name, "permissions")
        said = f"permissions of {name}, whose harness is {harness}"
        hint = f"{harness} can't be held to them: use its `tools`, and a sandbox"
        expected = f"a harness that asks before it uses a tool: {named(HELD)}"
        yield placed(file, document.key_at(path), path, said, expected=expected, hint=hint)
