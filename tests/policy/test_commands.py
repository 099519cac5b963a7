"""What a line for a shell is about."""

from __future__ import annotations

import pytest

from fleet.policy.commands import command_polls, kind_of_command, moves
from fleet.policy.resting import rests
from fleet.policy.signs import call_sign, form_sign, outcome_sign, steady_lines, telling_line
from fleet.policy.success import succeeded


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("cd app && npm test 2>&1 | tail -20", "test"),
        ("python3 test_calc.py", "test"),
        ("cat test_calc.py", "run"),
        ("grep -rn 'cargo test' docs", "run"),
        ("cargo build --release", "build"),
        ("git commit -am 'Run the tests'", "commit"),
        ("printf 'x' > calc.py", "edit"),
        ("fleet agent done", "report"),
    ],
)
def test_the_kind_of_a_command_is_known(command: str, kind: str):
    assert kind_of_command(command) == kind


@pytest.mark.parametrize(
    "command",
    [
        "kubectl -n shop get pods",
        "systemctl --user status",
        "sleep 5; cat ready",
        "gh run view 7",
        "while ! curl -s localhost; do sleep 1; done",
        "./ci status",
    ],
)
def test_looking_if_something_is_there_yet_is_known(command: str):
    assert command_polls(command)


@pytest.mark.parametrize(
    "command",
    ["git status --short", "git log -3", "npm test | tail -20", "cat wait.py", "pytest tests/status"],
)
def test_what_only_names_such_words_does_not_look_if_something_is_there_yet(command: str):
    assert not command_polls(command)


@pytest.mark.parametrize(
    "command",
    [
        "sleep 600",
        "cd app && npm run dev",
        "tail -n 20 -f server.log",
        "while [ ! -f built ]; do sleep 1; done",
        "python3 -m http.server 8000",
        "PORT=80 flask run",
        "git rebase -i HEAD~3",
    ],
)
def test_what_cannot_be_at_work_is_known(command: str):
    assert rests(command)


@pytest.mark.parametrize(
    "command",
    [
        "make -j8",
        "npm run dev & sleep 3; curl localhost",
        "timeout 60 npm start",
        "sleep 5; make",
        "for i in 1 2 3; do head -c 9 /dev/zero | wc -c; sleep 1; done",
        "npm run build",
    ],
)
def test_what_may_be_at_work_is_not_said_to_rest(command: str):
    assert not rests(command)


@pytest.mark.parametrize(
    ("command", "holds"),
    [
        ("git checkout -q main~3", True),
        ("git bisect good", True),
        ("git checkout calc.py", False),
        ("ls", False),
    ],
)
def test_going_to_another_commit_is_known(command: str, holds: bool):
    assert moves(command) == holds


@pytest.mark.parametrize(
    ("command", "ok", "text", "good"),
    [
        ("grep -rn eval .", False, "sh ended with 1: ", True),
        ("grep -rn eval .", False, "Exit code 1", True),
        ("grep -rn eval .", False, "\n<exited with exit code 1>", True),
        ("grep -rn eval gone/", False, "grep: gone/: No such file or directory", False),
        ("pytest 2>&1 | tail -3", True, "=== 2 failed, 7 passed in 0.1s ===", False),
        ("pytest 2>&1 | tail -3", True, "=== 9 passed in 0.1s ===", True),
        ("npm test || true", True, "Tests: 0 failed, 3 total\nno errors", True),
        ("cat crash.log", True, "ValueError: bad", True),
        ("python3 main.py; echo done", True, "ValueError: bad\ndone", False),
        ("git commit -am x", True, "On branch main\nnothing to commit, working tree clean", False),
        ("make", False, "", False),
    ],
)
def test_whether_a_command_did_what_it_was_for_is_told_from_more_than_its_exit_code(
    command: str, ok: bool, text: str, good: bool
):
    assert succeeded(kind_of_command(command), command, ok, text) == good


def test_a_failure_is_known_again_though_times_ports_and_lines_are_others():
    one = "FAILED test_a.py::test_x - AssertionError at 0x7f3a (calc.py:17)\n1 failed in 0.31s on port 40123"
    two = (
        "\nFAILED test_a.py::test_x - AssertionError at 0x8b21 (calc.py:23)\n1 failed in 2.07s on port 51999"
    )
    assert outcome_sign("test", False, steady_lines(one)) == outcome_sign("test", False, steady_lines(two))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("3 failed, 2 passed", "2 failed, 3 passed"),
        ("1 failed, 4 passed", "1 failed, 5 passed"),
        (
            "Traceback (most recent call last):\nNameError: name 'c'",
            "Traceback (most recent call last):\nTypeError: x",
        ),
        ("a.c:1: error: expected ;\nb.c:1: error: expected ;", "a.c:1: error: expected ;"),
    ],
)
def test_another_failure_is_told_apart(one: str, two: str):
    assert outcome_sign("test", False, steady_lines(one)) != outcome_sign("test", False, steady_lines(two))


def test_a_command_has_the_same_form_with_other_numbers_and_trimmings():
    forms = {
        form_sign("Bash", {"command": command})
        for command in ("npm test -- --retries 2", "cd app && npm test -- --retries 3 2>&1 | tail -40")
    }
    assert len(forms) == 1
    assert form_sign("Bash", {"command": "npm test -- part1"}) not in forms
    assert call_sign("Bash", {"command": "ls -1"}) != call_sign("Bash", {"command": "ls -2"})


def test_the_telling_line_of_a_traceback_is_its_last():
    assert telling_line("Traceback (most recent call last):\n  File x\nKeyError: 'a'") == "KeyError: 'a'"
