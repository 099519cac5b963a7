"""What the dashboard shows: agents, what waits, events; live, at any size, and whatever titles say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import fleet
from fleet.model import events

SOURCE = str(Path(fleet.__file__).parents[1])


def test_an_agent_at_work_is_shown_with_its_item_and_last_action(at_work):
    async def look(seat):
        line = next(line for line in seat.lines if "developer" in line)
        assert all(word in line for word in ("running", "#1", "edits shop/cart.py", "▱"))

    at_work.play(look)


def test_states_are_words_and_not_colours_alone(at_work):
    at_work.story.tell(events.AGENT_QUARANTINED, agent="tech-lead", reason="three failures", actor="fleet")

    async def look(seat):
        line = next(line for line in seat.lines if "tech-lead" in line)
        assert "⊘" in line
        assert "quarantined" in line
        assert "three failures" in line

    at_work.play(look)


def test_it_says_when_the_watcher_is_down(board):
    async def look(seat):
        assert "watcher down: fleet watcher start" in seat.lines[0]

    board.play(look)


def test_a_queued_run_is_shown_with_what_it_waits_for(at_work):
    at_work.story.issue("Another")

    async def look(seat):
        line = next(line for line in seat.lines if "r2" in line and "implement" in line)
        assert "has no free slot" in line

    at_work.play(look)


def test_the_next_try_is_shown_with_when_it_comes_and_what_went_wrong(at_work):
    at_work.story.end("r1", code=3, finish="")

    async def look(seat):
        line = next(line for line in seat.lines if "r2" in line and "implement" in line)
        assert "try 2" in line
        assert "again in" in line
        assert "r1 failed" in line
        await seat.sees("QUEUE  1  1 try again later")
        await seat.press("p")
        await seat.sees("RECORD", "1 run, 1 failed, 0 merged", "queued: backs off for")

    at_work.play(look, (110, 40))


def test_a_question_is_shown_with_its_card(merge_asked):
    async def look(seat):
        await seat.sees("! 1 needs you", "a1", "May this be merged?", "Lock out who guesses passwords")
        await seat.sees(
            "risk.score >= 60", "80 of 100", "✓ test passed", "✓ agent/tech-lead approves", "looks right"
        )

    merge_asked.play(look)


@pytest.mark.parametrize("size", [(80, 24), (160, 45), (40, 12)])
def test_it_fits_the_screen(merge_asked, size):
    async def look(seat):
        assert len(seat.lines) == size[1]
        assert "shop" in seat.lines[0]
        assert "enter open" in seat.lines[-1]

    merge_asked.play(look, size)


def test_what_another_process_appends_is_there_by_itself(board):
    async def look(seat):
        argv = [sys.executable, "-m", "fleet", "issue", "create", "Count stock in one place"]
        with subprocess.Popen(
            argv, env={**os.environ, "PYTHONPATH": SOURCE}, stdout=subprocess.DEVNULL
        ) as other:
            await seat.sees("Count stock in one place")
            other.wait(20)

    board.play(look)


HOSTILE = "[red]x[/] [@click=app.quit]go[/] \x1b[2J\x07 \u202eevil [/nothing"


def test_titles_are_never_taken_for_markup_or_control_characters(board):
    board.story.issue(HOSTILE)
    board.story.deliver("r1", text=HOSTILE)
    board.story.deliver("r2", "approve", HOSTILE)
    board.story.examine(score=80)

    async def look(seat):
        await seat.sees("[red]x[/] [@click=app.quit]go[/] [2J evil [/nothing")
        await seat.press("enter")
        await seat.sees("[red]x[/]", "esc back")
        assert not {sign for sign in seat.text if ord(sign) < 32 and sign != "\n"} | {"\u202e"} & set(
            seat.text
        )

    board.play(look, (200, 40))


def test_the_card_has_the_diff_of_the_change_with_the_risky_file_first(board):
    root, git = board.place.root, board.git
    git("checkout", "-q", "-b", "fleet/1-lock")
    (root / "auth").mkdir()
    (root / "auth" / "login.py").write_text("LIMIT = 5\n")
    (root / "about.txt").write_text("a shop\n")
    git("add", ".")
    git("commit", "-q", "-m", "Lock")
    head = git("rev-parse", "HEAD")
    git("checkout", "-q", "main")
    board.story.issue("Lock")
    board.story.start("r1")
    board.story.about("r1", events.RUN_REPORTED, verdict="done", text="locked")
    board.story.about("r1", events.RUN_EXITED, reason="exited", code=0, finish="ok")
    board.story.about("r1", events.RUN_COLLECTED, head=head, commits=1, dirty=[])
    board.story.tell(events.EFFECT_DONE, key="collect/r1")
    board.story.deliver("r2", "approve")
    board.story.examine(score=80)

    async def look(seat):
        await seat.sees("2 files  +2 −0")
        await seat.press("enter")
        await seat.sees("── auth/login.py", "+LIMIT = 5", "+a shop")
        assert seat.text.index("── auth/login.py") < seat.text.index("── about.txt")

    board.play(look, (100, 45))


def test_the_stream_shows_only_lines_with_the_words_asked_for(at_work):
    async def look(seat):
        await seat.press("shift+tab", "slash")
        await seat.write("opened CART")
        await seat.press("enter")
        await seat.sees("EVENTS", "/opened CART", "user/mia opened issue 1")
        assert "r1 started" not in seat.text
        await seat.press("escape")
        await seat.sees("r1 started")

    at_work.play(look)


def test_the_bookkeeping_is_shown_when_asked_for(at_work):
    async def look(seat):
        assert "wanted: start" not in seat.text
        await seat.press("shift+tab", "v")
        await seat.sees("wanted: start")

    at_work.play(look)


def test_an_event_leads_to_its_run(at_work):
    async def look(seat):
        await seat.press("shift+tab", "enter")
        await seat.sees("r1  developer  implement", "TRANSCRIPT")
        await seat.press("escape")
        await seat.sees("AGENTS")

    at_work.play(look)
