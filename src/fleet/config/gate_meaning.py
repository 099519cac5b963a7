"""What no schema can check of `gates`: one thing in each line, names that are there, and that a condition
looks at what is known when it is asked.
"""

from __future__ import annotations

from collections.abc import Iterator

from fleet.config import schema
from fleet.config.conditions import OF_A_PUSH, condition_problem
from fleet.config.document import Document, Path
from fleet.config.explain import Problem, did_you_mean, found_at, named, placed, problem_at
from fleet.config.gate_schema import ACTION_LINES, LINES, ActionLine, Requirement
from fleet.model.fleet import DUTIES
from fleet.model.gates import CODEOWNERS, KINDS, RUN

_EARLY = ("push", "pull-request")


def gate_problems(file: str, document: Document, declared: schema.FleetFile) -> Iterator[Problem]:
    """Every mistake of `gates` whose form is right."""
    gates = declared.gates
    for at, requirement in enumerate(gates.merge or ()):
        path: Path = ("gates", "merge", at)
        yield from _one_thing(file, document, path, requirement, LINES)
        yield from _reviewers(file, document, path, requirement, declared)
        yield from _somebody(file, document, path, requirement)
    yield from _kinds(file, document, declared)
    for kind, lines in gates.others():
        for at, line in enumerate(lines):
            path = ("gates", kind, at)
            yield from _one_thing(file, document, path, line, ACTION_LINES)
            yield from _people(file, document, path, line)
            yield from _somebody(file, document, path, line)
            yield from _early(file, document, path, line) if kind in _EARLY else ()


def _kinds(file: str, document: Document, declared: schema.FleetFile) -> Iterator[Problem]:
    """Gates of no action: what is mistyped must not stand open."""
    own = own_kinds(declared)
    known = (*KINDS, *sorted(own.difference(KINDS)))
    for kind in declared.gates.__pydantic_extra__ or {}:
        if kind not in own:
            path: Path = ("gates", kind)
            found = f"the unknown key {kind!r}"
            hint = did_you_mean(kind, known) or f"no job has action: {kind} and a command"
            spot = document.key_at(path)
            yield placed(file, spot, path, found, expected=named(known), hint=hint)


def own_kinds(declared: schema.FleetFile) -> set[str]:
    """The kinds of action that jobs with a command have."""
    found = set()
    for workflow in declared.workflows.values():
        for name, job in workflow.jobs.items():
            if job.command is not None:
                found.add(name if job.action in (None, RUN) else job.action)
    return found


def _one_thing(
    file: str, document: Document, path: Path, line: Requirement | ActionLine, known: tuple[str, ...]
) -> Iterator[Problem]:
    if len(line.model_fields_set) != 1:
        expected = f"one of {named(known)} in each line of a gate"
        yield problem_at(file, document, path, expected=expected)


def _reviewers(
    file: str, document: Document, path: Path, line: Requirement, declared: schema.FleetFile
) -> Iterator[Problem]:
    known = [*declared.agents, *DUTIES]
    for at, name in enumerate(line.review.by if line.review is not None else ()):
        if name not in known:
            expected = f"an agent of this file, or a duty: {named(known)}"
            where = (*path, "review", "by", at)
            yield problem_at(file, document, where, expected=expected, hint=did_you_mean(name, known))


def _somebody(file: str, document: Document, path: Path, line: Requirement | ActionLine) -> Iterator[Problem]:
    """A list of nobody: whoever took the last name away hardly meant that anybody's word counts."""
    asked = {"human": line.human, "review": line.review if isinstance(line, Requirement) else None}
    for kind, each in asked.items():
        if each is not None and "by" in each.model_fields_set and not each.by:
            hint = "where anybody's word counts, leave by out"
            yield problem_at(file, document, (*path, kind, "by"), expected="at least one name", hint=hint)


def _people(file: str, document: Document, path: Path, line: ActionLine) -> Iterator[Problem]:
    for at, name in enumerate(line.human.by if line.human is not None else ()):
        if name == CODEOWNERS:
            where = (*path, "human", "by", at)
            yield problem_at(file, document, where, expected="logins", hint="codeowners is for gates.merge")


def _early(file: str, document: Document, path: Path, line: ActionLine) -> Iterator[Problem]:
    """Conditions that look at what nobody has worked out yet, before the change is there."""
    asked = [((*path, "policy"), line.policy)]
    asked += [((*path, "human", "when"), line.human.when)] if line.human is not None else []
    for where, condition in asked:
        wrong = condition_problem(condition, OF_A_PUSH) if condition else None
        if wrong is not None:
            spot = document.inside(where, wrong.line, wrong.column)
            found, hint = found_at(document, where), f"{wrong.hint}, before it is pushed"
            yield placed(file, spot, where, found, expected=wrong.expected, hint=hint)
