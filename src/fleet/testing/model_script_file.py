"""A model script read from YAML or JSON (its form stands in `fleet.testing.model_script`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from fleet.model.errors import UsageError
from fleet.testing.model_script import Answer, Fault, Rule, Rules, Step, ToolUse

_WHEN = ("system", "user", "model", "result", "tool_results")
_ANSWER = tuple(part.name for part in fields(Answer))
_FAULT = tuple(part.name for part in fields(Fault))


def load_script(path: Path) -> Rules:
    """The script in a YAML or JSON file. Raises `UsageError` when it can't be read as one."""
    import yaml

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise UsageError(f"the model script {path} can't be read", why=str(error)) from error
    return script_from(data)


def script_from(data: object) -> Rules:
    """The script that this parsed document describes. Raises `UsageError` naming the place of a mistake."""
    document = _mapping(data, "the script", ("rules", "otherwise"))
    rules = [_rule(each, f"rules[{at}]") for at, each in enumerate(_list(document.get("rules", []), "rules"))]
    otherwise = document.get("otherwise")
    return Rules(rules, None if otherwise is None else _answer(otherwise, "otherwise"))


def _rule(data: object, place: str) -> Rule:
    rule = _mapping(data, place, ("when", "steps"))
    when = _mapping(rule.get("when") or {}, f"{place}.when", _WHEN)
    steps = tuple(
        _step(each, f"{place}.steps[{at}]")
        for at, each in enumerate(_list(rule.get("steps"), f"{place}.steps"))
    )
    if not steps:
        raise UsageError(f"{place} has no steps", do="give it at least one: steps: [{text: Done.}]")
    return Rule(steps, **when)


def _step(data: object, place: str) -> Step:
    step = dict(_mapping(data, place, (*_ANSWER, "fault")))
    fault = step.pop("fault", None)
    return Step(
        _answer(step, place),
        None if fault is None else Fault(**_mapping(fault, f"{place}.fault", _FAULT)),
    )


def _answer(data: object, place: str) -> Answer:
    answer = dict(_mapping(data, place, _ANSWER))
    tools = _list(answer.pop("tools", []), f"{place}.tools")
    return Answer(
        tools=tuple(
            ToolUse(**_mapping(tool, f"{place}.tools[{at}]", ("name", "input", "id"), ("name",)))
            for at, tool in enumerate(tools)
        ),
        **answer,
    )


def _list(data: object, place: str) -> list[object]:
    if not isinstance(data, list):
        raise UsageError(f"{place} must be a list", why=f"it is {data!r}")
    return data


def _mapping(data: object, place: str, known: Iterable[str], needed: Iterable[str] = ()) -> dict[str, Any]:
    if not isinstance(data, Mapping):
        raise UsageError(f"{place} must be a mapping", why=f"it is {data!r}")
    known = tuple(known)
    for key in data:
        if key not in known:
            raise UsageError(f"{place} has an unknown key {key!r}", do=f"known keys: {', '.join(known)}")
    for key in needed:
        if key not in data:
            raise UsageError(f"{place} has no {key!r}")
    return dict(data)
