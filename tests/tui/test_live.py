"""The state behind the screen: frames that are few however much happens, and nothing lost on the way."""

from __future__ import annotations

import asyncio
import time

from fleet.model.event import Event
from fleet.surfaces.tui.live import Live
from fleet.wiring import clock, load_fleet, watcher_status


def follow(board, play):
    """The frames that were drawn while `play` was at work, and until all was told."""
    frames: list[list[Event]] = []

    async def run() -> None:
        live = Live(board.log, lambda: load_fleet(board.place), lambda: watcher_status(board.place), clock)
        live.load()
        first = live.state.seq
        live.open(frames.append)
        await asyncio.to_thread(play)
        end = time.monotonic() + 20
        while live.state.seq < board.log.head().seq:
            assert time.monotonic() < end
            await asyncio.sleep(0)
        live.close()
        told = [event.seq for frame in frames for event in frame]
        assert told == list(range(first + 1, live.state.seq + 1))

    asyncio.run(run())
    return frames


def test_a_storm_of_events_is_drawn_in_few_frames_and_each_event_is_told_once(board):
    def storm() -> None:
        for number in range(300):
            board.log.append([Event("x.y", {"n": number})])

    began = time.monotonic()
    frames = follow(board, storm)
    assert len(frames) <= (time.monotonic() - began) * 10 + 3


def test_a_long_log_is_caught_up_with(board):
    frames = follow(board, lambda: board.log.append([Event("x.y", {"n": number}) for number in range(2500)]))
    assert sum(len(frame) for frame in frames) == 2500
