"""CODEOWNERS as GitHub reads it."""

from __future__ import annotations

import pytest

from fleet.policy.codeowners import owners_of, ownership, read


@pytest.mark.parametrize(
    ("pattern", "owned", "not_owned"),
    [
        ("*", ["a", "a/b/c.js", ".x"], []),
        ("*.js", ["a.js", "a/b.js", "a.js/b"], ["a.jsx", "js"]),
        ("/build/logs/", ["build/logs/a", "build/logs/a/b"], ["build/logs", "x/build/logs/a"]),
        ("docs/*", ["docs/a.md"], ["docs/a/b.md", "x/docs/a.md"]),
        ("apps/", ["apps/a", "x/apps/y/z"], ["apps", "myapps/a"]),
        ("/docs/", ["docs/a", "docs/b/c"], ["x/docs/a"]),
        ("/scripts", ["scripts", "scripts/a/b"], ["x/scripts", "scripts2"]),
        ("**/logs", ["logs", "build/logs", "a/b/logs/c"], ["logs2"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["ab", "x/a/b"]),
        ("src/**", ["src/a", "src/a/b"], ["src2/a", "x/src/a"]),
        ("/apps/github", ["apps/github", "apps/github/a"], ["apps/githubs"]),
        ("a?c.md", ["abc.md", "x/a1c.md"], ["a/c.md", "abbc.md"]),
        (r"with\ space/", ["with space/a"], ["with/a"]),
        ("a+b.(txt)", ["a+b.(txt)"], ["aab.txt"]),
        ("/", [], ["a"]),
    ],
)
def test_a_pattern_owns_these_files_and_not_those(pattern, owned, not_owned):
    rules = read(f"{pattern} @ann")
    assert [path for path in owned if not owners_of(rules, path)] == []
    assert [path for path in not_owned if owners_of(rules, path)] == []


def test_the_last_line_that_matches_counts_and_one_without_owners_takes_them_away():
    rules = read("* @ann\n/docs/ @bob @acme/writers # the book\n\n# a remark\n/docs/gen/\n")
    assert owners_of(rules, "a.py") == ("@ann",)
    assert owners_of(rules, "docs/a.md") == ("@bob", "@acme/writers")
    assert owners_of(rules, "docs/gen/a.md") == ()


@pytest.mark.parametrize(
    "line", ["!*.js @ann", "[ab].js @ann", r"\#a @ann", "*.js ann", "*.js @ann/", "a***b @ann"]
)
def test_a_line_that_github_does_not_read_is_left_out(line):
    assert read(line) == ()


def test_files_are_gathered_by_their_owners():
    rules = read("*.py @ann\n*.md bob@example.org\n")
    assert ownership(rules, ["a.py", "b.py", "c.md", "d.txt"]) == [
        {"owners": ["@ann"], "path": "a.py", "files": 2},
        {"owners": ["bob@example.org"], "path": "c.md", "files": 1},
    ]
