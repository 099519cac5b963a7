"""Whether a program is there and which version it is, from whatever it answers to --version."""

from __future__ import annotations

import os
import resource
import signal
import time
from dataclasses import replace

import pytest

from fleet.adapters.harnesses.program import Needs, Program, look_for
from fleet.ports.harness import Detected, Lack

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


def asked(tmp_path, said: str, *, listed: bool, room: int = resource.RLIM_INFINITY) -> Detected:
    """With so much room for files. A program that says this when it is asked for its options, on stderr."""
    program = tmp_path / "agent"
    program.write_text(f"#!/bin/sh\n[ $1 = --version ] && echo 1.2.3 || cat >&2 <<'END'\n{said}\nEND\n")
    program.chmod(0o755)
    wants = replace(
        PROGRAM,
        ask=("--help",),
        listed=listed,
        options=("--json", "--model"),
        features={"tools": Needs(("--policy",)), "permissions": Needs(oldest=(1, 3, 0))},
    )
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        return look_for(wants, f"{tmp_path}:/usr/bin:/bin", 30)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


OLD = Lack("permissions", "The agent 1.2.3 is older than 1.3.0", "Update it.")
BARE = Lack("tools", "The agent 1.2.3 has no --policy", "Update it.")


def test_options_that_it_does_not_list_are_told(tmp_path):
    seen = asked(tmp_path, "--json-lines\n --model", listed=True)
    assert seen.problem == "The agent 1.2.3 has no --json, without which it can't be driven"
    assert seen.fix == "Update it."


def test_what_it_can_do_without_is_told_of_the_features_that_need_it(tmp_path):
    assert asked(tmp_path, "--json\n --model", listed=True).lacks == (BARE, OLD)
    assert asked(tmp_path, "--json\n --model --policy", listed=True).lacks == (OLD,)


@pytest.mark.parametrize("said", ["error: unknown option '--policy=x'", "Unknown argument: --policy"])
def test_an_option_that_is_in_no_list_is_told_by_its_refusal(tmp_path, said):
    assert asked(tmp_path, said, listed=False).lacks == (BARE, OLD)


@pytest.mark.parametrize("said", ["", "Segmentation fault"])
@pytest.mark.parametrize("listed", [True, False])
def test_no_clear_answer_is_not_held_against_it(tmp_path, said, listed):
    seen = asked(tmp_path, said, listed=listed)
    assert (seen.problem, seen.lacks) == ("", (OLD,))


def test_a_full_disk_takes_none_of_its_options_away(tmp_path):
    seen = asked(tmp_path, f"--json\n{'.' * 2000}\n --model --policy", listed=True, room=1000)
    assert (seen.problem, seen.lacks) == ("", (OLD,))


def test_what_was_killed_in_the_middle_of_its_answer_is_asked_again(tmp_path):
    program = tmp_path / "agent"
    script = "#!/bin/sh\n[ $1 = --version ] && echo 1.2.3 && exit\necho --json\n"
    program.write_text(script + f"[ -e {tmp_path}/once ] || {{ touch {tmp_path}/once; kill -9 $$; }}\n")
    program.chmod(0o755)
    wants = replace(PROGRAM, ask=("--help",), options=("--json", "--model"))
    assert look_for(wants, f"{tmp_path}:/usr/bin:/bin", 30).problem == ""
    assert "--model" in look_for(wants, f"{tmp_path}:/usr/bin:/bin", 30).problem


def test_what_it_leaves_behind_holds_nobody_up(tmp_path):
    program = tmp_path / "agent"
    program.write_text(f"#!/bin/sh\nsleep 60 &\necho $! > {tmp_path}/left\necho 1.2.3\n")
    program.chmod(0o755)
    began = time.monotonic()
    assert look_for(PROGRAM, f"{tmp_path}:/usr/bin:/bin", 30).version == "1.2.3"
    assert time.monotonic() - began < 20
    os.kill(int((tmp_path / "left").read_text()), signal.SIGKILL)


def test_another_program_in_its_place_is_asked_anew(tmp_path):
    assert asked(tmp_path, "--json --model", listed=True).lacks == (BARE, OLD)
    assert asked(tmp_path, "--json --model --policy", listed=True).lacks == (OLD,)


def test_one_that_writes_whatever_it_is_asked_leaves_the_users_state_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    program = tmp_path / "agent"
    program.write_text('#!/bin/sh\necho asked 2>/dev/null > "${AGENT_HOME:-$HOME}/state"\necho 1.2.3\n')
    program.chmod(0o755)
    seen = look_for(replace(PROGRAM, state="AGENT_HOME"), f"{tmp_path}:/usr/bin:/bin", 30)
    assert seen.version == "1.2.3"
    assert not (tmp_path / "state").exists()
