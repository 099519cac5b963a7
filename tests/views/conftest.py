"""A story in memory, at noon of a day long ago."""

from __future__ import annotations

import pytest

from fleet.testing.story import Story


@pytest.fixture
def story() -> Story:
    return Story()
