"""What git's refusals mean: some pass by themselves, and whoever asked tries again."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.adapters.git.command import git
from fleet.model.errors import FleetError, Temporary


@pytest.mark.parametrize(
    ("words", "passes"),
    [
        ("error: unable to write file src/a b.py\nfatal: unpacking failed", True),
        ("fatal: unable to write new index file", True),
        ("error: sha1 file '.git/objects/ab' write error. Out of diskspace", True),
        ("error: unable to create file a.txt: Permission denied", False),
        ("fatal: not a git repository", False),
    ],
)
def test_a_full_disk_is_told_from_what_stays_refused(
    words: str, passes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "git"
    fake.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{words}\nEND\nexit 128\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(FleetError) as found:
        git(tmp_path, "read-tree", "HEAD")
    assert isinstance(found.value, Temporary) is passes
