"""The body of a request, bounded, and the refusal of a request that is wrong itself."""

from __future__ import annotations

from starlette.requests import Request

from fleet.model.errors import FleetError


class BadRequest(FleetError):
    """The request itself is wrong; `status` is the HTTP status that says how."""

    def __init__(self, status: int, what: str, *, why: str = "", do: str = "") -> None:
        super().__init__(what, why=why, do=do)
        self.status = status


async def body_of(request: Request, most: int) -> bytes:
    """The whole body; refused as soon as it is longer than may be, whatever its header says."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise BadRequest(413, "The request is too large", why=f"{most} bytes is the most")
        parts.append(part)
    return b"".join(parts)
