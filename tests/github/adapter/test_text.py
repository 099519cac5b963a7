"""Texts that come from GitHub or go there: answers, marks, commands, diffs, logs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.adapters.forges.github.checks import excerpt
from fleet.adapters.forges.github.commands import Command, read_commands
from fleet.adapters.forges.github.diff_lines import shown_lines
from fleet.adapters.forges.github.marks import mark_of, marked, same_text
from fleet.adapters.forges.github.reply import next_path, read_reply


def test_an_answer_is_taken_apart() -> None:
    reply = read_reply(b'HTTP/2.0 200 OK\nEtag: W/"a"\r\nDate: Mon, 02 Feb 2026 12:00:00 GMT\r\n\r\n[1]')

    assert reply is not None
    assert (reply.status, reply.headers["etag"], reply.json()) == (200, 'W/"a"', [1])
    assert reply.date_ms == 1_770_033_600_000


def test_what_is_no_answer_is_none() -> None:
    assert read_reply(b"") is None
    assert read_reply(b"gh: something else") is None


@given(st.binary(max_size=300))
def test_no_answer_is_too_strange(body: bytes) -> None:
    reply = read_reply(b"HTTP/1.1 403 Forbidden\nX: y\r\n\r\n" + body)

    assert reply is not None
    assert reply.body == body
    assert isinstance(reply.words, str)


def test_words_of_an_error_are_its_message_and_what_is_wrong() -> None:
    body = b'{"message":"Validation Failed","errors":[{"resource":"Label","code":"already_exists"},"No."]}'
    reply = read_reply(b"HTTP/1.1 422 X\nA: b\r\n\r\n" + body)

    assert reply is not None
    assert reply.words == "Validation Failed; Label already_exists; No."


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ('<https://api.github.com/x/7?page=2&a=1>; rel="next", <x>; rel="last"', "x/7?page=2&a=1"),
        ('<https://ghe.example.org/api/v3/repos/a/b/x?after=Zz>; rel="next"', "repos/a/b/x?after=Zz"),
        ('<https://api.github.com/x?page=1>; rel="prev"', ""),
        ('<https://evil.example.org/steal>; rel="next"', "steal"),
        ("", ""),
    ],
)  # fmt: skip
def test_the_next_page_is_a_path_and_never_a_host(link: str, path: str) -> None:
    assert next_path(link) == path


@given(st.text(max_size=200), st.text(alphabet="abc-:/#1", min_size=1, max_size=20))
def test_a_marked_text_tells_its_mark_and_no_other(text: str, mark: str) -> None:
    assert mark_of(marked(text, mark)) == mark_of(marked("", mark))
    assert mark_of(marked(text, mark)) != ""


@given(st.text(max_size=60))
def test_a_mark_inside_a_text_has_no_meaning(text: str) -> None:
    inner = marked(text, "inner")

    assert marked(inner, "outer").count("<!-- fleet:") == 1


def test_a_quoted_mark_is_none() -> None:
    assert mark_of("> <!-- fleet:status -->\nNot my words.") == ""


def test_a_long_text_is_cut_to_what_github_takes() -> None:
    text = marked("x" * 100_000, "m")

    assert len(text) < 65_000
    assert mark_of(text) == "m"


def test_line_ends_make_no_difference() -> None:
    assert same_text("a\r\nb\n", "a\nb")


def test_a_command_takes_what_follows_it() -> None:
    said = read_commands("Well.\r\n/fleet Reject this\nbecause of that\n/fleet stop\n")

    assert said.text == "Well."
    assert said.commands == (Command("reject", "this\nbecause of that"), Command("stop", ""))


@pytest.mark.parametrize(
    "body",
    [
        "> /fleet approve",
        "```\n/fleet approve\n```",
        "see /fleet approve",
        "/fleets approve",
        "/fleetapprove",
    ],
)
def test_what_is_quoted_or_told_of_is_no_command(body: str) -> None:
    assert read_commands(body).commands == ()


@given(st.text(max_size=200))
def test_no_comment_is_too_strange(body: str) -> None:
    said = read_commands(body)

    assert len(said.commands) <= 10


def test_the_lines_of_a_diff_are_those_on_its_right_side() -> None:
    patch = "@@ -1,3 +1,4 @@\n one\n-two\n+2\n+3\n four\n@@ -10 +12,2 @@ def f\n ten\n+eleven\n\\ No newline"

    assert shown_lines(patch) == {1, 2, 3, 4, 12, 13}


def test_an_excerpt_of_a_log_ends_with_its_error() -> None:
    lines = [f"2026-01-01T00:00:00.000Z line {n}" for n in range(100)]
    lines += [
        "2026-01-01T00:00:00.000Z \x1b[31m##[error]It broke\x1b[0m",
        "2026-01-01T00:00:00.000Z Cleaning up",
    ]

    shown = excerpt("\r\n".join(lines)).split("\n")

    assert shown[-1] == "error: It broke"
    assert len(shown) == 40
