"""Checkpoints that are told to people: kept by them, they stand when all on this disk was rewritten."""

from __future__ import annotations

from fleet.model.channel import Channel
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import State
from fleet.policy.fact import wish
from fleet.policy.times import is_open, next_turn

CHECKPOINT = "checkpoint"
_DAY_MS = 86_400_000


def checkpoints_to_tell(fleet: Fleet, state: State) -> list[Event]:
    """Wishes to tell the channels that want them a checkpoint: after each merge, and once a day (UTC)."""
    decided = []
    for channel in _channels(fleet, state):
        key = f"{channel.name}/{CHECKPOINT}"
        if _is_due(state, channel) and not _is_quiet(state, channel) and f"notify/{key}" not in state.wishes:
            args = {"channel": channel.name, "about": CHECKPOINT, "at": state.now}
            decided.append(wish("notify", key, args, cause=""))
    return decided


def vouching_times(fleet: Fleet, state: State) -> list[int]:
    """When one has to be told though nothing happens (ms)."""
    times = []
    for channel in _channels(fleet, state):
        times.append((state.now // _DAY_MS + 1) * _DAY_MS)
        if channel.quiet is not None and _is_due(state, channel) and _is_quiet(state, channel):
            times.append(next_turn(channel.quiet, state.now))
    return times


def _channels(fleet: Fleet, state: State) -> list[Channel]:
    return [each for each in fleet.notify if CHECKPOINT in each.kinds] if state.sealing else []


def _is_due(state: State, channel: Channel) -> bool:
    last = state.vouched.get(channel.name, state.sealing)
    return last < max(state.attested_at, state.now // _DAY_MS * _DAY_MS)


def _is_quiet(state: State, channel: Channel) -> bool:
    return channel.quiet is not None and is_open(channel.quiet, state.now)
