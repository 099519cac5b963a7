"""The first risk score: what raises it, each factor with its reason."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.policy.risk import Touched, assess


def _factors(*files: Touched) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in assess(files)["factors"]}


FILES = st.lists(
    st.builds(
        Touched,
        path=st.sampled_from(
            ["a.py", "src/a.py", "tests/test_a.py", "auth/x.go", ".github/ci.yml", "fleet.yaml"]
        ),
        added=st.integers(0, 100_000),
        deleted=st.integers(0, 100_000),
        binary=st.booleans(),
        status=st.sampled_from("AMD"),
        commits=st.integers(0, 500),
    ),
    max_size=8,
)


@given(FILES)
def test_a_score_is_between_0_and_100_and_no_less_than_explained(files: list[Touched]) -> None:
    found = assess(files)
    assert 0 <= found["score"] <= 100
    assert found["score"] == min(100, sum(each["points"] for each in found["factors"]))
    assert all(each["points"] > 0 and each["reason"] for each in found["factors"])


@given(FILES)
def test_the_same_change_has_the_same_risk(files: list[Touched]) -> None:
    assert assess(files) == assess(files)


@given(FILES)
def test_the_heaviest_factor_is_named_first(files: list[Touched]) -> None:
    points = [each["points"] for each in assess(files)["factors"]]
    assert points == sorted(points, reverse=True)


def test_a_change_of_nothing_has_no_risk() -> None:
    assert assess([])["score"] == 0


def test_more_lines_are_more_risk() -> None:
    sizes = [_factors(Touched("a.txt", added, 0))["size"]["points"] for added in (20, 200, 2000)]
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("fleet.yaml", "rules of the fleet itself"),
        ("sub/CODEOWNERS", "rules of the fleet itself"),
        (".claude/agents/dev.md", "rules of the fleet itself"),
        (".github/workflows/ci.yml", "CI configuration"),
        ("src/auth/check.py", "authentication or secrets"),
        ("db/migrations/1.py", "database schema"),
        ("x.sql", "database schema"),
        ("Dockerfile", "build or deployment"),
        ("pyproject.toml", "dependencies"),
        ("web/package-lock.json", "dependencies"),
    ],
)
def test_what_is_touched_where_mistakes_are_dear_is_named(path: str, reason: str) -> None:
    assert _factors(Touched(path, 1, 0))["sensitive"]["reason"] == f"{path}: {reason}"


@pytest.mark.parametrize("path", ["src/tokenizer_notes.md/x", "docs/authors.md"])
def test_a_plain_text_is_not_held_for_a_secret_by_chance(path: str) -> None:
    assert _factors(Touched(path, 1, 0)).get("size", {}).get("points", 0) <= 1


def test_code_without_tests_is_named() -> None:
    assert "untested" in _factors(Touched("a.py", 50, 0))
    assert "untested" not in _factors(Touched("a.py", 50, 0), Touched("tests/test_a.py", 5, 0))
    assert "untested" not in _factors(Touched("a.md", 50, 0))


def test_tests_that_go_are_named() -> None:
    gone = _factors(Touched("tests/test_a.py", 0, 40, status="D"))
    assert gone["tests removed"]["reason"] == "tests/test_a.py was deleted"
    assert "tests removed" in _factors(Touched("tests/test_a.py", 0, 40))


@pytest.mark.parametrize("odd", [{"binary": True}, {"mode": "120000"}, {"mode": "160000"}])
def test_what_cannot_be_read_in_a_diff_is_named(odd: dict[str, Any]) -> None:
    assert "unreadable" in _factors(Touched("a", 1, 0, **odd))


def test_a_file_that_everybody_changes_is_named() -> None:
    reason = _factors(Touched("a.py", 1, 0, commits=40, authors=3))["busy files"]["reason"]
    assert reason == "a.py was changed 40 times by 3 people lately"


def test_a_change_all_over_the_place_is_riskier_than_one_in_one_place() -> None:
    spread = [Touched(f"{folder}/x.txt", 10, 0) for folder in "abcdef"]
    assert assess(spread)["score"] > assess([Touched("a/x.txt", 60, 0)])["score"]
