"""The line by which a program's turn is known to be over, whichever version wrote it."""

from __future__ import annotations

import json

import pytest

from fleet.shim.mark import Mark

RESULT = '{"type":"result"}'
PIECE = 64 * 1024


def seen(mark: str, line: str) -> bool:
    looked, text = Mark(mark), line.encode()
    for begin in range(0, len(text), PIECE):
        looked.look(text[begin : begin + PIECE], begin + PIECE >= len(text))
    return looked.seen


@pytest.mark.parametrize(
    "line",
    [
        '{"type":"result","subtype":"success"}',
        '{"usage":{"output_tokens":40},"result":"Done.","type":"result","ttft_ms":163}',
        '{ "type" : "result" }',
        json.dumps({"text": "é" * 200_000, "type": "result"}),
        json.dumps({"type": "result", "text": "x" * 2_000_000}),
        json.dumps({"text": "x" * 2_000_000, "type": "result"}),
    ],
    ids=("first", "in the middle", "with blanks", "in pieces", "too long, first", "too long, last"),
)
def test_a_document_that_has_the_mark_is_seen(line):
    assert seen(RESULT, line)


@pytest.mark.parametrize(
    "line",
    [
        '{"type":"assistant","input":{"type":"result"}}',
        json.dumps({"type": "user", "content": '{"type":"result"}'}),
        '{"type":"results"}',
        '{"kind":"type","result":1}',
        '{"type":"result"',
        '[{"type":"result"}]',
        'noise {"type":"result"}',
        "",
    ],
    ids=("within", "quoted", "longer", "apart", "half", "a list", "with noise", "empty"),
)
def test_what_only_looks_like_it_is_not(line):
    assert not seen(RESULT, line)


def test_a_mark_that_is_no_document_is_how_the_line_begins():
    assert seen('{"type": "result"', '{"type": "result", "ok": true}')
    assert seen("=== end", "=== end of work")
    assert not seen("=== end", "the === end")


def test_without_a_mark_no_line_is_the_last_one():
    assert not seen("", "anything")
