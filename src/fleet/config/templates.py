"""Templates: Markdown files with front matter, as Claude Code's own subagent files, that say how an agent
works.

A `fleet:` block in the front matter names the duty. Files without one are used as they are, when fleet.yaml
names the duty. Real subagent files often hold descriptions that are no YAML; what Fleet does not need of a
file can't spoil it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fleet
from fleet.config.document import MOST_BYTES, BadYaml, Document, read_text
from fleet.config.explain import ConfigError, Problem, did_you_mean, named, placed, problem_at
from fleet.config.units import split_tools
from fleet.model.errors import UsageError
from fleet.model.fleet import DUTIES, Duty

BUILT_IN = Path(fleet.__file__).parent / "templates"
OWN = Path(".claude/agents")

_FRONT = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_PART = re.compile(r"^(?=[A-Za-z][\w-]*[ \t]*:)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Template:
    """One template. `duty` is "" when the file says none; `source` is built-in, project or path."""

    name: str
    description: str
    duty: Duty | str
    model: str
    tools: tuple[str, ...]
    body: str
    source: str
    path: Path


def names(root: Path) -> dict[str, Path]:
    """The templates that have a name in this project: its own in `.claude/agents`, and the built-in."""
    found = {path.stem: path for path in sorted(BUILT_IN.glob("*.md"))}
    return found | {path.stem: path for path in sorted((root / OWN).glob("*.md"))}


def find(name: str, root: Path) -> Template:
    """The template that fleet.yaml calls `name`: a path that ends in .md, else one of `names`.

    Raises `UsageError` when there is none, `ConfigError` when it is no template.
    """
    if name.endswith(".md"):
        path = root / name
        if not path.is_file():
            raise UsageError(f"There is no file {name}", why=f"looked for it in {root}")
        return read(path, "path")
    known = names(root)
    if name not in known:
        near = did_you_mean(name, known)
        raise UsageError(
            f"There is no template {name!r}",
            why=f"there are: {named(sorted(known))}",
            do=near[:1].upper() + near[1:],
        )
    return read(known[name], "built-in" if known[name].parent == BUILT_IN else "project")


def read(path: Path, source: str = "path") -> Template:
    """The template in this file. Raises `ConfigError` when it is none."""
    text = _text(path)
    front, body = _split(text)
    document, problems = _front(front, path.name)
    if problems:
        raise ConfigError(problems)
    found = document.value if isinstance(document.value, dict) else {}
    duty, wrong = _duty(document, path.name)
    if wrong:
        raise ConfigError(wrong)
    model = found.get("model")
    return Template(
        name=_string(found.get("name")) or path.stem,
        description=" ".join(_string(found.get("description")).split()),
        duty=duty,
        model="" if not isinstance(model, str) or model == "inherit" else model,
        tools=_tools(found.get("tools")),
        body=body.strip(),
        source=source,
        path=path,
    )


def front_of(path: Path) -> tuple[str, int]:
    """The front matter of a file ("" when it has none), its lines as in the file, and the line after it."""
    text = _text(path)
    front, body = _split(text)
    return front, text[: len(text) - len(body)].count("\n") + 1


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} can't be read", why=error.strerror or str(error)) from error
    if len(data) > MOST_BYTES:
        raise UsageError(f"{path} is too large", why=f"a template has {MOST_BYTES // 1024} KiB at most")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8", why=str(error.reason), do="Save it as UTF-8.") from error


def _split(text: str) -> tuple[str, str]:
    """The front matter (with its line numbers kept: the --- line is an empty one) and the body."""
    found = _FRONT.match(text)
    return (f"\n{found[1]}", text[found.end() :]) if found else ("", text)


def _front(front: str, file: str) -> tuple[Document, list[Problem]]:
    """The front matter read as YAML, or, where that fails, key by key."""
    try:
        return read_text(front), []
    except BadYaml:
        pass
    whole, problems = Document(value={}), []
    for part in _PART.split(front):
        key = part.partition(":")[0].strip()
        line = front[: front.find(part)].count("\n")
        try:
            read_part = read_text("\n" * line + part)
        except BadYaml as error:
            if key == "fleet":
                problems.append(placed(file, error.at, ("fleet",), str(error), hint=error.hint))
            elif key:
                whole.value[key] = part.partition(":")[2].strip()
            continue
        if isinstance(read_part.value, dict):
            whole.value |= read_part.value
            whole.values |= read_part.values
            whole.keys |= read_part.keys
            whole.written |= read_part.written
    return whole, problems


def _duty(document: Document, file: str) -> tuple[str, list[Problem]]:
    """The duty in the `fleet:` block, and what is wrong with that block."""
    if not isinstance(document.value, dict) or "fleet" not in document.value:
        return "", []
    block = document.value["fleet"]
    if not isinstance(block, dict):
        return "", [_wrong(document, file, ("fleet",), "a mapping such as {duty: change}")]
    problems = [
        placed(
            file,
            document.key_at(("fleet", key)),
            ("fleet",),
            f"the unknown key {key!r}",
            expected="duty",
            hint=did_you_mean(key, ["duty"]),
        )
        for key in block
        if key != "duty"
    ]
    duty = block.get("duty", "")
    if "duty" in block and duty not in DUTIES:
        hint = did_you_mean(str(duty), DUTIES)
        problems.append(_wrong(document, file, ("fleet", "duty"), f"one of {named(DUTIES)}", hint))
    return str(duty), problems


def _wrong(document: Document, file: str, path: tuple[str, ...], expected: str, hint: str = "") -> Problem:
    return problem_at(file, document, path, expected=expected, hint=hint)


def _string(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _tools(value: Any) -> tuple[str, ...]:
    value = split_tools(value)
    return tuple(str(each) for each in value) if isinstance(value, list) else ()
