"""What is wrong with a template, and what might be better."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from fleet.config.document import BadYaml, Document, Spot, read_text
from fleet.config.explain import ConfigError, Problem, did_you_mean, placed
from fleet.config.templates import front_of, read

_OURS = ("name", "description", "tools", "model", "fleet")
# What else Claude Code reads in a subagent file.
_THEIRS = (
    "background",
    "color",
    "disallowedTools",
    "effort",
    "hooks",
    "initialPrompt",
    "isolation",
    "maxTurns",
    "mcpServers",
    "memory",
    "permissionMode",
    "skills",
)
_NAME = re.compile(r"[a-z][a-z0-9-]*")
_SHORTEST = 40


@dataclass(frozen=True, slots=True)
class Findings:
    """`problems` keep the template from being used as it is meant; `advice` does not."""

    problems: tuple[Problem, ...] = ()
    advice: tuple[Problem, ...] = ()


def lint(path: Path) -> Findings:
    """Look at one template file. Raises `UsageError` when it can't be read."""
    try:
        template = read(path)
    except ConfigError as error:
        return Findings(error.problems)
    front, offset = front_of(path)
    problems: list[Problem] = []
    advice: list[Problem] = []
    if not front:
        hint = "begin the file with ---, name: …, description: …, ---"
        problems.append(placed(path.name, Spot(1, 1), (), "no front matter", hint=hint))
    document = _document(front, path.name, advice)
    known = document.value if isinstance(document.value, dict) else {}
    if front and not template.description:
        spot = document.key_at(("description",))
        problems.append(placed(path.name, spot, (), "no description", expected="one line that says what for"))
    if front and not _NAME.fullmatch(template.name):
        spot = document.value_at(("name",))
        problems.append(placed(path.name, spot, ("name",), repr(template.name), expected="a-z, 0-9 and -"))
    elif template.name != path.stem:
        spot = document.value_at(("name",))
        hint = f"fleet.yaml calls it {path.stem!r}, by its file"
        advice.append(placed(path.name, spot, ("name",), repr(template.name), expected=path.stem, hint=hint))
    if len(template.body) < _SHORTEST:
        found = "hardly any text" if template.body else "no text"
        problems.append(
            placed(path.name, Spot(offset, 1), (), found, expected="what the agent is to do, and how")
        )
    if not template.duty:
        hint = "name it in fleet.yaml, or here: fleet: {duty: change}"
        advice.append(placed(path.name, document.key_at(("fleet",)), (), "no duty", hint=hint))
    for key in known:
        if key not in _OURS + _THEIRS:
            hint = did_you_mean(key, _OURS + _THEIRS)
            advice.append(
                placed(path.name, document.key_at((key,)), (), f"the unknown key {key!r}", hint=hint)
            )
    return Findings(tuple(problems), tuple(advice))


def _document(front: str, file: str, advice: list[Problem]) -> Document:
    try:
        return read_text(front)
    except BadYaml as error:
        hint = f"it is read key by key; as YAML it would be cleaner. {error.hint}".strip()
        advice.append(placed(file, error.at, (), str(error), hint=hint))
        return Document()
