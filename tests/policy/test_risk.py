"""The risk score: what raises it, each factor with its reason."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.model.touched import Past, Touched
from fleet.policy.fixes import is_fix
from fleet.policy.risk.behaviour import Behaviour
from fleet.policy.risk.features import CONTROLS, GROUPS, features
from fleet.policy.risk.score import assess
from fleet.policy.risk.weights import WEIGHTS

KNOWN = Past(
    developers=3,
    last_changes=1,
    age_ms=20 * 86_400_000,
    commits=500,
    experience=100,
    recent=80.0,
    nearby=90,
)


def _factors(*files: Touched, **more: Any) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in assess(files, **more)["factors"]}


FILES = st.lists(
    st.builds(
        Touched,
        path=st.sampled_from(
            ["a.py", "src/a.py", "tests/test_a.py", "auth/x.go", ".github/workflows/ci.yml", "fleet.yaml"]
        ),
        added=st.integers(0, 100_000),
        deleted=st.integers(0, 100_000),
        binary=st.booleans(),
        status=st.sampled_from("AMD"),
        commits=st.integers(0, 500),
        fixes=st.integers(0, 100),
        lines=st.integers(0, 10_000),
    ),
    max_size=8,
)
PASTS = st.none() | st.builds(
    Past,
    developers=st.integers(0, 500),
    last_changes=st.integers(0, 50),
    age_ms=st.integers(0, 10**12),
    commits=st.integers(0, 100_000),
    experience=st.integers(0, 100_000),
    recent=st.floats(0, 1e5),
    nearby=st.integers(0, 100_000),
)


@given(FILES, PASTS, st.booleans())
def test_a_score_is_between_0_and_100_and_is_what_its_factors_come_to(
    files: list[Touched], past: Past | None, fix: bool
) -> None:
    found = assess(files, past, fix=fix)
    assert found["score"] == max(0, min(100, sum(each["points"] for each in found["factors"])))
    assert all(each["points"] and each["reason"] for each in found["factors"])


@given(FILES, PASTS)
def test_the_heaviest_factor_is_named_first(files: list[Touched], past: Past | None) -> None:
    points = [each["points"] for each in assess(files, past)["factors"]]
    assert points == sorted(points, reverse=True)


@given(FILES, PASTS)
def test_every_weight_has_a_figure_and_every_figure_is_used(files: list[Touched], past: Past | None) -> None:
    found = features(files, past or KNOWN, fix=False)
    assert set(found) == {name for name, _, _ in WEIGHTS} | set(CONTROLS)
    assert {name for name, _, _ in WEIGHTS} == set(GROUPS)


def test_a_change_of_nothing_has_no_risk() -> None:
    assert assess([])["score"] == 0


def test_more_code_is_more_risk() -> None:
    scores = [assess([Touched("a.py", added, 0)], KNOWN)["score"] for added in (2, 20, 200, 2000)]
    assert scores == sorted(set(scores))


def test_files_that_were_mended_often_are_more_risk() -> None:
    calm = Touched("a.py", 20, 5, commits=40, fixes=0, lines=300)
    sick = Touched("a.py", 20, 5, commits=40, fixes=25, lines=300)
    assert assess([sick], KNOWN)["score"] > assess([calm], KNOWN)["score"]


def test_code_without_a_test_is_named() -> None:
    reason = _factors(Touched("src/a.py", 80, 0), past=KNOWN)["untested"]["reason"]
    assert reason == "80 lines of code added and no test"


def test_nothing_is_said_of_a_past_that_is_not_known() -> None:
    assert {"history", "author"} & set(_factors(Touched("a.py", 500, 0))) == set()


@pytest.mark.parametrize(
    ("path", "factor"),
    [
        ("src/auth/session.py", "authentication"),
        ("db/migrations/0001_users.sql", "migration"),
        ("Dockerfile", "infrastructure"),
        ("pyproject.toml", "dependencies"),
        ("uv.lock", "dependencies"),
        ("fleet.yaml", "rules"),
        (".github/workflows/test.yml", "rules"),
        ("CODEOWNERS", "rules"),
        (".claude/agents/reviewer.md", "rules"),
    ],
)
def test_sensitive_files_have_a_factor_of_their_own(path: str, factor: str) -> None:
    assert path in _factors(Touched(path, 3, 1))[factor]["reason"]


def test_a_plain_file_has_none_of_them() -> None:
    plain = {"authentication", "migration", "infrastructure", "dependencies", "rules", "secrets"}
    assert plain & set(_factors(Touched("src/author.py", 3, 1))) == set()


@given(FILES, PASTS)
def test_what_rules_the_fleet_is_never_low_risk(files: list[Touched], past: Past | None) -> None:
    assert assess([*files, Touched("fleet.yaml", 1, 1)], past)["score"] >= 60


@given(FILES, PASTS)
def test_a_secret_is_never_low_risk(files: list[Touched], past: Past | None) -> None:
    assert assess(files, past, secrets=1)["score"] >= 80


def test_a_deleted_test_is_named() -> None:
    found = _factors(Touched("tests/test_a.py", 0, 40, status="D"))["tests removed"]
    assert found["reason"] == "tests/test_a.py was deleted"


@pytest.mark.parametrize("odd", [{"binary": True}, {"mode": "120000"}, {"mode": "160000"}])
def test_what_nobody_can_read_is_named(odd: dict[str, Any]) -> None:
    assert "unreadable" in _factors(Touched("lib/x", 0, 0, **odd))


def test_how_it_came_about_is_named() -> None:
    came = Behaviour(denied=2, rounds=3, retries=1, budget_used=0.9, level="high", why="4 runs failed")
    assert {"denied", "rounds", "retries", "budget", "agent"} <= set(
        _factors(Touched("a.py", 1, 0), behaviour=came)
    )


def test_a_run_without_trouble_adds_nothing() -> None:
    file = Touched("a.py", 1, 0)
    assert assess([file], behaviour=Behaviour()) == assess([file])


@pytest.mark.parametrize(
    ("message", "mends"),
    [
        ("Fix a crash when the list is empty", True),
        ("Handle empty lists\n\nFixes #12", True),
        ("fix: race condition in the cache", True),
        ("Fix typo in README", False),
        ("Fix flaky tests", False),
        ("Add a prefix option", False),
        ("Merge branch 'fix-crash'", False),
    ],
)
def test_a_fix_is_told_by_its_words(message: str, mends: bool) -> None:
    assert is_fix(message) is mends
