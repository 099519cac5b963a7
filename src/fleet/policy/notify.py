"""Who has to be told of what waits for a person: each channel once, again when it is time for a reminder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fleet.model.channel import Channel
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.gates import Window
from fleet.model.state import State
from fleet.policy.fact import wish
from fleet.policy.folds.people import BUDGET, NEWS_MS
from fleet.policy.times import is_open, last_opening, next_opening, next_turn

DIGEST, QUARANTINE, DISK = "digest", "quarantine", "disk"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that waits for a person (an approval by its id, an agent's quarantine, the disk), or that
    people hear of before it stops anything: a budget. `at` is when it was last to be told: asked, reminded or
    escalated.
    """

    about: str
    kind: str
    at: int
    cause: str
    story: str = ""


def notices(state: State) -> Iterator[Notice]:
    """All that there is to tell now."""
    for name in state.asked:
        each = state.approvals[name]
        if not each.answer:
            at = max(each.asked, each.reminded, each.escalated)
            yield Notice(each.id, each.kind, at, each.cause, each.instance)
    for agent in state.agents.values():
        if agent.quarantined:
            yield Notice(f"{QUARANTINE}-{agent.name}", QUARANTINE, agent.since, agent.cause)
    if state.crowded:
        yield Notice(DISK, DISK, state.crowded_at, "")
    for name, warned in state.warnings.items():
        if state.now - warned.at < NEWS_MS:
            yield Notice(name, BUDGET, warned.at, warned.cause)


def people_to_tell(fleet: Fleet, state: State) -> list[Event]:
    """Wishes to tell a channel what it was not told yet."""
    decided = []
    for channel in fleet.notify:
        for notice in _untold(state, channel) if channel.digest < 0 else ():
            key = f"{channel.name}/{notice.about}/{notice.at}"
            if _is_quiet(channel, state.now) or f"notify/{key}" in state.wishes:
                continue
            args = {"channel": channel.name, "about": notice.about, "at": notice.at}
            decided.append(wish("notify", key, args, cause=notice.cause, story=notice.story))
    return decided


def digests_to_send(fleet: Fleet, state: State) -> list[Event]:
    """Wishes to send the summary of a day, at its time. The first one comes after the watcher first ran."""
    decided = []
    for channel in fleet.notify:
        if channel.digest < 0:
            continue
        due = last_opening(_times(channel), state.now)
        key = f"{channel.name}/{DIGEST}/{due}"
        if due <= state.digests.get(channel.name, state.started) or f"notify/{key}" in state.wishes:
            continue
        args = {"channel": channel.name, "about": DIGEST, "at": due}
        decided.append(wish("notify", key, args, cause=""))
    return decided


def telling_times(fleet: Fleet, state: State) -> list[int]:
    """When somebody has to be told though nothing happens (ms)."""
    times = []
    for channel in fleet.notify:
        if channel.digest >= 0:
            times.append(next_opening(_times(channel), state.now))
        elif channel.quiet is not None and _is_quiet(channel, state.now) and any(_untold(state, channel)):
            times.append(next_turn(channel.quiet, state.now))
    return times


def _untold(state: State, channel: Channel) -> Iterator[Notice]:
    for notice in notices(state):
        if channel.kinds and notice.kind not in channel.kinds:
            continue
        if state.told.get(notice.about, {}).get(channel.name, -1) < notice.at:
            yield notice


def _is_quiet(channel: Channel, now: int) -> bool:
    return channel.quiet is not None and is_open(channel.quiet, now)


def _times(channel: Channel) -> Window:
    """The minute of each day at which the summary is due."""
    return Window(start=channel.digest, end=(channel.digest + 1) % (24 * 60), zone=channel.zone)
