"""What the schema refuses, as problems with their places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from fleet.config.document import Document, Path
from fleet.config.explain import Problem, did_you_mean, found_at, named, placed, problem_at
from fleet.config.schema import FleetFile

_KEY = "[key]"

_TYPES: Mapping[str, str] = {
    "string_type": "a text",
    "string_too_short": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "too_short": "at least one",
}

# What other tools call it.
_ELSEWHERE: Mapping[str, tuple[str, ...]] = {
    "timeout": ("time",),
    "label": ("labeled",),
    "trigger": ("on",),
    "triggers": ("on",),
    "cron": ("schedule",),
    "steps": ("jobs",),
    "branch": ("base",),
    "concurrency": ("slots",),
    "replicas": ("slots",),
    "depends_on": ("needs",),
    "command": ("run",),
    "run": ("command",),
    "cmd": ("run",),
    "instructions": ("prompt",),
    "role": ("duty", "template"),
    "if": ("when",),
    "retries": ("attempts",),
    "provider": ("harness",),
}


def violations(error: ValidationError, file: str, document: Document) -> Iterator[Problem]:
    """Each thing that the schema refused, worded for the person who wrote the file."""
    for detail in error.errors(include_url=False, include_input=False):
        path = tuple(part for part in detail["loc"] if part != _KEY)
        yield _violation(detail["type"], path, detail.get("ctx", {}), _KEY in detail["loc"], file, document)


def nothings(document: Document) -> Iterator[Path]:
    """The values that were left empty: nowhere does that mean anything."""
    for path in document.values:
        if path and document.get(path) is None:
            yield path


def _violation(
    kind: str, path: Path, about: Mapping[str, Any], is_key: bool, file: str, document: Document
) -> Problem:
    if kind == "unexpected":
        expected, hint = str(about["expected"]), str(about["hint"])
        if about["within"] != (1, 1):
            spot, found = document.inside(path, *about["within"]), found_at(document, path)
            return placed(file, spot, document.nearest(path), found, expected=expected, hint=hint)
        return problem_at(file, document, path, expected=expected, hint=hint, key=is_key)
    if kind == "extra_forbidden":
        keys, word = keys_at(path[:-1]), str(path[-1])
        spot, where = document.key_at(path), document.nearest(path[:-1])
        found = f"the unknown key {word!r}"
        return placed(file, spot, where, found, expected=_one_of(keys), hint=_meant(word, keys))
    if kind == "missing":
        where = document.nearest(path[:-1])
        found = found_at(document, where)
        if where != path[:-1]:  # a short form stands for the mapping
            return placed(file, document.value_at(where), where, found, expected=f"the key {path[-1]!r}")
        found = f"{found} without {str(path[-1])!r}"
        return placed(file, document.key_at(where), where, found, expected=f"the key {path[-1]!r}")
    if kind in ("model_type", "model_attributes_type"):
        keys, word = keys_at(path), document.written.get(document.nearest(path), "")
        hint = f"write it as {{{word}: …}}" if word in keys else ""
        return problem_at(file, document, path, expected=f"a mapping with {_one_of(keys)}", hint=hint)
    if kind == "literal_error":
        told = str(about["expected"]).replace("'", "").replace(" or ", ", ").replace("True", "true")
        names = [name for name in told.split(", ") if name]
        hint = did_you_mean(str(document.written.get(document.nearest(path), "")).strip('"'), names)
        return problem_at(
            file,
            document,
            path,
            expected=" or ".join(names) if len(names) < 4 else f"one of {named(names)}",
            hint=hint,
        )
    return problem_at(file, document, path, expected=_expected(kind, about), hint=_hint(kind, path, document))


def _expected(kind: str, about: Mapping[str, Any]) -> str:
    if kind == "greater_than_equal":
        return f"{about['ge']} or more"
    if kind == "less_than_equal":
        return f"{about['le']} or less"
    return _TYPES.get(kind, kind.replace("_", " "))


def _hint(kind: str, path: Path, document: Document) -> str:
    written = document.written.get(document.nearest(path), "")
    if kind == "string_type" and written:
        return f'put it in quotes: "{written}"'
    if kind in ("int_type", "int_from_float") and written.startswith('"'):
        return "take the quotes away"
    if kind == "list_type" and path[:1] == ("gates",):
        return "one line for each requirement, such as [{human: always}]"
    return ""


def keys_at(path: Path) -> tuple[str, ...]:
    """The keys that fleet.yaml may have at this path, () where it may have any."""
    annotation: Any = FleetFile
    for part in path:
        annotation = _below(_bare(annotation), part)
    bare = _bare(annotation)
    if not (isinstance(bare, type) and issubclass(bare, BaseModel)):
        return ()
    return tuple(field.alias or name for name, field in bare.model_fields.items())


def _below(annotation: Any, part: object) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = {field.alias or name: field for name, field in annotation.model_fields.items()}
        field = fields.get(str(part))
        return field.annotation if field else None
    if get_origin(annotation) is dict:
        return get_args(annotation)[1]
    if get_origin(annotation) is list:
        return get_args(annotation)[0]
    return None


def _bare(annotation: Any) -> Any:
    """The type without what is around it: bounds, validators, `| None`."""
    while get_origin(annotation) in (Annotated, Union, UnionType):
        annotation = next(each for each in get_args(annotation) if each is not type(None))
    return annotation


def _one_of(keys: tuple[str, ...]) -> str:
    return f"one of {named(sorted(keys))}" if keys else "no key"


def _meant(word: str, keys: tuple[str, ...]) -> str:
    elsewhere = [name for name in _ELSEWHERE.get(word.lower(), ()) if name in keys]
    return f"did you mean {elsewhere[0]!r}?" if elsewhere else did_you_mean(word, keys)
