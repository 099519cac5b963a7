"""Run a command of the operator's, such as a deployment, with what was merged, in a workspace of its own.

It is a session like a check. What happens in it happens once: the session is named by the instance, the job
and which time it is, and one that has begun is waited for, however it ended. Whether to try again, or to take
it as done, is a person's decision.
"""

from __future__ import annotations

import asyncio

from fleet.engine.effects.asked import still_open
from fleet.engine.effects.merge import FLEET
from fleet.engine.effects.stop import QUARANTINE, end_session
from fleet.engine.ended import ended
from fleet.engine.environment import base_environment
from fleet.engine.parts import Ground, Parts
from fleet.engine.rooms import UNCONFINED, room_of, sandbox_of
from fleet.engine.said import last_words, mask_what_it_said
from fleet.engine.setup import set_up
from fleet.model import events
from fleet.model.errors import Permanent
from fleet.model.event import Event
from fleet.model.fleet import Order
from fleet.model.state import Change, State, Wish
from fleet.policy.ask import stuck
from fleet.policy.fact import fact
from fleet.policy.order import session_of
from fleet.policy.suspect import quarantine
from fleet.policy.taken import KIND as COMMAND
from fleet.policy.workflow import workflow_of
from fleet.ports.sandbox import SIGNALS_FROM, Sandbox
from fleet.ports.session import Command, Exit

_SAID = 2000


async def order(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """How the command ended, and so the end of its job, or the question whether to try again."""
    instance, job = state.instances[str(wish.args["instance"])], str(wish.args["job"])
    change, key = state.changes[int(wish.args["change"])], session_of(wish.args)
    loop = asyncio.get_running_loop()
    ground = parts.ground(change.repo)
    has_begun = await loop.run_in_executor(parts.threads, _has_begun, parts, key)
    sandbox = await loop.run_in_executor(parts.threads, sandbox_of, parts, parts.fleet.sandbox)
    workflow = workflow_of(parts.fleet, instance)
    declared = workflow.job(job) if workflow is not None else None
    wanted = declared.order if declared is not None else None
    if not has_begun:
        if instance.outcome or instance.jobs[job].state != "waiting":
            return []  # nobody wants it any more
        if wanted is None:
            raise Permanent(f"{job} has no command in fleet.yaml any more")
        still_open(parts, state, wish, (wanted.kind,), change)
        commit = str(wish.args["commit"])
        path = await loop.run_in_executor(parts.threads, _prepare, ground, change, key, commit)
        try:
            await set_up(parts, ground, path, commit, parts.fleet.sandbox)
        except Permanent:
            still_open(parts, state, wish, (wanted.kind,), change)  # who was put into quarantine was stopped
            raise
        still_open(parts, state, wish, (wanted.kind,), change)
        command = _command(parts, ground, sandbox, path, wanted, change)
        await loop.run_in_executor(parts.threads, parts.sessions.start, key, command)
    if quarantine(state, change):  # the order to stop may have come when there was nothing to stop yet
        await end_session(parts, key, QUARANTINE)
    found = await ended(parts, key)
    wish = state.wishes.get(wish.key, wish)  # with what was said of it meanwhile
    said = await loop.run_in_executor(parts.threads, last_words, parts, key)
    await loop.run_in_executor(parts.threads, mask_what_it_said, parts, key)
    if ground.workspaces.exists(key):
        await loop.run_in_executor(parts.threads, ground.workspaces.discard, key)
    ok = found.reason == "exited" and found.code == 0
    data = {
        "instance": instance.id,
        "job": job,
        "action": wish.args["action"],
        "change": change.id,
        "repo": change.repo,
        "commit": wish.args["commit"],
        "session": key,
        "ok": ok,
        "how": (how := _how(found, wish.stop_reason)),
        "output": said[-_SAID:],
        "ms": max(0, found.ended - found.started),
        "sandbox": sandbox.name if sandbox else UNCONFINED,
    }
    told = [fact(events.ORDER_ENDED, data, cause=wish.cause, story=instance.id)]
    if ok:
        done = {"instance": instance.id, "job": job, "outcome": "done", "head": change.head}
        return [*told, fact(events.JOB_FINISHED, done, cause=wish.cause, story=instance.id)]
    if instance.outcome:
        return told  # who gave it up wants to know how it came out, and is asked nothing
    why = f"{wish.args['action']} {how}. Look how far it came: run it once more, or take it as done"
    return [*told, *stuck(state, instance, job, COMMAND, why, number=state.approval_number + 1)]


def _has_begun(parts: Parts, key: str) -> bool:
    return parts.sessions.alive(key) or parts.sessions.exit(key) is not None


def _prepare(ground: Ground, change: Change, name: str, commit: str) -> str:
    base = ground.base_sha()  # a merge made on a forge is brought here by that
    if ground.workspaces.exists(name):  # a start that was cut off has left it
        ground.workspaces.discard(name)
    return str(
        ground.workspaces.prepare(
            name,
            start=commit,
            branch="fleet/order",
            base_name=change.base,
            base_sha=base,
            author_name=FLEET.name,
            author_email=FLEET.email,
        )
    )


def _command(
    parts: Parts, ground: Ground, sandbox: Sandbox | None, path: str, wanted: Order, change: Change
) -> Command:
    own = {name: parts.environment[name] for name in wanted.env if name in parts.environment}
    about = {"CI": "true", "FLEET_COMMIT": change.merged, "FLEET_CHANGE": str(change.id)}
    env = base_environment(parts) | about | own
    argv: tuple[str, ...] = ("sh", "-c", wanted.command)
    if sandbox is not None:
        argv = sandbox.wrap(argv, room_of(parts, ground, path, parts.fleet.sandbox, env["PATH"]))
    return Command(
        argv=argv,
        env=env,
        cwd=path,
        seconds=max(1, wanted.time_ms // 1000) if wanted.time_ms else 0,
        signals_from=SIGNALS_FROM if sandbox else 0,
    )


def _how(found: Exit, stopped: str) -> str:
    if found.reason == "exited" and found.code is not None:
        return f"ended with exit code {found.code}"
    if found.reason == "exited":
        return f"was ended by signal {found.signal}"
    if found.reason == "ceiling":
        return "was ended when its time was up"
    if found.reason == "spawn failed":
        return f"could not be started ({found.error})"
    if found.reason == QUARANTINE:
        return f"was stopped before its end: {stopped or 'quarantine'}"
    why = f"{found.reason} {found.error}".strip()
    return f"was cut off, and nobody can tell whether it was done ({why})"
