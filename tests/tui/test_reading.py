"""A run's page: its transcript, readable, folded and followed."""

from __future__ import annotations

import json
import os
import select
from collections.abc import Iterator

import pytest

from fleet.adapters.sessions.shim_sessions import ShimSessions
from fleet.model import events
from fleet.ports.session import Command
from fleet.surfaces.tui.look import plain
from fleet.surfaces.tui.patch import patch_lines
from fleet.surfaces.tui.transcript import Scroll
from fleet.views.transcript import Entry
from fleet.wiring import open_sessions


@pytest.fixture
def sessions(board) -> Iterator[ShimSessions]:
    opened = open_sessions(board.place)
    yield opened
    for key in opened.keys():  # noqa: SIM118  # no mapping
        opened.stop(key, "the test is over")
        watch = opened.watch(key)
        if watch is not None:
            assert select.select([watch], [], [], 30)[0]
            os.close(watch)
    opened.close()


def said(text: str) -> str:
    return json.dumps({"type": "message", "text": text})


def test_a_transcript_is_opened_by_enter_and_followed(board, sessions, tmp_path):
    go = tmp_path / "go"
    os.mkfifo(go)
    script = f"echo '{said('hello [b]there[/b]')}'; read -r _ < '{go}'; echo '{said('and goodbye')}'"
    board.story.issue()
    env = {"PATH": os.environ["PATH"]}
    sessions.start("r1", Command(("/bin/sh", "-c", script), env, str(board.place.root), grace_seconds=0.2))
    board.story.start("r1")

    async def look(seat):
        await seat.press("enter")
        await seat.sees("r1  developer  implement", "● hello [b]there[/b]", "follows what comes")
        go.write_text("on\n")
        board.story.about("r1", events.RUN_ACTED, action="says goodbye")
        await seat.sees("● and goodbye")

    board.play(look)


def test_a_run_without_a_session_says_that_nothing_was_said(at_work):
    async def look(seat):
        await seat.press("enter")
        await seat.sees("TRANSCRIPT", "esc back")

    at_work.play(look)


def shown(scroll: Scroll) -> list[str]:
    return [plain(row.line)[10:].strip() for row in scroll.rows]


def test_long_results_are_folded_until_they_are_opened():
    scroll = Scroll()
    scroll.add(
        [Entry(0, "tool", "Bash: make"), Entry(0, "result", "\n".join(f"line {n}" for n in range(9)))], 80
    )
    assert shown(scroll)[-1] == "… 5 more lines: space"
    scroll.fold(scroll.rows[-1].key)
    assert shown(scroll)[-1] == "line 8"
    scroll.fold(scroll.rows[-1].key)
    assert shown(scroll)[-1] == "… 5 more lines: space"


def test_a_diff_in_a_result_has_its_signs_and_colours():
    scroll = Scroll()
    scroll.add([Entry(0, "result", "@@ -1 +1 @@\n-old\n+new")], 80)
    assert [row.line[-1] for row in scroll.rows] == [
        ("@@ -1 +1 @@", "place"),
        ("-old", "bad"),
        ("+new", "good"),
    ]


def test_control_characters_of_a_patch_do_not_reach_the_screen():
    patch = "diff --git a/x\x1b b/x\x1b\n--- a/x\x1b\n+++ b/x\x1b\n@@ -0,0 +1 @@\n+\x1b[2Jgone\u202e\n"
    text = "".join(plain(line) for line in patch_lines(patch, ["x"], 60))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "+[2Jgone" in text
