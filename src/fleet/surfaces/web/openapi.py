"""The OpenAPI document, made from the table of operations."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from fleet.surfaces.person import ROLES, Person
from fleet.surfaces.web.acting import ANSWERS
from fleet.surfaces.web.keys import HEADER
from fleet.surfaces.web.operations import Operation
from fleet.surfaces.web.requests import MOST_BYTES

_ERROR = {"$ref": "#/components/schemas/Error"}
_ERRORS = {
    "400": "Wrong",
    "401": "Not entered",
    "403": "Your role does not allow it, or it was not sent from here",
    "404": "Not there",
    "409": "It can't be done now",
    "413": "Too large",
    "415": "Not JSON",
}
_READ_ERRORS = ("400", "401", "404")


def document(operations: Iterable[Operation], version: str) -> dict[str, Any]:
    """OpenAPI 3.1."""
    paths: dict[str, Any] = {}
    for each in operations:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Fleet",
            "version": version,
            "description": "What the pages show and do, for programs.",
        },
        "paths": paths,
        "security": [{"token": []}, {"session": []}],
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "fleet web token add NAME"},
                "session": {"type": "apiKey", "in": "cookie", "name": "fleet_session"},
            },
            "schemas": {
                "Error": {
                    "type": "object",
                    "required": ["error"],
                    "properties": {name: {"type": "string"} for name in ("error", "why", "do")},
                }
            },
        },
    }


def least_role(each: Operation) -> str:
    """The least role that may use it."""
    return next(role for role in ROLES if each.needs is None or Person("", role).may(each.needs))


def _operation(each: Operation) -> dict[str, Any]:
    codes = _ERRORS if each.needs else _READ_ERRORS
    made: dict[str, Any] = {
        "operationId": f"{each.method.lower()}{re.sub('[^A-Za-z]+', '_', each.path)}".rstrip("_"),
        "summary": each.summary,
        "description": f"Least role: {least_role(each)}.",
        "parameters": [*_path(each), *_query(each), *_header(each)],
        "responses": {"200": _answer(each), **{code: _problem(_ERRORS[code]) for code in codes}},
    }
    if each.needs:
        made["requestBody"] = {
            "required": bool([name for name in each.fields if not name.endswith("?")]),
            "content": {"application/json": {"schema": _body(each)}},
        }
    return made


def _path(each: Operation) -> list[dict[str, Any]]:
    names = re.findall(r"\{(\w+)\}", each.path)
    # One sign at least: an empty one would be another path.
    schema = {"type": "string", "minLength": 1, "pattern": "^[^/]+$"}
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in names]


def _query(each: Operation) -> list[dict[str, Any]]:
    return [
        {
            "name": query.name,
            "in": "query",
            "description": query.summary,
            "schema": {"type": "integer", "minimum": 1, "maximum": query.most}
            if query.most
            else {"type": "string"},
        }
        for query in each.query
    ]


def _header(each: Operation) -> list[dict[str, Any]]:
    if each.kind == "stream":
        about = "The id of the last event that was heard"
        schema: dict[str, Any] = {"type": "integer", "minimum": 0}
        return [{"name": "Last-Event-ID", "in": "header", "description": about, "schema": schema}]
    if not each.needs:
        return []
    about = "The token of /api/session; with a session's cookie alone, and with an Origin of this place"
    return [{"name": HEADER, "in": "header", "description": about, "schema": {"type": "string"}}]


def _answer(each: Operation) -> dict[str, Any]:
    if each.kind == "stream":
        return {"description": "Events", "content": {"text/event-stream": {"schema": {"type": "string"}}}}
    schema: dict[str, Any] = {"type": each.kind}
    if each.kind == "array":
        schema["items"] = {"type": "object"}
    return {"description": each.summary, "content": {"application/json": {"schema": schema}}}


def _body(each: Operation) -> dict[str, Any]:
    texts: dict[str, Any] = {
        name.rstrip("?"): {"type": "string", "maxLength": MOST_BYTES // 4} for name in each.fields
    }
    if "do" in texts:
        texts["do"] = {"type": "string", "enum": list(ANSWERS)}
    required = [name for name in each.fields if not name.endswith("?")]
    return {"type": "object", "properties": texts, "required": required, "additionalProperties": False}


def _problem(about: str) -> dict[str, Any]:
    return {"description": about, "content": {"application/json": {"schema": _ERROR}}}
