"""Which files a command of Codex edits by a patch."""

from __future__ import annotations

import pytest

from fleet.gateway.answers import Refused
from fleet.gateway.patches import codex_call, edited

PATCH = (
    "*** Begin Patch\n*** Update File: src/a.py\n*** Move to: /etc/b\n@@\n-x\n+y\n"
    "*** Add File: c d.txt\n+x\n*** Delete File: ../e\n*** End Patch"
)
FILES = ("src/a.py", "/etc/b", "c d.txt", "../e")


@pytest.mark.parametrize(
    ("command", "files"),
    [
        (f"apply_patch <<'EOF'\n{PATCH}\nEOF\n", FILES),
        (f'applypatch << "X"\n{PATCH}\nX', FILES),
        (
            f"cd sub/x && apply_patch <<'EOF'\n{PATCH}\nEOF",
            ("sub/x/src/a.py", "/etc/b", "sub/x/c d.txt", "sub/x/../e"),
        ),
        ("grep -rn apply_patch docs", None),
        ("git status", None),
    ],
)
def test_a_patch_is_about_the_files_that_it_names(command, files):
    assert edited(command) == files


@pytest.mark.parametrize(
    "command",
    [
        f"apply_patch <<EOF\n{PATCH}\nEOF",  # the shell would fill in what stands in it
        f"apply_patch <<'EOF'\n{PATCH}\nEOF\ngit push",
        f"cat <<'EOF' | apply_patch\n{PATCH}\nEOF",
        f"cd $X && apply_patch <<'EOF'\n{PATCH}\nEOF",
        "apply_patch < a.patch",
        'true; apply_patch "$(cat a.patch)"',
        "apply_patch <<'EOF'\n*** Begin Patch\n*** End Patch\nEOF",
    ],
)
def test_one_whose_files_can_not_be_told_is_refused(command):
    with pytest.raises(Refused):
        edited(command)


def test_its_tools_have_the_names_that_rules_know():
    said = {"tool_name": "apply_patch", "tool_input": {"command": PATCH}, "cwd": "/w"}
    assert codex_call(said) == {"tool_name": "Edit", "tool_input": {"paths": list(FILES)}, "cwd": "/w"}
    image = {"tool_name": "view_image", "tool_input": {"path": "a.png"}}
    assert codex_call(image) == {**image, "tool_name": "Read"}
    other = {"tool_name": "mcp__db__drop", "tool_input": {"command": PATCH}}
    assert codex_call(other) == other
