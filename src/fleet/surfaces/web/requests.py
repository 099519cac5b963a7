"""Reading what was sent: bounded, in the one form that is expected, and with the token of our own pages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from fleet.model.errors import FleetError
from fleet.surfaces.web.keys import FIELD, HEADER, Entered, signed

MOST_BYTES = 64 * 1024  # of one text: as much as an agent may send
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"
_BODY_BYTES = 4 * MOST_BYTES  # a text may grow when it is encoded for a form


class BadRequest(FleetError):
    """What was sent can't be taken; `status` is the HTTP status that says how."""

    def __init__(self, status: int, what: str, *, why: str = "", do: str = "") -> None:
        super().__init__(what, why=why, do=do)
        self.status = status


async def form_of(request: Request, entered: Entered | None) -> Mapping[str, str]:
    """The fields of a form of ours; where nobody has entered yet it carries no token. Raises `BadRequest`."""
    _check_type(request, _FORM)
    body = (await _body(request)).decode("utf-8", "replace")
    fields = dict(parse_qsl(body, keep_blank_values=True, max_num_fields=100))
    if entered is not None:
        _check_token(entered, fields.get(FIELD, ""))
    return {name: _bounded(value) for name, value in fields.items()}


async def json_of(request: Request, entered: Entered) -> Mapping[str, Any]:
    """The object that a program has sent, with the token in a header. Raises `BadRequest`."""
    _check_token(entered, request.headers.get(HEADER, ""))
    _check_type(request, _JSON)
    try:
        value = json.loads(await _body(request) or b"{}")
    except (ValueError, RecursionError) as error:
        raise BadRequest(400, "The request is not JSON", why=str(error)) from error
    if not isinstance(value, dict):
        raise BadRequest(400, "The request is not a JSON object", do='Send an object, such as {"note": "…"}.')
    return value


def _check_token(entered: Entered, token: str) -> None:
    if not signed(entered, token):
        raise BadRequest(
            403,
            "This was not sent by a page of this fleet web",
            why="its token is not the one of its forms",
            do="Load the page again.",
        )


def _check_type(request: Request, wanted: str) -> None:
    found = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if found != wanted:
        raise BadRequest(415, f"The request is {found or 'of no type'}", do=f"Send {wanted}.")


async def _body(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > _BODY_BYTES:
            raise BadRequest(413, "The request is too large", why=f"{_BODY_BYTES} bytes is the most")
        parts.append(part)
    return b"".join(parts)


def _bounded(text: str) -> str:
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise BadRequest(413, "The text is too long", why=f"{MOST_BYTES} bytes is the most", do="Shorten it.")
    return text.replace("\r\n", "\n")
