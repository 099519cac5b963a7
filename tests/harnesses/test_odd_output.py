"""Output that no test has seen: other versions of a harness, records of kinds to come, half lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.harnesses.test_law import SUBJECTS

from fleet.ports.harness import AgentEvent, Finished, Note, Retrying, ToolCalled, ToolReturned, Usage
from fleet.testing.harness_law import Subject

READ = {name: each for name, each in SUBJECTS.items() if each.reports}
FEW = settings(max_examples=40, deadline=None)
KEYS = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12).map(lambda word: f"new_{word}")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)

every_harness = pytest.mark.parametrize("subject", READ.values(), ids=READ)


def read(subject: Subject, lines: Sequence[str], *, cut: str = "") -> list[AgentEvent]:
    reader = subject.make().reader()
    events = [event for line in lines for event in reader.feed("out", line)]
    return [*events, *reader.feed("out", cut)] if cut else events


def told(events: list[AgentEvent]) -> list[AgentEvent]:
    """What is more than a remark."""
    return [event for event in events if not isinstance(event, Note)]


def lines_of(subject: Subject) -> list[str]:
    return [line for _, line in subject.transcript]


@every_harness
@given(data=st.data())
@FEW
def test_records_of_a_kind_to_come_and_new_fields_change_nothing(subject, data):
    lines = lines_of(subject)
    draw = data.draw
    news = [json.dumps(record | {draw(KEYS): draw(VALUES)}) for record in map(json.loads, lines)]
    for _ in range(draw(st.integers(0, 3))):
        stranger = {"type": draw(KEYS), draw(KEYS): draw(VALUES)}
        news.insert(draw(st.integers(0, len(news))), json.dumps(stranger))
    assert told(read(subject, news)) == told(read(subject, lines))


@every_harness
@given(data=st.data())
@FEW
def test_a_run_that_breaks_off_is_never_taken_for_one_that_came_to_its_end(subject, data):
    lines = lines_of(subject)
    at = data.draw(st.integers(0, len(lines) - 1))
    cut = lines[at][: data.draw(st.integers(1, len(lines[at]) - 1))]
    whole, broken = read(subject, lines[:at]), read(subject, lines[:at], cut=cut)
    assert [end for end in ends(broken) if end.ok] == [end for end in ends(whole) if end.ok]
    assert [event for event in broken if isinstance(event, Usage)] == [
        event for event in whole if isinstance(event, Usage)
    ]


@every_harness
@given(data=st.data())
@FEW
def test_values_of_another_kind_anywhere_are_read_as_well_as_can_be(subject, data):
    draw = data.draw
    records = [json.loads(line) for line in lines_of(subject)]
    for _ in range(draw(st.integers(1, 6))):
        places = [place for number, each in enumerate(records) for place in spots(each, (number,))]
        *way, last = draw(st.sampled_from(places))
        target: Any = records
        for step in way:
            target = target[step]
        target[last] = draw(VALUES)
    lines = [json.dumps(each) for each in records]
    well_formed(read(subject, lines))


def ends(events: list[AgentEvent]) -> list[AgentEvent]:
    return [event for event in events if isinstance(event, Finished)]


def spots(value: Any, way: tuple) -> Iterator[tuple]:
    """Every place in a record, by the steps that lead to it."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in inside:
        yield (*way, step)
        yield from spots(each, (*way, step))


def well_formed(events: list[AgentEvent]) -> None:
    """What the engine, the log and the screens count on."""
    last = Usage()
    for event in events:
        match event:
            case Finished(ok=ok, kind=kind, error=error):
                assert ok == (kind == "ok") == (not error)
            case Usage():
                for part in fields(Usage):
                    if part.name not in ("by_model", "cost_micros"):
                        assert getattr(event, part.name) >= getattr(last, part.name)
                last = event
            case ToolCalled(summary=text) | ToolReturned(summary=text) | Note(text=text):
                assert len(text) <= 1000
                assert text.isprintable()
            case Retrying(wait_ms=wait):
                assert wait >= 0


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "claude-code",
            [
                '{"type":"result","subtype":"success","is_error":false,"num_turns":2,"result":"Hello.",'
                '"total_cost_usd":0,"usage":{"input_tokens":0,"output_tokens":0},"modelUsage":{}}'
            ],
        ),
        ("codex", ['{"type":"turn.completed"}', '{"type": "result", "ok": true}']),
        ("gemini", ['{"type":"result","status":"success","stats":{"total_tokens":0,"models":{}}}']),
    ],
)
def test_a_model_that_answers_and_tells_no_tokens_has_no_known_cost(name, lines):
    reader = READ[name].make().reader()
    last = [event for line in lines for event in reader.feed("out", line) if isinstance(event, Usage)][-1]
    assert last.turns >= 1
    assert last.cost_micros is None
    assert last.input_tokens == last.output_tokens == 0


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "claude-code",
            [
                '{"type":"result","subtype":"success","is_error":true,'
                '"result":"API Error: 402 Payment required"}'
            ],
        ),
        (
            "codex",
            [
                '{"type":"turn.failed","error":'
                '{"message":"unexpected status 402 Payment Required: no more credit, url: x"}}'
            ],
        ),
        (
            "gemini",
            ['{"type":"result","status":"error","error":{"type":"Error","message":"got status: 402. Pay."}}'],
        ),
        (
            "opencode",
            ['{"type":"error","error":{"name":"APIError","data":{"message":"Pay.","statusCode":402}}}'],
        ),
        (
            "opencode",
            [
                '{"type":"error","error":{"name":"APIError","data":{"statusCode":400,'
                '"message":"Your credit balance is too low"}}}'
            ],
        ),
        (
            "copilot",
            [
                '{"type":"session.error","data":{"message":"400 Your credit balance is too low"}}',
                '{"type":"result","exitCode":1}',
            ],
        ),
        (
            "copilot",
            [
                '{"type":"session.error","data":{"message":"402 Pay.","statusCode":402}}',
                '{"type":"result","exitCode":1}',
            ],
        ),
    ],
)
def test_credit_that_is_used_up_is_for_a_person_and_not_for_another_try(name, lines):
    reader = READ[name].make().reader()
    (end,) = [event for line in lines for event in reader.feed("out", line) if isinstance(event, Finished)]
    assert end.kind == "auth"
