"""What every test may ask for: programs that are not ours."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

import pytest

Need = Callable[..., str]


@pytest.fixture(scope="session")
def need() -> Need:
    """The path of a program: `need("claude")`; FLEET_TEST_CLAUDE may name it, else it is looked for on PATH.

    Without it the test is skipped, with the reason; in CI, where everything is to be there, it fails.
    """

    def find(program: str, how: str = "") -> str:
        variable = f"FLEET_TEST_{program.upper().replace('-', '_')}"
        named = os.environ.get(variable, "")
        found = shutil.which(named or program)
        if found:
            return found
        reason = f"needs {program}: {named or program} is not there" + (f" ({how})" if how else "")
        if os.environ.get("CI") in ("true", "1"):
            pytest.fail(f"{reason}, and in CI everything is")
        pytest.skip(f"{reason}; {variable} may name it")

    return find
