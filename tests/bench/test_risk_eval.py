"""The figures of the risk evaluation, and whom SZZ blames."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

from risk.dataset import rows_of
from risk.evaluate import evaluated
from risk.figures import auc, recall_within
from risk.logistic import fit


class History:
    """A repository that is written commit by commit, a day apart."""

    def __init__(self, at: Path) -> None:
        self.at, self.day = at, 0
        self._git("init", "-q", "-b", "main")

    def commit(self, message: str, **files: str) -> str:
        for name, text in files.items():
            (self.at / f"{name}.py").write_text(text)
        self.day += 1
        when = f"{1_700_000_000 + self.day * 86_400} +0000"
        self._git("add", "-A")
        self._git("commit", "-q", "--allow-empty", "-m", message, when=when)
        return self._git("rev-parse", "HEAD").strip()

    def blamed(self) -> set[str]:
        return {row.sha for row in rows_of(self.at / ".git") if row.is_defective()}

    def _git(self, *args: str, when: str = "") -> str:
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.at)}
        environment |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
        author = ["-c", "user.name=ann", "-c", "user.email=ann@example.org"]
        environment = {name: value for name, value in environment.items() if value}
        done = subprocess.run(
            ["git", *author, *args], cwd=self.at, env=environment, check=True, capture_output=True, text=True
        )
        return done.stdout


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path)


def test_a_fix_blames_who_wrote_the_lines_that_it_takes_away(history: History) -> None:
    history.commit("Begin", a="one = 1\n")
    guilty = history.commit("Add two", a="one = 1\ntwo = 1\n")
    history.commit("Add three", a="one = 1\ntwo = 1\nthree = 3\n")
    history.commit("Fix a crash", a="one = 1\ntwo = 2\nthree = 3\n")
    assert history.blamed() == {guilty}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# a note\none = 1\n", "# another\none = 1\n"),  # a comment
        ("if x:\n    one = 1\n", "if x:\n        one = 1\n"),  # white space
        ("one = 1\n\n\n", "one = 1\n"),  # blank lines
    ],
)
def test_what_is_no_code_blames_nobody(history: History, before: str, after: str) -> None:
    history.commit("Begin", a=before)
    history.commit("Fix a crash", a=after)
    assert history.blamed() == set()


def test_what_mends_nothing_blames_nobody(history: History) -> None:
    history.commit("Begin", a="one = 1\n")
    history.commit("Say two", a="one = 2\n")
    assert history.blamed() == set()


def test_a_commit_is_described_by_what_was_known_before_it(history: History) -> None:
    history.commit("Begin", a="one = 1\n")
    history.commit("Fix a crash", a="one = 2\n")
    history.commit("Say three", a="one = 3\n")
    rows = rows_of(history.at / ".git")
    assert [row.features["fixes"] for row in rows] == [0, 0, 1]


def test_a_repository_is_evaluated_from_its_later_half(history: History) -> None:
    text = ""
    for number in range(12):
        text += f"line_{number} = {number}\n"
        history.commit(f"Add {number}", a=text)
        text = text.replace(f"line_{number} = {number}\n", f"line_{number} = {number + 1}\n")
        if number % 2:
            history.commit(f"Fix a crash in {number}", a=text)
    rows = rows_of(history.at / ".git")
    assert evaluated("shop", rows).changes == len(rows) - len(rows) // 2


def test_auc_is_the_share_of_pairs_in_the_right_order() -> None:
    assert auc([3, 2, 1], [True, False, False]) == 1
    assert auc([1, 1, 1], [True, False, False]) == 0.5
    assert auc([3, 1, 2, 0], [True, True, False, False]) == 0.75


def test_recall_is_what_is_met_within_the_lines_that_are_read() -> None:
    labels, lines = [True, True, False], [10, 80, 10]
    assert recall_within([3, 2, 1], labels, lines) == 0.5
    assert recall_within([1, 3, 2], labels, lines) == 0


def test_the_regression_finds_the_weights_that_made_the_labels() -> None:
    rows = [(x / 10, y / 10) for x in range(-20, 21) for y in range(-20, 21)]
    constant, first, second = fit(rows, [x > 0 for x, _ in rows], [1.0] * len(rows), ridge=5)
    assert first > 1
    assert abs(second) < 0.01
    assert abs(constant) < 0.5
