"""Rules written into fleet.yaml: one list is longer, and not a sign besides is another one."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from fleet.config.amend import amended
from fleet.config.document import read_document
from fleet.model.errors import Permanent

HEAD = """\
# who works here
version: 1
agents:
  other: {template: developer, harness: claude-code}
  dev:   # the one
    template: developer
    harness: claude-code
    permissions:
"""
RULE = 'Bash(say "hi": now # yes)'


def lines_of(before: str, permissions: str, rules: tuple[str, ...] = (RULE,)) -> list[str]:
    """The lines that are gone and the new ones."""
    text = HEAD + permissions + before
    done = amended(Path("/nowhere"), text.encode(), "dev", "allow", rules).decode()
    assert read_document(done.encode()).value["agents"]["dev"]["permissions"]["allow"][-len(rules) :] == [
        *rules
    ]
    diff = difflib.ndiff(text.splitlines(), done.splitlines())
    return [each for each in diff if each[0] in "+-"]


REST = "# the end\ndefaults:\n  harness: claude-code   # as usual\n"


@pytest.mark.parametrize(
    ("permissions", "changed"),
    [
        (
            "      allow:\n      - Read   # may look\n      - 'Edit(a/**)' # too\n\n      otherwise: ask\n",
            ['+       - "Bash(say \\"hi\\": now # yes)"'],
        ),
        ("      otherwise: ask  # first\n", ['+       allow: ["Bash(say \\"hi\\": now # yes)"]']),
        (
            "      allow: [Read, 'Edit(a, b)',]   # some\n",
            [
                "-       allow: [Read, 'Edit(a, b)',]   # some",
                '+       allow: [Read, \'Edit(a, b)\', "Bash(say \\"hi\\": now # yes)",]   # some',
            ],
        ),
        (
            "      allow: Read   # one\n",
            [
                "-       allow: Read   # one",
                '+       allow: ["Read", "Bash(say \\"hi\\": now # yes)"]   # one',
            ],
        ),
        (
            "      {deny: [Bash]}\n",
            [
                "-       {deny: [Bash]}",
                '+       {allow: ["Bash(say \\"hi\\": now # yes)"], deny: [Bash]}',
            ],
        ),
    ],
    ids=["block", "missing", "flow", "one", "all on a line"],
)
def test_the_rest_of_the_file_stays_as_it_was_written(permissions: str, changed: list[str]) -> None:
    assert lines_of(REST, permissions) == changed


def test_a_file_of_another_system_keeps_its_line_ends() -> None:
    text = (HEAD + "      allow:\n      - Read\n").replace("\n", "\r\n")
    done = amended(Path("/nowhere"), text.encode(), "dev", "allow", [RULE])
    assert done.count(b"\r\n") == done.count(b"\n") == text.count("\n") + 1


@pytest.mark.parametrize(
    ("permissions", "why"),
    [
        ("      allow: &mine [Read]\n      ask: *mine\n", "more than this list"),
        (f"      allow: ['{RULE}']\n", "already"),
        ("      allow: [Read]\n  dev2: {template: developer, nonsense: 1}\n", "nonsense"),
    ],
)
def test_what_would_change_more_or_be_wrong_is_refused(permissions: str, why: str) -> None:
    with pytest.raises(Permanent) as refused:
        amended(Path("/nowhere"), (HEAD + permissions).encode(), "dev", "allow", [RULE])
    assert why in str(refused.value)
