"""Which program a line for the shell begins with."""

from __future__ import annotations

import pytest

from fleet.model.shell import program_of


@pytest.mark.parametrize(
    ("line", "program"),
    [
        ("make test", "make"),
        ("  uv run pytest -q", "uv"),
        ("'npm' test", "npm"),
        ("cd sub && make", "cd"),
        ("./run tests", ""),
        ("CI=1 make test", ""),
        ("$MAKE test", ""),
        ("(make)", ""),
        ("! grep -r TODO", ""),
        ("# nothing", ""),
        ("it's open", ""),
        ("", ""),
    ],
)
def test_a_program_is_what_a_line_begins_with(line: str, program: str) -> None:
    assert program_of(line) == program
