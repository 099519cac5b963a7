"""How many tokens a model can be given at once, by the beginnings of names that are known; 0 for others."""

from __future__ import annotations

_WINDOWS: tuple[tuple[str, int], ...] = (
    ("claude", 200_000),
    ("sonnet", 200_000),
    ("opus", 200_000),
    ("haiku", 200_000),
    ("gpt-5", 272_000),
    ("gpt-4.1", 1_000_000),
    ("gpt-4o", 128_000),
    ("o3", 200_000),
    ("o4", 200_000),
    ("gemini", 1_000_000),
)


def window_of(model: str) -> int:
    """The window of a model of this name, which may have its provider before a slash."""
    name = model.rpartition("/")[2].lower()
    if name.endswith("[1m]"):
        return 1_000_000
    return next((size for beginning, size in _WINDOWS if name.startswith(beginning)), 0)
