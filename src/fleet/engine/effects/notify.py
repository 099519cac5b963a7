"""Tell people what waits for them."""

from __future__ import annotations

import asyncio

from fleet.engine.parts import Parts
from fleet.model import events
from fleet.model.channel import Channel
from fleet.model.errors import Permanent, Temporary
from fleet.model.event import Event
from fleet.model.state import State, Wish
from fleet.policy.fact import fact
from fleet.policy.message import message, of_checkpoint
from fleet.policy.vouch import CHECKPOINT

_ATTEMPTS = 6


async def notify(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """The event that it was told, also where that was not needed any more."""
    channel = next((each for each in parts.fleet.notify if each.name == wish.args["channel"]), None)
    if wish.args["about"] == CHECKPOINT:
        found: tuple[str, str] | None = _checkpoint(parts, state)
    else:
        found = message(parts.fleet, state, str(wish.args["about"]), int(wish.args["at"]))
    if channel is None or found is None:
        return [told(wish)]
    url = _address(parts, channel)
    try:
        await asyncio.get_running_loop().run_in_executor(parts.threads, parts.notifier.send, url, *found)
    except Temporary as error:
        if wish.attempt + 1 >= _ATTEMPTS:
            raise Permanent(error.what, why=error.why, do=error.do) from error
        raise
    return [told(wish)]


def _checkpoint(parts: Parts, state: State) -> tuple[str, str]:
    """The newest checkpoint, of which the last merge is a part."""
    size, line = parts.seals.newest() if parts.seals is not None else (0, "")
    if size < max(1, state.attested):
        raise Temporary("There is no checkpoint to tell yet", why="what happened last is just being signed")
    return of_checkpoint(parts.fleet, size, line)


def told(wish: Wish, error: str = "") -> Event:
    """It was told, or given up with this error."""
    data = {name: wish.args[name] for name in ("channel", "about", "at")}
    more = {"error": error} if error else {}
    return fact(events.PEOPLE_TOLD, {**data, **more}, cause=wish.cause)


def _address(parts: Parts, channel: Channel) -> str:
    if not channel.url.startswith("$"):
        return channel.url
    found = parts.environment.get(channel.url[1:], "")
    if not found:
        raise Permanent(
            f"Nobody can be told by {channel.url}",
            why="the watcher has no such variable",
            do="Set it where the watcher is started, and restart it.",
        )
    return found
