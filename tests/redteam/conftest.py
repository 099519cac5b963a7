"""Projects whose agents set out to get around what holds."""

from __future__ import annotations

from tests.engine.conftest import stage

__all__ = ["stage"]
