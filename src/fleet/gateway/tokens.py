"""The bearer token of a request."""

from __future__ import annotations


def bearer(header: str) -> str:
    """The token in an Authorization header, "" when there is none."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
