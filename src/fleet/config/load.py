"""Reading fleet.yaml: every mistake of the file at once, each with its place."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from pydantic import ValidationError

from fleet.config import templates
from fleet.config.build import build, duty_of
from fleet.config.document import MOST_BYTES, BadYaml, Document, read_document
from fleet.config.explain import ConfigError, Problem, named, placed
from fleet.config.meaning import Meaning
from fleet.config.schema import Agent, FleetFile
from fleet.config.templates import Template
from fleet.config.violations import keys_at, nothings, violations
from fleet.model.errors import UsageError
from fleet.model.fleet import DUTIES, Fleet


def load_fleet(path: Path, *, harnesses: Collection[str] = ()) -> Fleet:
    """The fleet that this file declares; its templates are looked for from the file's folder.

    `harnesses` are the names of those there are; without them, any name is taken. Raises `ConfigError` (a
    `UsageError`) with all mistakes, `UsageError` when the file can't be read at all.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise UsageError(f"There is no {path.name} in {path.parent}", do="Run: fleet init") from error
    except OSError as error:
        raise UsageError(f"{path} can't be read", why=error.strerror or str(error)) from error
    return parse_fleet(data, root=path.parent, file=path.name, harnesses=harnesses)


def parse_fleet(
    data: bytes, *, root: Path, file: str = "fleet.yaml", harnesses: Collection[str] = ()
) -> Fleet:
    """The fleet that these bytes declare; see `load_fleet`. `root` is the project's folder."""
    try:
        document = read_document(data)
    except BadYaml as error:
        raise ConfigError([placed(file, error.at, (), str(error), hint=error.hint)]) from error
    problems = list(_doubles(file, document))
    declared = _declared(file, document, problems)
    problems += _nothings(file, document, problems)
    if declared is None:
        raise ConfigError(problems)
    found = {
        name: template
        for name, agent in declared.agents.items()
        if (template := _template(name, agent, root, file, document, problems)) is not None
    }
    duties = {name: duty_of(agent, found.get(name)) for name, agent in declared.agents.items()}
    problems += Meaning(file, document, declared, duties).problems(harnesses)
    if problems:
        raise ConfigError(problems)
    return build(declared, found, folder=root.resolve().name or "project")


def _declared(file: str, document: Document, problems: list[Problem]) -> FleetFile | None:
    """The file in its form; None when it has another one, with what is wrong added to `problems`."""
    if not isinstance(document.value, dict):
        spot = document.value_at(())
        expected = f"a mapping with {named(keys_at(()))}"
        what = {list: "a list", type(None): "nothing"}.get(type(document.value), "a text")
        problems.append(placed(file, spot, (), what, expected=expected, hint="fleet init writes a first one"))
        return None
    try:
        return FleetFile.model_validate(document.value)
    except ValidationError as error:
        problems += violations(error, file, document)
        return None


def _doubles(file: str, document: Document) -> Iterator[Problem]:
    for path, spot in document.twice:
        first = document.keys[path]
        found = f"the key {str(path[-1])!r} a second time"
        yield placed(file, spot, path[:-1], found, hint=f"it stands in line {first.line} already")


def _nothings(file: str, document: Document, problems: list[Problem]) -> list[Problem]:
    """Keys without a value, where nothing else is wrong at their place."""
    told = {(each.line, each.column) for each in problems}
    found = []
    for path in nothings(document):
        spots = (document.value_at(path), document.key_at(path))
        if not told & {(spot.line, spot.column) for spot in spots}:
            found.append(
                placed(file, spots[1], path, "nothing", expected="a value", hint="else leave the key out")
            )
    return found


def _template(
    name: str, agent: Agent, root: Path, file: str, document: Document, problems: list[Problem]
) -> Template | None:
    """The agent's template. What it lacks of template, duty and prompt is added to `problems`."""
    where = ("agents", name)
    spot, found = document.key_at(where), None
    if agent.template is not None:
        at = document.value_at((*where, "template"))
        try:
            found = templates.find(agent.template, root)
        except ConfigError as error:
            problems += error.problems
            return None
        except UsageError as error:
            said, hint = f"{agent.template!r}", error.do[:1].lower() + error.do[1:]
            expected = "a template" + (f" ({error.why})" if error.why else "")
            problems.append(placed(file, at, (*where, "template"), said, expected=expected, hint=hint))
            return None
    elif agent.duty is None and agent.prompt is None:
        hint = f"the templates are {named(sorted(templates.names(root)))}"
        expected = "a template, or a duty with a prompt"
        problems.append(placed(file, spot, where, "no template", expected=expected, hint=hint))
        return None
    if not duty_of(agent, found):
        said = f"the template {agent.template!r} says none" if found else "no duty"
        expected = f"a duty: {named(DUTIES)}"
        problems.append(placed(file, spot, where, said, expected=expected))
    return found
