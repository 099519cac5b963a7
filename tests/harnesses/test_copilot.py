"""How what Copilot prints is read."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path

from fleet.adapters.harnesses.copilot_reader import CopilotReader
from fleet.ports.harness import Conversation

RUN = (Path(__file__).parent / "copilot_run.jsonl").read_text().splitlines()


def test_what_ended_before_it_was_told_anything_leaves_no_conversation_to_go_on_with():
    early = list(takewhile(lambda line: '"user.message"' not in line, RUN))
    reader = CopilotReader()
    assert [event for line in early for event in reader.feed("out", line)] == []
    told = reader.feed("out", RUN[len(early)])
    assert told == [Conversation("060eb8c0-4b8c-564b-8742-6071fd2b09b6", "", "")]
