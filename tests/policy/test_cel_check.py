"""Mistakes of conditions are told before they are asked, with their place; what passes can be told."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.config.conditions import OF_A_GATE, OF_AN_EVENT, condition_problem
from fleet.policy.cel import holds

RIGHT = [
    "risk.score >= 60",
    "'security' in item.labels || change.paths.exists(p, p.startsWith('billing/'))",
    "change.paths.filter(p, p.endsWith('.py')).size() > 3 && size(item.title) < 80",
    "budget.cost_used_micros * 2 > budget.cost_limit_micros",
    "risk.score in [1, 2] ? change.round > 1 : !(agent.name == 'dev')",
    "change.paths.map(p, p + 'x') == ['a'] || double(risk.score) / 2.0 > 3.5",
    "['docs/', 'api/'].all(d, change.paths.exists(p, p.startsWith(d)))",
    "change.paths.filter(p, p != 'a').exists(p, p in ['b'])",
    "type(now) == int && string(now) != ''",
    "has(risk.score) && item.labels[0].matches('^a')",
]
WRONG = [
    ("risk.scor > 1", "there is no risk.scor; did you mean 'risk.score'?", (1, 6)),
    ("rsk.score > 3", "there is no rsk; did you mean 'risk'?", (1, 1)),
    ("now > 1 && has(risk.nope)", "there is no risk.nope", (1, 21)),
    ("now > 1 && risk.score > 'a'", "a whole number and a text do not go together", (1, 12)),
    ("risk.score >= 60.5", "write whole numbers without a point", (1, 1)),
    ("change.paths.exists(p, p > 3)", "a text and a whole number do not go together", (1, 24)),
    ("change.paths.exists(p, p.startWith('x'))", "did you mean 'startsWith'?", (1, 26)),
    ("change.paths.exists(p)", "a name for each element, and what is asked of it", (1, 14)),
    ("3 in item.labels", "this is a whole number", (1, 1)),
    ("item.labels['a'] == 'x'", "this is a text", (1, 13)),
    ("agent.name == 'a' || agent.name", "this is a text", (1, 22)),
    ("!item.title", "this is a text", (1, 2)),
    ("-item.title == 'x'", "this is a text", (1, 2)),
    ("item.title.name == 'x'", "this is a text", (1, 12)),
    ("foo(3)", "there is no foo( )", (1, 1)),
    ("now ? true : false", "this is a whole number", (1, 1)),
    ("risk.score + 1", "it would come to a whole number", (1, 1)),
    ("change.paths", "it would come to a list of texts", (1, 1)),
    ("true &&\n  risk.score > 'x'", "do not go together", (2, 3)),
    (f"{'!' * 1500}true", "it is nested too deeply", (1, 1)),
    (f"{'(' * 500}true{')' * 500}", "it is nested too deeply", (1, 1)),
    (
        "change.paths.exists(p, item.labels.exists(l, p.startsWith(l)))",
        "as often as both lists are long",
        (1, 36),
    ),
    ("change.paths.filter(p, change.paths.all(q, p != q)).size() > 1", "multiplied", (1, 37)),
    ("risk.score >", "it can't be read at sign 12", (1, 12)),
]


@pytest.mark.parametrize("expression", RIGHT)
def test_what_is_right_has_no_mistake(expression: str) -> None:
    assert condition_problem(expression, OF_A_GATE) is None


@pytest.mark.parametrize(("expression", "hint", "place"), WRONG)
def test_what_is_wrong_is_told_with_its_place(expression: str, hint: str, place: tuple[int, int]) -> None:
    found = condition_problem(expression, OF_A_GATE)
    assert found is not None
    assert hint in found.hint
    assert (found.line, found.column) == place


def test_of_what_an_event_carries_nothing_is_known() -> None:
    assert condition_problem("event.data.a.b > 3 && event.data.list.exists(x, x == 'y')", OF_AN_EVENT) is None
    assert condition_problem("event.dat.a > 3", OF_AN_EVENT) is not None


VALUES = st.recursive(
    st.sampled_from(
        ["risk.score", "item.title", "change.paths", "now", "1", "2.5", "'a'", "true", "['a']", "[1]", "risk"]
    ),
    lambda inner: st.one_of(
        st.builds(
            "({} {} {})".format,
            inner,
            st.sampled_from(["==", "!=", "<", ">=", "+", "-", "*", "&&", "||", "in"]),
            inner,
        ),
        st.builds("!{}".format, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
        st.builds("size({})".format, inner),
        st.builds("{}.exists(x, x == {})".format, inner, inner),
        st.builds("{}.startsWith({})".format, inner, inner),
    ),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(VALUES)
def test_whatever_has_no_mistake_can_be_told(expression: str) -> None:
    if condition_problem(expression, OF_A_GATE) is None:
        assert holds(expression, OF_A_GATE) in (True, False)
