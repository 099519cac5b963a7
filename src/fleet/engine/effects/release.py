"""Tag what was merged, and tell on the forge what it is; in the local forge an annotated tag says both."""

from __future__ import annotations

import asyncio

from fleet.engine.effects.asked import still_open
from fleet.engine.effects.merge import FLEET
from fleet.engine.parts import Parts
from fleet.model import events
from fleet.model.event import Event
from fleet.model.state import State, Wish
from fleet.policy.fact import fact


async def release(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """The release, and so the end of its job. Made before a crash, it is found and told again."""
    instance, job = state.instances[str(wish.args["instance"])], str(wish.args["job"])
    change = state.changes[int(wish.args["change"])]
    if instance.outcome or instance.jobs[job].state != "waiting":
        return []  # nobody wants it any more
    still_open(parts, state, wish, ("release",), change)
    tag, commit = str(wish.args["tag"]), str(wish.args["commit"])

    def work() -> str:
        notes = str(wish.args["notes"])
        if parts.forge is not None and change.repo:
            return parts.forge.release(change.repo, tag=tag, commit=commit, notes=notes)
        repository = parts.ground(change.repo).repository
        repository.tag(tag, commit, message=notes or tag, author=FLEET, when_ms=wish.wanted)
        return ""

    url = await asyncio.get_running_loop().run_in_executor(parts.threads, work)
    made = {"change": change.id, "repo": change.repo, "tag": tag, "commit": commit, "url": url}
    done = {"instance": instance.id, "job": job, "outcome": "done", "head": change.head}
    about = {"instance": instance.id, "job": job}
    return [
        fact(events.RELEASE_MADE, about | made, cause=wish.cause, story=instance.id),
        fact(events.JOB_FINISHED, done, cause=wish.cause, story=instance.id),
    ]
