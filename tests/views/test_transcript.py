"""A transcript for people: readable lines whatever the harness printed."""

from __future__ import annotations

from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st

from fleet.adapters.harnesses.scripted import ScriptedHarness
from fleet.ports.harness import (
    Conversation,
    Finished,
    Message,
    Note,
    Retrying,
    ToolCalled,
    ToolReturned,
    Usage,
)
from fleet.ports.session import Record
from fleet.views.transcript import LONGEST_LINE, Transcript, lines_of

AT = 1_767_268_800_000


def lines(event) -> list[str]:
    return lines_of(event, AT, UTC)


def test_each_kind_of_event_has_a_sign_of_its_own():
    assert lines(Message("I look.")) == ["12:00:00  ● I look."]
    assert lines(ToolCalled("t1", "Bash", "git status", {})) == ["12:00:00  ▸ Bash: git status"]
    assert lines(ToolReturned("t1", True, "clean")) == ["12:00:00    ✓ clean"]
    assert lines(ToolReturned("t1", False, "")) == ["12:00:00    ✗ it failed"]
    assert lines(Retrying("529", 1500)) == ["12:00:00  … asks its model again in 1.5 s: 529"]
    assert lines(Note("odd")) == ["12:00:00  · odd"]
    assert lines(Conversation("abc", "small", "1")) == ["12:00:00  · conversation abc (small 1)"]
    assert lines(Finished(True, "all done", "", "ok")) == ["12:00:00  ■ finished: all done"]
    assert lines(Finished(False, "", "no login", "auth")) == ["12:00:00  ■ ended (auth): no login"]


def test_what_is_only_counted_is_not_shown():
    assert lines(Usage(1, 2)) == []


def test_further_lines_of_a_message_stand_below_its_first():
    assert lines(Message("one\n\ttwo\n")) == ["12:00:00  ● one", "                two"]


def test_a_message_cannot_move_the_cursor_or_retitle_the_terminal():
    shown = lines(Message("a\x1b[2Jb\x1b]0;pwned\x07c\rd\u202ee"))
    assert shown == ["12:00:00  ● a[2Jb]0;pwnedcde"]


def test_a_message_without_end_is_cut():
    shown = lines(Message("x" * 5000 + "\n" + "y\n" * 1000))
    assert len(shown) == 401
    assert max(map(len, shown)) < 2100


@given(st.text())
def test_any_text_becomes_lines_without_control_signs(text: str):
    for line in lines(Message(text)):
        assert all(ord(sign) >= 0x20 and not 0x7F <= ord(sign) < 0xA0 for sign in line)


def fed(*records: Record):
    return Transcript(ScriptedHarness().reader()).feed(records)


def test_records_become_entries():
    found = fed(
        Record(AT, "in", "the prompt", True),
        Record(AT, "out", '{"type": "message", "text": "hello"}', True),
        Record(AT + 5, "shim", "it reached its ceiling", True),
    )
    assert [(each.kind, each.text) for each in found] == [
        ("message", "hello"),
        ("note", "it reached its ceiling"),
    ]


def test_a_line_in_pieces_is_read_once_it_is_whole():
    transcript = Transcript(ScriptedHarness().reader())
    assert transcript.feed([Record(AT, "out", '{"type": "mess', False)]) == []
    assert transcript.feed([Record(AT, "err", "by the way", True)])[0].kind == "note"
    found = transcript.feed([Record(AT, "out", 'age", "text": "hello"}', True)])
    assert [each.text for each in found] == ["hello"]


def test_a_line_without_end_takes_bounded_memory():
    transcript = Transcript(ScriptedHarness().reader())
    for _ in range(3):
        transcript.feed([Record(AT, "out", "x" * LONGEST_LINE, False)])
    assert sum(map(len, transcript._parts["out"])) == LONGEST_LINE
