"""The fresh samples can be judged, and say since when a person calls them stuck. How well they are judged is
told by `make stuck-eval`, and by no test: what has to pass is tuned by.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.testing.stuck_eval import samples

HERE = Path(__file__).parent
FRESH = samples(sorted((HERE / "fresh").glob("*.jsonl.gz")))


def test_the_fresh_samples_are_of_all_harnesses_and_of_both_kinds():
    names = {"acp", "claude-code", "codex", "copilot", "gemini", "opencode", "scripted"}
    assert {each.harness for each in FRESH} == names
    assert {each.stuck for each in FRESH} == {True, False}


def test_no_fresh_sample_is_one_by_which_the_rules_were_tuned():
    others = samples([*HERE.glob("*.jsonl.gz"), *(HERE / "apart").glob("*.jsonl.gz")])
    assert not {each.name for each in FRESH} & {each.name for each in others}


@pytest.mark.parametrize("sample", FRESH, ids=lambda each: f"{each.harness}: {each.name}")
def test_a_stuck_sample_says_since_when(sample):
    assert (0 < sample.since < sample.until) == sample.stuck
    assert sample.why
