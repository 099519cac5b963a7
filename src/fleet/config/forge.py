"""What no schema can check of `project`: that a forge has its repositories, and the local one none."""

from __future__ import annotations

from collections.abc import Iterator

from fleet.config import schema
from fleet.config.document import Document, Path
from fleet.config.explain import Problem, placed, problem_at

_OF_A_FORGE = ("repo", "repos", "host", "trusted", "merge", "logins")


def project_problems(file: str, document: Document, declared: schema.FleetFile) -> Iterator[Problem]:
    """Every mistake of a `project` whose form is right, and of what agents are on its forge."""
    project = declared.project
    if project.forge == "local":
        for key in _OF_A_FORGE:
            if key in project.model_fields_set:
                hint = "set forge: github, or leave it out"
                expected = f"no {key} where the forge is local"
                yield problem_at(file, document, ("project", key), expected=expected, hint=hint)
    elif project.repo is None and not project.repos:
        where = ("project", "forge" if project.repos is None else "repos")
        found = f"{project.forge} without repo" if project.repos is None else "an empty list"
        spot, hint = document.value_at(where), "fleet init --forge github finds it"
        yield placed(file, spot, where, found, expected="repo: OWNER/NAME beside it", hint=hint)
    elif project.repo is not None and project.repos is not None:
        where = ("project", "repos")
        spot = document.key_at(where)
        yield placed(file, spot, where, "repo and repos", expected="one of repo, repos")
    for name, agent in declared.agents.items():
        if agent.login is not None and project.forge == "local":
            hint = "set forge: github, or leave it out"
            at: Path = ("agents", name, "login")
            yield problem_at(file, document, at, expected="no login where the forge is local", hint=hint)
    yield from _doubles(file, document, project)


def _doubles(file: str, document: Document, project: schema.Project) -> Iterator[Problem]:
    seen: dict[str, Path] = {}
    for at, each in enumerate(project.repos or ()):
        where: Path = ("project", "repos", at)
        first = seen.setdefault(each.repo.lower(), where)
        if first != where:
            hint = f"it stands in line {document.value_at(first).line} already"
            spot = document.value_at(where)
            yield placed(file, spot, where, each.repo, expected="each repository once", hint=hint)
    states: dict[str, str] = {}
    for state, label in project.labels.model_dump().items():
        other = states.setdefault(label.lower(), state)
        if other != state:
            pair = [("project", "labels", each) for each in (state, other)]
            written = next((each for each in pair if each in document.values), pair[0])
            hint = f"{other} and {state} have the same"
            yield problem_at(file, document, written, expected="a label for each state", hint=hint)
