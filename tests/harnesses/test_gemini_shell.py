"""Whether a command of Gemini failed, by its last words."""

from __future__ import annotations

import json

import pytest

from fleet.adapters.harnesses.gemini_reader import GeminiReader
from fleet.adapters.harnesses.gemini_shell import seems_failed
from fleet.ports.harness import ToolReturned


@pytest.mark.parametrize(
    "output",
    [
        "/usr/bin/bash: line 4: pytst: command not found",
        "FAIL: test_add\n\n-----\nRan 1 test in 0.000s\n\nFAILED (failures=1)\n",
        "Traceback (most recent call last):\nModuleNotFoundError: No module named 'totals'",
        "== 1 failed, 3 passed in 0.12s ==",
        "fatal: not a git repository",
        "main.c:3:1: error: expected ';'",
        "make: *** [Makefile:2: test] Error 1",
    ],
)
def test_these_are_words_of_a_failure(output):
    assert seems_failed(output)


@pytest.mark.parametrize(
    "output",
    [
        "",
        "ok",
        "3 passed, 0 failed in 0.1s",
        "Traceback (most recent call last):\nValueError: x\nfixed it\nran again\nall is well",
        "src/a.py:3:class NotFound(Error):",
        "0 errors, 2 warnings",
    ],
)
def test_these_are_not(output):
    assert not seems_failed(output)


@pytest.mark.parametrize(("tool", "ok"), [("run_shell_command", False), ("read_file", True)])
def test_only_a_command_fails_by_its_words(tool, ok):
    reader = GeminiReader()
    reader.feed("out", json.dumps({"type": "tool_use", "tool_name": tool, "tool_id": "t", "parameters": {}}))
    back = {"type": "tool_result", "tool_id": "t", "status": "success", "output": "x: command not found"}
    (event,) = reader.feed("out", json.dumps(back))
    assert isinstance(event, ToolReturned)
    assert event.ok is ok
