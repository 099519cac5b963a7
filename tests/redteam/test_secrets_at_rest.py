"""Keys and tokens that an agent printed: once its run is over they lie nowhere below `.fleet`."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.conftest import APPROVES, BUDGET, Stage
from tests.engine.test_commands_as_agents import program, runs
from tests.redteam.test_secrets import DETECTOR, KEY, SECRETS, TOKEN

from fleet.adapters.harnesses.command_reader import CommandReader
from fleet.adapters.harnesses.gemini_reader import GeminiReader
from fleet.adapters.secrets import records as masking
from fleet.adapters.secrets.masked import MaskedReader
from fleet.adapters.sessions import rewriting
from fleet.engine.transcript import Transcript
from fleet.model import events
from fleet.model.fleet import Check, Fleet
from fleet.ports.harness import AgentEvent, Message, Note
from fleet.ports.session import Record
from fleet.views.transcript import lines_of
from fleet.wiring import harnesses, open_sessions

LINES = [line for line in KEY.splitlines() if "-----" not in line]
BODY = "MIIabc/+def"
PIECES = ("out", "err")


def said(records: Sequence[Record], stream: str) -> str:
    return "".join(each.text + "\n" * each.complete for each in records if each.stream == stream)


def masked(records: Sequence[Record]) -> list[Record]:
    found = list(DETECTOR.mask_records(records))
    assert len(found) == len(records)
    for old, new in zip(records, found, strict=True):
        assert (new.t, new.stream, new.complete) == (old.t, old.stream, old.complete)
        assert len(new.text) <= len(old.text)
        assert len(json.dumps(new.text)) <= len(json.dumps(old.text))
    assert list(DETECTOR.mask_records(found)) == found
    return found


def in_pieces(text: str, cuts: Sequence[int], stream: Any = "out") -> list[Record]:
    """The lines of a text, each in pieces that end at these places."""
    found = []
    for line in text.split("\n"):
        places = [0, *sorted({cut % (len(line) + 1) for cut in cuts}), len(line)]
        parts = [line[a:b] for a, b in pairwise(places)]
        found += [Record(1, stream, part, False) for part in parts[:-1]]
        found.append(Record(1, stream, parts[-1], True))
    return found


def interleaved(one: list[Record], other: list[Record]) -> Iterator[Record]:
    for place in range(max(len(one), len(other))):
        yield from (*one[place : place + 1], *other[place : place + 1])


@given(st.sampled_from(sorted(SECRETS)), st.lists(st.integers(0, 200), max_size=4))
def test_a_secret_is_masked_however_its_line_was_cut(kind, cuts):
    records = in_pieces(f"before {SECRETS[kind]} after", cuts)
    noise = in_pieces("something else\n" * 8, [3], "err")
    text = said(masked(list(interleaved(records, noise))), "out")
    assert "[secret" in text
    assert SECRETS[kind] not in text
    assert BODY not in text
    assert text.count("\n") == f"{SECRETS[kind]}\n".count("\n")


@given(st.sampled_from(sorted(SECRETS)), st.integers(0, 2), st.sampled_from(["", "\n", "ä\U0001f600\t\\"]))
def test_in_json_it_is_masked_with_all_its_escapes_and_json_it_stays(kind, depth, before):
    value: Any = {"text": f"{before}{SECRETS[kind]} {before} after", "n": 1}
    for _ in range(depth):
        value = {"output": json.dumps(value)}
    line = json.dumps(value).replace("/", "\\/").replace("gh", "\\u0067h")
    found = said(masked(in_pieces(line, [7])), "out")
    assert json.loads(found).keys() == value.keys()
    decoded = found
    for _ in range(4):
        decoded = decoded.replace("\\\\", "\\").replace("\\/", "/").replace("\\u0067", "g")
    assert "[secret" in found
    assert SECRETS[kind] not in decoded
    assert BODY not in decoded


@given(st.sampled_from(["GitHub Token", "Private Key", "Anthropic Key"]), st.integers(1, 60))
def test_what_came_in_pieces_over_several_records_is_masked_in_each(kind, size):
    secret = SECRETS[kind]
    parts = [secret[at : at + size] for at in range(0, len(secret), size)]
    lines = [
        json.dumps({"type": "message", "id": f"{at}", "role": "assistant", "content": part, "delta": True})
        for at, part in enumerate(["It is ", *parts, ", so."])
    ]
    found = masked([Record(1, "out", line, True) for line in lines])
    contents = [json.loads(each.text)["content"] for each in found]
    assert "".join(contents) == f"It is [secret: {kind}], so."
    reader = MaskedReader(GeminiReader(), DETECTOR)
    again = MaskedReader(GeminiReader(), DETECTOR)
    end = json.dumps({"type": "tool_use", "tool_name": "x", "tool_id": "1", "parameters": {}})
    first = [event for line in (*lines, end) for event in reader.feed("out", line)]
    second = [event for line in (*(each.text for each in found), end) for event in again.feed("out", line)]
    assert first == second
    assert first[0] == Message(f"It is [secret: {kind}], so.")


def test_a_key_of_many_lines_is_masked_also_while_it_is_printed():
    lines = ["before", *KEY.splitlines(), "after", KEY.splitlines()[0] + " cut off", '{"type": "x"}', "then"]
    reader = MaskedReader(CommandReader(), DETECTOR)
    live = [event.text for line in lines for event in reader.feed("err", line) if isinstance(event, Note)]
    assert live == [
        "before",
        "[secret: Private Key]",
        "after",
        "[secret: Private Key]",
        '{"type": "x"}',
        "then",
    ]
    assert reader.found
    assert BODY not in said(masked([Record(1, "err", line, True) for line in lines]), "err")


def test_the_end_of_a_key_whose_begin_was_cut_off_is_one():
    line = "A1b2C3d4" * 8
    assert DETECTOR.mask(f"x…{line[:3]}\n{line}\n{line}\nA1b2=\n-----END RSA PRIVATE KEY" + "-----, so") == (
        "x…A1b\n[secret: Private Key], so"
    )
    assert DETECTOR.mask("it ends with -----END RSA PRIVATE KEY" + "-----") == (
        "it ends with -----END RSA PRIVATE KEY" + "-----"
    )


class Shortens:
    """A reader that shows the last of a line."""

    def feed(self, _stream: str, line: str) -> list[AgentEvent]:
        return [Note(line[-30:])]


def test_a_secret_is_masked_before_a_text_is_shortened():
    (told,) = MaskedReader(Shortens(), DETECTOR).feed("out", f"the token is {TOKEN}")
    assert isinstance(told, Note)
    assert told.text == "the token is [secret: GitHub Token]"[-30:]


@pytest.mark.parametrize(
    "text", ['{"a": "b\\n", "c": ["d", 1]}', "plain: {not json", '{"a": "\\ud83d\\ude00"}', ""]
)
def test_what_holds_no_secret_stays_as_it_is(text):
    assert said(masked(in_pieces(text, [4])), "out") == f"{text}\n"


def test_what_is_too_much_to_be_looked_at_at_once_is_masked_as_well(monkeypatch):
    monkeypatch.setattr(masking, "_BLOCK", 400)
    monkeypatch.setattr(masking, "_OVERLAP", 200)
    key = [Record(1, "out", line, True) for line in KEY.splitlines()]
    filler = [Record(1, "out", "x" * 30, True)] * 20
    for shift in range(20):
        assert BODY not in said(list(DETECTOR.mask_records([*filler[:shift], *key, *filler])), "out"), shift


TELLS = """
import sys
key, token = sys.argv[1:]
sys.stdout.write('{"text": "' + key.replace("\\n", "\\\\n").replace("/", "\\\\/") + '"}\\n')
sys.stderr.write("before\\n" + key + "\\nafter\\n" + token)
"""


class Ended:
    """A session that has printed a key and a token, and what there is of it."""

    def __init__(self, runs: Any) -> None:
        runs.start(("python3", "-I", "-S", "-c", TELLS, KEY, TOKEN), stdin=f"the token is {TOKEN}\n")
        runs.end()
        self.sessions = runs.sessions
        self.folder: Path = runs.root / "r1"

    @property
    def size(self) -> int:
        return (self.folder / "transcript.jsonl").stat().st_size

    def rewrite(self) -> bool:
        return bool(self.sessions.rewrite("r1", DETECTOR.mask_records))

    def holds(self) -> list[str]:
        """The files in which a secret lies."""
        files = [path for path in self.folder.iterdir() if path.is_file()]
        texts = {path.name: path.read_text().replace("\\", "") for path in files}
        return sorted(name for name, text in texts.items() if TOKEN in text or BODY in text)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Ended]:
    from tests.sessions.conftest import Runs

    runs = Runs(tmp_path / "runs")
    yield Ended(runs)
    runs.sessions.close()


def test_a_transcript_is_masked_in_its_place_and_a_reader_reads_on(session: Ended):
    before, size = session.sessions.read("r1", 0)
    assert session.holds() == ["command.json", "transcript.jsonl"]
    assert session.rewrite()
    assert session.holds() == ["command.json"]  # its argv, which no harness puts a secret into
    after, end = session.sessions.read("r1", 0)
    assert (end, session.size) == (size, size)
    assert [(each.t, each.stream, each.complete) for each in after] == [
        (each.t, each.stream, each.complete) for each in before
    ]
    assert (session.folder / "transcript.jsonl").stat().st_mode & 0o777 == 0o600
    assert TOKEN not in json.loads((session.folder / "command.json").read_text())["stdin"]
    assert not session.rewrite()


@pytest.mark.parametrize("at", range(4))
def test_a_crash_leaves_all_or_nothing_and_it_is_done_again(session: Ended, at: int, monkeypatch):
    raw = (session.folder / "transcript.jsonl").read_bytes()
    left = [at]

    def fsync(_: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt  # as if it were killed here

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fsync)
        with pytest.raises(KeyboardInterrupt):
            session.rewrite()
    now = (session.folder / "transcript.jsonl").read_bytes()
    assert now == raw or (TOKEN.encode() not in now and len(now) == len(raw))
    session.rewrite()
    assert session.holds() == ["command.json"]
    assert not list(session.folder.glob(".*.draft"))


def test_without_room_for_a_copy_it_is_masked_where_it_lies(session: Ended, monkeypatch):
    def copy2(*_: object) -> None:
        raise OSError(28, "No space left on device")

    size = session.size
    monkeypatch.setattr(rewriting.shutil, "copy2", copy2)
    assert session.rewrite()
    assert (session.holds(), session.size) == (["command.json"], size)


def test_a_live_session_is_not_rewritten(tmp_path: Path):
    from tests.sessions.conftest import Runs

    runs = Runs(tmp_path / "runs")
    runs.shell(f"echo {TOKEN}; read x", keep_stdin=True)
    runs.hear(TOKEN)
    assert not runs.sessions.rewrite("r1", DETECTOR.mask_records)
    assert TOKEN in runs.said("r1")
    runs.sessions.close_input("r1")
    runs.end()
    runs.sessions.close()


TELLS_ALL = [
    {"say": f"I have {TOKEN}"},
    {"run": f"printf '%s\\n' '{KEY}'"},
    {"run": f"printf '%s\\n' '{KEY}' >&2; echo {TOKEN} >&2"},
    {"run": f"echo x > {TOKEN}.txt"},
    {"agent": ["emit", "probe", "--data", json.dumps({TOKEN: KEY})]},
]
ENDS = [
    {"run": "rm -f *.txt; echo a note > notes.txt"},
    {"commit": "Add a note"},
    {"agent": ["done", "-m", f"It is there; the token is {TOKEN}, the key {KEY}"]},
]
_OTHERS = ("scripts", "workspaces", "sandbox")
# It is the operator's own command, so no secret stands in it.
CHECK = (
    "echo -----BEGIN' RSA PRIVATE KEY'-----; echo MIIa'bc/+def'; echo -----END' RSA PRIVATE KEY'-----; "
    "echo ghp_$(printf a1B2%.0s 1 2 3 4 5 6 7 8 9); test -e ../again || { touch ../again; false; }"
)
ASKS = {"agent": ["ask", "-m", f"May I use {TOKEN}?"]}


def files_with_secrets(stage: Stage) -> list[str]:
    """Files below `.fleet` in which one lies, but for the scripts of the tests and what an agent wrote."""
    found = []
    tops = [path for path in stage.place.dot.iterdir() if path.name not in _OTHERS]
    for path in [each for top in tops for each in (top.rglob("*") if top.is_dir() else (top,))]:
        name = path.relative_to(stage.place.dot)
        if path.is_file():
            text = path.read_bytes().replace(b"\\", b"")
            if TOKEN.encode() in text or BODY.encode() in text:
                found.append(str(name))
    return found


def digests_hold(stage: Stage) -> bool:
    return all(
        event.data["transcript"]["sha256"]
        == hashlib.sha256(
            (stage.place.runs / event.data["run"] / "transcript.jsonl").read_bytes()
        ).hexdigest()
        for event in stage.events(events.RUN_EXITED)
    )


def test_after_a_run_no_file_has_one_and_the_log_has_the_digest_of_what_is_kept(stage: Stage):
    script = {"cases": [{"when": {"prompt": "Go on"}, "steps": ENDS}, {"steps": [*TELLS_ALL, ASKS]}]}
    fleet = stage.fleet(
        stage.agent("dev", "change", script, budget=BUDGET),
        stage.agent("lead", "review", APPROVES),
        checks=(Check("test", CHECK),),
    )
    stage.issue("Add a note")
    stage.watch(fleet)
    stage.approve("a1", "Go on.")
    stage.watch(fleet)
    results = [each for event in stage.events(events.CHANGE_CHECKED) for each in event.data["results"]]
    assert results[0]["output"].startswith("[secret: Private Key]\n[secret: GitHub Token]\n[it ended")
    assert files_with_secrets(stage) == []
    assert digests_hold(stage)


def test_what_a_program_printed_as_plain_text_is_masked_in_all_its_lines(stage: Stage):
    program(stage, "coder", f"#!/bin/sh\ncat >/dev/null\necho '{KEY}' | tee /dev/stderr\necho so: {TOKEN}\n")
    stage.issue("Add a note")
    stage.watch(stage.fleet(runs("change", ".fleet/coder"), attempts=1))
    (stage.place.dot / "coder").unlink()
    assert files_with_secrets(stage) == []
    acted = [event.data["action"] for event in stage.events(events.RUN_ACTED, run="r1")]
    assert acted == ["[secret: Private Key]", "so: [secret: GitHub Token]"]


def test_reading_it_again_after_it_was_masked_gives_the_same_events_and_the_same_screen(stage: Stage):
    fleet = stage.fleet(stage.agent("dev", "change", {"steps": [*TELLS_ALL, *ENDS]}, budget=BUDGET))
    stage.issue("Add a note")
    raw: list[Any] = []

    def take(_: Any) -> None:  # what was read of the raw one, in the log before it ended
        raw[:] = [event for event in stage.events() if event.id.startswith("r1.t.")]

    stage.watch(fleet, heard={events.RUN_EXITED: take})
    screen = (stage.place.runs / "r1" / "screen.txt").read_text()
    again = Reread(stage)
    assert [(event.id, event.type, event.data) for event in again.facts] == [
        (event.id, event.type, event.data) for event in raw
    ]
    assert (stage.place.runs / "r1" / "screen.txt").read_text() == screen


class Reread:
    """What a watcher reads that begins after the transcript was masked, and before the log knows that the run
    has ended.
    """

    def __init__(self, stage: Stage) -> None:
        parts = PartsToRead(stage)
        transcript = Transcript(parts, stage.state().runs["r1"])  # type: ignore[arg-type]
        self.facts: list[Any] = []
        more = True
        while more:
            found, more = transcript.read()
            self.facts += found
        self.facts.append(transcript.exit())
        parts.sessions.close()


class PartsToRead:
    """Of the engine's parts those that a transcript needs, all of them real."""

    def __init__(self, stage: Stage) -> None:
        self.sessions = open_sessions(stage.place)
        self.harnesses = harnesses()
        self.fleet = Fleet(name="shop")
        self.secrets = DETECTOR
        self.render = lines_of
        self._runs = stage.place.runs

    def masked(self, reader: Any) -> MaskedReader:
        return MaskedReader(reader, DETECTOR)

    def run_dir(self, run: str) -> Path:
        return self._runs / run
