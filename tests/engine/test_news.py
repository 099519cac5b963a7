"""Which lines were never seen before in a run."""

from __future__ import annotations

from fleet.engine.news import Lines


def test_a_line_is_fresh_once():
    lines = Lines()
    assert lines.fresh(["one", "two"]) == 2
    assert lines.fresh(["two", "three", "one"]) == 1
    assert lines.fresh(["one", "two", "three"]) == 0


def test_of_thousands_of_lines_hardly_any_is_taken_for_known_that_is_not():
    lines = Lines()
    found = sum(lines.fresh([f"line {page} {n}" for n in range(100)]) for page in range(30))
    assert found > 2950


def test_the_end_of_a_long_output_counts():
    lines = Lines()
    lines.fresh([str(n) for n in range(5000)])
    assert lines.fresh([str(n) for n in range(5001)]) >= 1
