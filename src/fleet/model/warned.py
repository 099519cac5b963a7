"""A ceiling of which people are warned."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Warned:
    """Half or most of a ceiling is used. `used` and `limit` are in ms, micro-dollars or tokens."""

    words: str
    figure: str
    percent: int
    used: int
    limit: int
    at: int
    cause: str
