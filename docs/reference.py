"""Writes the parts of these pages that the code itself knows: commands, keys of fleet.yaml, types of events.

`make docs-reference` runs it; a test says when it should have been. In each page everything below the mark
is written anew, what stands above it is kept.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from fleet.config.schema import FleetFile
from fleet.model import events
from fleet.surfaces.cli import root
from fleet.surfaces.cli.verbs import Verb, shown_groups

DOCS = Path(__file__).parent
MARK = "<!-- Below this line everything is written by: make docs-reference -->"

# Keys whose place says what they mean; all others carry their words in the schema.
MEANINGS = {
    "version": "The version of this form, which is 1",
    "agents": "The roles, by name: who does the work, with which prompt, how many at once, at what cost",
    "workflows": "What starts which jobs, by name; an instance of a workflow runs once for each work item",
    "agents.NAME.harness": "The program that is the agent; `defaults.harness` by default",
    "agents.NAME.model": "As the harness names it; the template's by default",
    "agents.NAME.slots": "How many runs of it may live at once",
    "agents.NAME.budget": "What it may use; each ceiling that is left out is taken from `defaults.budget`",
    "defaults.budget": "What every agent may use that does not say otherwise",
    "workflows.NAME.on": "What starts it, one trigger or a list; without any it is started by hand alone",
    "workflows.NAME.on.issue": "An issue was opened (`opened`), or got a label (`{labeled: LABEL}`)",
    "workflows.NAME.on.issue.labeled": "The label",
    "workflows.NAME.on.issue.opened": "`true`: any issue that is opened",
    "workflows.NAME.on.event": "An event of this type was recorded, whoever wrote it",
    "workflows.NAME.on.event.type": "Such as docs.outdated, or one of Fleet's own: see events.md",
    "workflows.NAME.on.merge": "A change was merged (`true`, or `{when: CONDITION}`)",
    "workflows.NAME.jobs": "Its jobs, by name",
    "workflows.NAME.jobs.NAME.agent": "The agent that does it",
    "workflows.NAME.jobs.NAME.agents": "Several that can do it: the least loaded one gets it",
    "workflows.NAME.jobs.NAME.duty": "Every agent with this duty can do it",
    "checks.NAME.run": "The command, for `sh -c`; it passes when it exits with 0",
    "gates.merge.review": "Approvals of the head commit by others than its author",
    "gates.merge.review.approvals": "How many",
    "gates.merge.checks": "`passing`: all checks pass on the merge result",
    "gates.merge.human": "A person approves: `always`, or `{when: CONDITION}` and more",
}


def pages() -> dict[Path, str]:
    """Every page with a written part, as it should be now."""
    parts = {"commands.md": _commands(), "fleet-yaml.md": _keys(), "events.md": _events()}
    made = {}
    for name, lines in parts.items():
        path = DOCS / name
        above = path.read_text(encoding="utf-8").partition(MARK)[0].rstrip()
        made[path] = "\n".join([above, "", MARK, "", *lines]).rstrip() + "\n"
    return made


# ---------------------------------------------------------------- commands


def _commands() -> Iterator[str]:
    for title, verbs in shown_groups():
        yield from (f"## {title}", "")
        for verb in verbs:
            yield from _verb(verb)


def _verb(verb: Verb) -> Iterator[str]:
    yield from (f"### fleet {verb.name}", "")
    if not verb.raw:
        from typer.main import get_command

        command = get_command(root.load(verb))
        if not getattr(command, "commands", {}):
            yield from _usage(command, f"fleet {verb.name}")
            return
        yield from (f"{verb.help[0].upper()}{verb.help[1:]}.", "")
        yield from _commands_of(command, f"fleet {verb.name}")
        return
    yield from (f"{verb.help[0].upper()}{verb.help[1:]}.", "")
    yield from _words(verb)


def _words(verb: Verb) -> Iterator[str]:
    from importlib import import_module

    words = getattr(import_module(f"fleet.surfaces.cli.{verb.module}"), "WORDS", {})
    for word, says in words.items():
        yield f"* `fleet {verb.name} {word}`: {says}"
    if words:
        yield ""


def _commands_of(command: Any, name: str) -> Iterator[str]:
    for word, each in command.commands.items():
        if each.hidden:
            continue
        if getattr(each, "commands", {}):
            yield from _commands_of(each, f"{name} {word}")
        else:
            yield from (f"#### {name} {word}", "")
            yield from _usage(each, f"{name} {word}")


def _usage(command: Any, name: str) -> Iterator[str]:
    shown = [each for each in command.params if not getattr(each, "hidden", False) and each.name != "help"]
    arguments = [each for each in shown if each.param_type_name == "argument"]
    options = [each for each in shown if each.param_type_name == "option"]
    words = [name, *(["[OPTIONS]"] if options else []), *(_placed(each) for each in arguments)]
    help_text = " ".join((command.help or "").split())
    yield from (f"    {' '.join(words)}", "")
    if help_text:
        yield from (help_text, "")
    rows = [(_placed(each).strip("[]"), each) for each in arguments if getattr(each, "help", None)]
    rows += [(_spelled(each), each) for each in options]
    for spelled, each in rows:
        says = " ".join((getattr(each, "help", None) or "").split()).rstrip(".")
        yield f"* `{spelled}`" + (f": {says}" if says else "")
    if rows:
        yield ""


def _placed(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _spelled(option: Any) -> str:
    names = ", ".join(sorted(option.opts, key=len))
    if option.is_flag:
        return names
    default = option.default
    if option.metavar:
        value = option.metavar
    elif isinstance(default, Enum):
        value = "|".join(str(each.value) for each in type(default))
    else:
        value = "N" if isinstance(default, int) else "TEXT"
    return f"{names} {value}"


# ---------------------------------------------------------------- fleet.yaml


def _keys() -> Iterator[str]:
    yield from ("## Every key", "")
    yield from ("| key | default | meaning |", "| --- | --- | --- |")
    for path, field, kind in fleet_keys():
        default = _default(field)
        yield f"| `{path}` | {f'`{default}`' if default else ''} | {meaning(path, field, kind)} |"


def fleet_keys() -> Iterator[tuple[str, FieldInfo, type[BaseModel] | None]]:
    """Every key of fleet.yaml with its path (NAME: the user gives it) and the model below it."""
    yield from _below(FleetFile, "")


def meaning(path: str, field: FieldInfo, kind: type[BaseModel] | None) -> str:
    """What the key is for, in a line; empty when nothing says so."""
    words = MEANINGS.get(path) or field.description or (kind.__doc__ if kind else "") or ""
    return " ".join(words.split()).rstrip(".").replace("|", "\\|")


def _below(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, FieldInfo, type[BaseModel] | None]]:
    for attribute, field in model.model_fields.items():
        name = field.alias or attribute
        path = f"{prefix}{name}"
        kind, many = _held(field.annotation)
        yield path, field, kind
        if kind is not None:
            yield from _below(kind, f"{path}.{'NAME.' if many else ''}")


def _held(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The model below an annotation, and whether it stands there by name."""
    bare, named = annotation, False
    while get_origin(bare) is not None and get_origin(bare) is not Literal:
        origin, words = get_origin(bare), get_args(bare)
        if origin is Annotated or origin is list:
            bare = words[0]
        elif origin in (Union, UnionType):
            bare = next(each for each in words if each is not type(None))
        elif origin is dict:
            bare, named = words[1], True
        else:
            break
    return (bare, named) if isinstance(bare, type) and issubclass(bare, BaseModel) else (None, named)


def _default(field: FieldInfo) -> str:
    value = field.default
    if field.is_required():
        return "(needed)"
    if value is None or isinstance(value, BaseModel | dict | list):
        return ""
    if field.description and "How long" in field.description:
        return f"{value // 60_000}m"
    return str(value)


# ---------------------------------------------------------------- events


def _events() -> Iterator[str]:
    yield from ("## Every type", "")
    for title, found in sections():
        yield from (f"### {title}", "", "| type | data |", "| --- | --- |")
        for kind, data in found:
            yield f"| `{kind}` | {data.replace('|', chr(92) + '|')} |"
        yield ""


def sections() -> list[tuple[str, list[tuple[str, str]]]]:
    """The types in model/events.py as it groups them, each with what its comment says about its data."""
    text = Path(events.__file__).read_text(encoding="utf-8")
    found: list[tuple[str, list[tuple[str, str]]]] = [("Others", [])]
    entry = re.compile(
        r'^# (?P<title>.+)$|^[A-Z_]+ = \(?\s*"(?P<kind>fleet\.[a-z_.]+)"(?:  # (?P<data>.+))?', re.MULTILINE
    )
    for line in entry.finditer(text):
        if line["title"]:
            found.append((line["title"].rstrip("."), []))
        else:
            found[-1][1].append((line["kind"], line["data"] or ""))
    return [(title, kinds) for title, kinds in found if kinds]


if __name__ == "__main__":
    for path, text in pages().items():
        if path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote {path.name}\n")
