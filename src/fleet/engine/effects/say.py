"""Tell a live agent what a person said."""

from __future__ import annotations

import asyncio
from functools import partial

from fleet.engine.parts import Parts
from fleet.model import events
from fleet.model.event import Event
from fleet.model.state import State, Wish
from fleet.policy.fact import fact


async def say(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """The run's last action says whether the agent could be told."""
    run = state.runs[wish.args["run"]]
    harness = parts.harnesses.get(run.harness)
    line = harness.steer(str(wish.args["text"])) if harness else None
    told = False
    if line is not None and run.live:
        loop = asyncio.get_running_loop()
        told = await loop.run_in_executor(
            parts.threads, partial(parts.sessions.send, run.id, line, once=wish.key)
        )
    who = str(wish.args.get("by") or "a person")
    action = f"was told something by {who}" if told else f"could not be told what {who} said"
    said = wish.key.removeprefix("say/")
    data = {"run": run.id, "action": action, "ok": told, "told": told, "words": said}
    return [fact(events.RUN_ACTED, data, cause=wish.cause, story=run.instance)]
