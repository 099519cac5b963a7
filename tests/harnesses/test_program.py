"""Whether a program is there and which version it is, from whatever it answers to --version."""

from __future__ import annotations

import pytest

from fleet.adapters.harnesses.program import Program, look_for
from fleet.ports.harness import Detected

PROGRAM = Program("agent", "The agent", (1, 2, 3), "Install it.", "Update it.")


@pytest.mark.parametrize(
    ("said", "version", "problem"),
    [
        ("1.2.3", "1.2.3", ""),
        ("v2.0.0-beta.1", "2.0.0", ""),
        ("agent-cli 1.10.0 (abc)", "1.10.0", ""),
        ("GitHub Copilot CLI 1.2.4.\nRun 'copilot update'", "1.2.4", ""),
        ("1.2.2", "1.2.2", "The agent 1.2.2 is older than 1.2.3"),
        ("no such option", "", "said 'no such option'"),
        ("", "", "said ''"),
    ],
)
def test_its_version_is_found_in_what_it_says(tmp_path, said, version, problem):
    program = tmp_path / "agent"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{said}\nEND\n")
    program.chmod(0o755)
    seen = look_for(PROGRAM, f"{tmp_path}:/usr/bin:/bin", 30)
    assert (seen.found, seen.version) == (True, version)
    assert problem in seen.problem
    assert bool(seen.fix) == bool(seen.problem)


def test_one_that_is_not_there_is_to_be_installed():
    assert look_for(PROGRAM, "/nowhere", 1) == Detected(False, "", "There is no agent on PATH", "Install it.")
