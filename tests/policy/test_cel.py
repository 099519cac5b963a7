"""CEL conditions: what holds, what can't be told, and what an expression looks at."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.model.errors import FleetError
from fleet.policy.cel import compile_problem, holds

VARIABLES = {
    "risk": {"score": 61, "factors": ["size"]},
    "change": {"paths": ["src/a.py", "docs/b.md"], "lines": 0},
    "item": {"labels": ["bug"], "title": 'It\'s "odd" ünïcode'},
    "event": {"data": {"n": 1.5, "ok": True, "none": None}},
}


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("risk.score >= 60", True),
        ("risk.score < 60", False),
        ("'bug' in item.labels", True),
        ("change.paths.exists(p, p.startsWith('docs/'))", True),
        ("change.paths.all(p, p.startsWith('docs/'))", False),
        ("has(event.data.nothing) && event.data.nothing", False),
        ("event.data.n > 1 && event.data.ok", True),
        ("event.data.none == null", True),
        ("item.title.contains('ünï')", True),
        ("risk.score > 100 || size(risk.factors) == 1", True),
        ("true", True),
    ],
)
def test_a_condition_is_told_from_plain_variables(expression, answer):
    assert holds(expression, VARIABLES) is answer


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("risk.scor > 3", "scor"),
        ("nobody.knows == 1", "nobody"),
        ("risk.score", "61"),
        ("item.title > 3", "> can't be used with string and int"),
        ("!item.title", "! can't be used with string"),
        ("item.labels['x'] == 1", "with list and string"),
        ("risk.score / change.lines > 1", "zero"),
        ("risk.score >", "sign 12: '>'"),
        ("change.paths[7] == 'x'", ""),
    ],
)
def test_what_cannot_be_told_is_an_error_that_says_why(expression, why):
    with pytest.raises(FleetError) as caught:
        holds(expression, VARIABLES)
    assert expression in caught.value.what
    assert why in caught.value.why
    assert "activation" not in caught.value.why


@pytest.mark.parametrize(
    "expression", ["", "  ", "a +", "1 ==", "risk.score => 60", "(" * 500, "x" * 3000, "a b"]
)
def test_what_is_no_cel_has_a_problem(expression):
    assert compile_problem(expression)


def test_the_problem_names_the_place_inside_the_expression():
    assert "sign 12" in compile_problem("risk.score => 60")


def test_what_is_cel_has_no_problem():
    assert compile_problem("agent.failures_in_a_row >= 3 || run.denied_actions >= 5") == ""


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_either_cel_or_has_a_problem(text):
    assert isinstance(compile_problem(text), str)


@settings(max_examples=60, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.text(max_size=5) | st.integers(), st.lists, max_leaves=5))
def test_any_plain_value_either_answers_or_raises_our_error(value):
    try:
        answer = holds("x == x", {"x": value})
    except FleetError:
        return
    assert answer is True


def test_the_library_is_loaded_with_the_first_expression_only():
    code = "import sys, fleet.policy.cel; assert 'celpy' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
