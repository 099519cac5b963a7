"""Start a run: its workspace, its harness, its session. A session that was started before is found, not
repeated.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
from contextlib import closing
from dataclasses import dataclass
from shutil import disk_usage

from fleet.engine.effects.stop import QUARANTINE, end_session
from fleet.engine.environment import base_environment, session_environment, users_environment
from fleet.engine.fit import demand_fit
from fleet.engine.parts import Ground, Parts
from fleet.engine.rooms import UNCONFINED, room_of, sandbox_of, with_harness
from fleet.engine.setup import set_up
from fleet.engine.tokens import token_of
from fleet.model import events
from fleet.model.errors import FleetError, Permanent, Temporary
from fleet.model.event import Event
from fleet.model.fleet import Agent
from fleet.model.state import Run, State, Wish
from fleet.policy.brief import prompt, system_prompt
from fleet.policy.fact import fact
from fleet.policy.workflow import base_branch
from fleet.ports.harness import Launch, Permitting, Plan
from fleet.ports.sandbox import SIGNALS_FROM
from fleet.ports.session import Command, Started

GRACE_SECONDS = 10.0
_BACKLOG = 64  # calls that arrive at once
_NOTE = "sandbox"
_LEAST_FREE = 4 << 20
"""Bytes of the disk below which nothing begins: it would fail, and use up attempts."""
_HOOK_SECONDS = 60  # beyond what a person has for an answer


@dataclass(frozen=True, slots=True)
class _Order:
    """What the thread needs of the state, taken while nothing changes."""

    run: Run
    agent: Agent
    prompt: str
    system_prompt: str
    item: str
    repo: str


@dataclass(frozen=True, slots=True)
class _Room:
    """Where a run begins: its workspace at `head`, and the base's commit then."""

    ground: Ground
    workspace: str
    head: str
    base: str


async def start(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """Events: the run has started, and where the base branch was then."""
    run = state.runs[wish.args["run"]]
    agent = parts.fleet.agent(run.agent)
    if run.state != "starting":
        return []
    if agent is None:
        raise Permanent(f"{run.agent} is not in fleet.yaml any more")
    if run.workspace in parts.clearing:
        raise Temporary(f"{run.id} can't begin yet", why="its old workspace is just being cleared away")
    item = state.items.get(run.item)
    order = _Order(
        run,
        agent,
        prompt(parts.fleet, state, run),
        system_prompt(parts.fleet, agent, run),
        f"{run.item} {item.title}" if item else "",
        item.repo if item else "",
    )
    repo = item.repo if item else ""
    base = state.base_of(repo)
    loop = asyncio.get_running_loop()
    made = await loop.run_in_executor(parts.threads, _prepare, parts, order)
    if made is not None and (unwanted := await _made_ready(parts, state, made, order)):
        return unwanted
    started, sandbox = await loop.run_in_executor(parts.threads, _start, parts, order, made)
    if asked := state.runs[run.id].stop_kind:  # when there was no session to stop yet
        await end_session(parts, run.id, QUARANTINE if state.runs[run.id].at_once else asked)
    head, base_sha = (made.head, made.base) if made is not None else (run.head, "")
    facts = []
    if base_sha and base_sha != base:
        facts.append(
            fact(events.BASE_SEEN, {"sha": base_sha, "repo": repo}, cause=wish.cause, story=run.instance)
        )
    data = {
        "run": run.id,
        "pid": started.pid,
        "at": started.at,
        "head": head,
        "base": base_sha,
        "sandbox": sandbox,
        "digests": {
            "prompt": _digest(order.prompt),
            "system": _digest(order.system_prompt),
            "template": _digest(agent.prompt),
        },
    }
    return [*facts, fact(events.RUN_STARTED, data, cause=wish.cause, story=run.instance)]


async def _made_ready(parts: Parts, state: State, made: _Room, order: _Order) -> list[Event]:
    """Set up its workspace. Where it is asked to stop meanwhile: that it was not begun."""
    run = order.run
    if not state.runs[run.id].stop_reason:
        try:
            await set_up(parts, made.ground, made.workspace, made.head, order.agent.sandbox)
        except Permanent:
            if not state.runs[run.id].stop_reason:
                raise
    why = state.runs[run.id].stop_reason
    data = {"run": run.id, "reason": "not started", "error": f"it was stopped before it began: {why}"}
    return (
        [fact(events.RUN_EXITED, data | {"finish": ""}, cause=run.cause, story=run.instance)] if why else []
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _prepare(parts: Parts, order: _Order) -> _Room | None:
    """The workspace, ready to begin in; None where the session was started before."""
    run = order.run
    if parts.sessions.alive(run.id) or parts.sessions.exit(run.id) is not None:
        return None
    free = disk_usage(parts.runs).free
    if free < _LEAST_FREE:
        raise Temporary(f"{run.id} can't begin yet", why=f"the disk is full: {free >> 10} kB are free")
    ground = parts.ground(order.repo)
    base_sha = ground.base_sha()
    if ground.mirror is not None and run.change:
        ground.mirror.fetch_branch(run.branch)  # a person may have pushed to it
    head = run.head or base_sha
    workspace = ground.workspaces.prepare(
        run.workspace,
        start=head,
        branch=run.branch,
        base_name=base_branch(parts.fleet, order.repo),
        base_sha=base_sha,
        author_name=f"{run.agent} (fleet)",
        author_email=f"{run.agent}@fleet.invalid",
        reset=True,
    )
    return _Room(ground, str(workspace), head, base_sha)


def _start(parts: Parts, order: _Order, made: _Room | None) -> tuple[Started, str]:
    """The session, and the sandbox that it is in."""
    run = order.run
    if made is None:
        # Before a crash it was started, and a session is never started twice: this gives back what there is.
        return parts.sessions.start(run.id, Command(("false",), {}, str(parts.root))), _noted(parts, run.id)
    with closing(_door()) as door:
        return _started(parts, order, made, door)


def _door() -> socket.socket:
    """Where the run's calls to the gateway arrive: an address of its own, which its supervisor keeps,
    whatever becomes of the watcher.
    """
    door = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
    door.setblocking(False)
    return door


def _started(parts: Parts, order: _Order, made: _Room, door: socket.socket) -> tuple[Started, str]:
    run, sandbox = order.run, sandbox_of(parts, order.agent.sandbox)
    plan = _plan(parts, order, made.workspace, f"http://127.0.0.1:{door.getsockname()[1]}/mcp")
    env = session_environment(parts, order.run, plan, token_of(parts.secret, run.id), order.item)
    argv = plan.argv
    if sandbox is not None:
        room = room_of(parts, made.ground, made.workspace, order.agent.sandbox, env["PATH"])
        argv = sandbox.wrap(argv, with_harness(parts, room, plan, parts.run_dir(run.id) / "harness"))
    name = sandbox.name if sandbox else UNCONFINED
    (parts.run_dir(run.id) / _NOTE).write_text(name)
    command = Command(
        argv=argv,
        env=env,
        cwd=made.workspace,
        stdin=plan.stdin,
        keep_stdin=plan.keep_stdin,
        last_line=plan.last_line,
        seconds=max(1, -(-run.ceiling_ms // 1000)) if run.ceiling_ms else 0,
        grace_seconds=GRACE_SECONDS,
        signals_from=SIGNALS_FROM if sandbox else 0,
        gateway=str(parts.socket),
        door=door.fileno(),
    )
    started = parts.sessions.start(run.id, command)
    parts.spares.want(order.repo, made.ground.repository, made.ground.workspaces)
    return started, name


def _noted(parts: Parts, run: str) -> str:
    """The sandbox of a session that a watcher before this one started."""
    try:
        return (parts.run_dir(run) / _NOTE).read_text()
    except OSError:
        return UNCONFINED


def _plan(parts: Parts, order: _Order, workspace: str, gateway: str) -> Plan:
    run, agent = order.run, order.agent
    harness = parts.harnesses.get(run.harness)
    if harness is None:
        known = ", ".join(sorted(parts.harnesses))
        raise Permanent(f"There is no harness {run.harness!r}", why=f"there are: {known}")
    if agent.permissions and not (isinstance(harness, Permitting) and harness.permits):
        raise Permanent(
            f"{agent.name} has permissions, and {run.harness} can't be held to them",
            why="it asks nobody before it uses a tool",
            do="Take another harness for it (see docs/permissions.md), or leave its permissions out.",
        )
    demand_fit(harness, agent, base_environment(parts)["PATH"])
    folder = parts.run_dir(run.id) / "harness"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        plan = harness.plan(
            Launch(
                run=run.id,
                workspace=workspace,
                prompt=order.prompt,
                system_prompt=order.system_prompt,
                model=run.model,
                tools=agent.tools,
                conversation=run.conversation,
                cost_limit_micros=run.cost_limit,
                gateway_url=gateway,
                gateway_token=token_of(parts.secret, run.id),
                run_dir=str(folder),
                environment=users_environment(parts, order.run, order.item),
                options=dict(agent.options),
                root=str(parts.root),
                hook=parts.hook if agent.permissions else (),
                hook_seconds=agent.permissions.wait_ms // 1000 + _HOOK_SECONDS if agent.permissions else 0,
            )
        )
    except FleetError as error:
        raise Permanent(error.what, why=error.why, do=error.do) from error
    except Exception as error:  # the harness may be of another package
        raise Permanent(
            f"{run.harness} could not plan the run",
            why=f"{type(error).__name__}: {error}",
            do=f"Tell whoever made it: fleet harness test {run.harness}",
        ) from error
    for name, text in plan.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
    return plan
