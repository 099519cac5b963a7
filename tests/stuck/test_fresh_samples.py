"""The samples of someone who did not know the rules are of all harnesses, and are judged well. The rules have
learned from them by now: what they reached before stands in `docs/stuck.md`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.testing.stuck_eval import report, samples, score
from fleet.wiring import harnesses

HERE = Path(__file__).parent
FRESH = samples(sorted((HERE / "fresh").glob("*.jsonl.gz")))


def test_the_fresh_samples_are_of_all_harnesses_and_of_both_kinds():
    names = {"acp", "claude-code", "codex", "copilot", "gemini", "opencode", "scripted"}
    assert {each.harness for each in FRESH} == names
    assert {each.stuck for each in FRESH} == {True, False}


def test_no_healthy_sample_is_called_stuck_and_few_stuck_ones_are_missed():
    found = score(FRESH, harnesses())
    assert found.precision == 1.0, report(found)
    assert found.recall >= 0.94, report(found)


def test_no_fresh_sample_is_one_of_the_others():
    others = samples([*HERE.glob("*.jsonl.gz"), *(HERE / "apart").glob("*.jsonl.gz")])
    assert not {each.name for each in FRESH} & {each.name for each in others}


@pytest.mark.parametrize("sample", FRESH, ids=lambda each: f"{each.harness}: {each.name}")
def test_a_stuck_sample_says_since_when(sample):
    assert (0 < sample.since < sample.until) == sample.stuck
    assert sample.why
