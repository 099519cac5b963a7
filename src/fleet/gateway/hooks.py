"""The gateway's side of a harness's hooks: each call of a tool is looked at before it is made, and noted when
it is back.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeAlias
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Mount, Route

from fleet.gateway.answers import Refused
from fleet.gateway.body import BadRequest, body_of
from fleet.gateway.calls import Told, resolve, told
from fleet.gateway.desk import Desk
from fleet.gateway.dialects import answer
from fleet.gateway.strangers import Refused as Refusal
from fleet.gateway.strangers import asking
from fleet.gateway.tokens import bearer
from fleet.model import events
from fleet.model.errors import FleetError
from fleet.model.event import Event
from fleet.model.permissions import Call, Permissions, Ruling
from fleet.model.state import Run
from fleet.model.text import clean
from fleet.policy.always import offer_for
from fleet.policy.held import answer_to
from fleet.policy.permit import rule_on

_BYTES = 1_000_000
_LOOK_SECONDS = 0.1  # how often a call that waits asks whether somebody has answered
_BEGUN = 2000
_HOOK = re.compile(r"[0-9-]{1,40}")


_NAMES, _NAME = ("tool_name", "toolName"), 100

Rules: TypeAlias = tuple[Permissions, str, str]
"""What a run's agent may do, its workspace and the home."""


class Guard(Desk, Protocol):
    """A desk that knows what the agents of runs may do."""

    def rules(self, run_id: str) -> Rules | None:
        """What the run's agent goes by; None for one that may do everything."""
        ...

    def now(self) -> int:
        """The time now, in ms since the epoch."""
        ...


def command() -> tuple[str, ...]:
    """The program that harnesses start for each call; it takes `before` or `after`, and for a harness that is
    to find a refusal in what it prints (`decision`) the word `json` after that.
    """
    return sys.executable, "-I", "-S", str(Path(__file__).with_name("hook.py"))


class Hooks:
    """Answers hooks. `begun` remembers when a call was let go, so that its duration can be told."""

    def __init__(self, desk: Guard, refused: Refusal | None = None) -> None:
        self._desk = desk
        self._refused = refused
        self._begun: dict[str, float] = {}

    def routes(self) -> BaseRoute:
        """The routes that `fleet.gateway.hook` asks."""
        return Mount(
            "/hook",
            routes=[
                Route("/before", self._before, methods=["POST"]),
                Route("/after", self._after, methods=["POST"]),
            ],
        )

    async def _before(self, request: Request) -> JSONResponse:
        try:
            run, rules = await self._who(request)
        except FleetError as error:
            return _no(error)
        said: Any = None
        try:
            said = await _said(request)
            call = _told(request, run, rules, said)
        except FleetError as error:
            return await self._unread(request, run, said, error)
        permissions = rules[0]
        ruling = rule_on(permissions, call.call, resolve)
        by = "fleet"
        try:
            if ruling.permit == "ask":
                ruling, by = await self._ask(run, permissions, call, ruling)
            await self._desk.submit(_decided(run, call, ruling, by))
        except FleetError as error:
            return JSONResponse({"message": str(error)}, 503)
        if ruling.permit == "allow":
            self._begin(run, call)
        return JSONResponse(answer(run.harness, ruling.permit, f"Fleet: {ruling.why}"))

    async def _after(self, request: Request) -> JSONResponse:
        try:
            run, rules = await self._who(request)
            call = _told(request, run, rules, await _said(request))
        except FleetError as error:
            return _no(error)
        name = self._returned(run, call)
        begun = self._begun.pop(f"{run.id}.{name}", None)
        data = {"run": run.id, "agent": run.agent, "call": name, "tool": call.call.tool, "ok": call.ok}
        data["ms"] = round((time.monotonic() - begun) * 1000) if begun is not None else 0
        await self._desk.submit([_event(run, events.TOOL_FINISHED, data, f"{name}.finished")])
        return JSONResponse({})

    async def _who(self, request: Request) -> tuple[Run, Rules]:
        """The run whose token that is, and what it goes by."""
        token = bearer(request.headers.get("authorization", ""))
        found = await asking(self._desk, request, token, self._refused)
        if not found:
            raise BadRequest(401, "The token is not known")
        run, rules = self._desk.state().runs.get(found), self._desk.rules(found)
        if run is None or not run.live or rules is None:
            raise BadRequest(403, "This run has no rules to go by")
        return run, rules

    async def _unread(self, request: Request, run: Run, said: Any, error: FleetError) -> JSONResponse:
        """A call that can't be read is refused, and is an event like all others."""
        about = said if isinstance(said, dict) else {}
        tool = next((each for name in _NAMES if isinstance(each := about.get(name), str)), "")
        call = Told(
            f"unread-{_once(request) or uuid4().hex}",
            "",
            Call(clean(tool)[:_NAME] or "unreadable"),
            error.what,
        )
        try:
            await self._desk.submit(_decided(run, call, Ruling("deny", "", error.what), "fleet"))
        except FleetError as failure:
            return JSONResponse({"message": str(failure)}, 503)
        return _no(error)

    async def _ask(
        self, run: Run, permissions: Permissions, call: Told, ruling: Ruling
    ) -> tuple[Ruling, str]:
        """Wait for a person, at most as long as the rules say. One that is asked again goes on waiting."""
        key, state = f"{run.id}.{call.id}", self._desk.state()
        if key not in state.held:
            until = self._desk.now() + permissions.wait_ms
            data = _about(run, call) | {"rule": ruling.rule, "until": until}
            offer = offer_for(permissions, call.call, resolve)
            if offer is not None:
                data["offer"] = {"where": offer.where, "rules": list(offer.rules)}
            await self._desk.submit([_event(run, events.TOOL_ASKED, data, f"{call.id}.asked")])
        while (held := self._desk.state().held.get(key)) is not None:
            word, said = answer_to(self._desk.state(), held)
            if word:
                permit, word = ("allow", "allowed") if word == "given" else ("deny", "refused")
                return replace(ruling, permit=permit, why=f"{word} by {said}"), said.partition(":")[0]  # type: ignore[arg-type]
            if self._desk.now() >= held.until or not run.live:
                break
            await asyncio.sleep(_LOOK_SECONDS)
        return replace(
            ruling, permit="deny", why="it waited for a person, and nobody answered in time"
        ), "fleet"

    def _begin(self, run: Run, call: Told) -> None:
        self._begun[f"{run.id}.{call.id}"] = time.monotonic()
        while len(self._begun) > _BEGUN:
            del self._begun[next(iter(self._begun))]

    def _returned(self, run: Run, call: Told) -> str:
        """The call that this is the return of: of those alike, the first that was let go."""
        alike = f"{run.id}.{call.same}-"
        found = next((name for name in self._begun if name.startswith(alike)), "") if call.same else ""
        return found.partition(".")[2] or call.id


def _once(request: Request) -> str:
    """What tells one asking from another, "" where it does not say."""
    found = _HOOK.match(request.headers.get("x-hook", ""))
    return found[0] if found else ""


async def _said(request: Request) -> Any:
    try:
        return json.loads(await body_of(request, _BYTES))
    except (ValueError, RecursionError) as error:
        raise BadRequest(400, "The call is not JSON") from error


def _told(request: Request, run: Run, rules: Rules, said: Any) -> Told:
    _, workspace, home = rules
    return told(said, workspace, home, run.harness, _once(request))


def _decided(run: Run, call: Told, ruling: Ruling, by: str) -> list[Event]:
    data = _about(run, call) | {"permit": ruling.permit, "rule": ruling.rule, "why": ruling.why, "by": by}
    found = [_event(run, events.TOOL_DECIDED, data, f"{call.id}.decided")]
    if ruling.permit == "deny":
        action = f"{call.call.tool}: {call.about}"
        denied = {"run": run.id, "agent": run.agent, "action": action, "reason": ruling.why, "kind": "tool"}
        found.append(_event(run, events.AGENT_DENIED, denied, f"{call.id}.denied"))
    return found


def _about(run: Run, call: Told) -> dict[str, Any]:
    return {
        "run": run.id,
        "agent": run.agent,
        "call": call.id,
        "tool": call.call.tool,
        "about": call.about,
    }


def _event(run: Run, kind: str, data: Mapping[str, Any], name: str) -> Event:
    return Event(
        type=kind,
        data=data,
        subject=f"run/{run.id}",
        source=f"agent/{run.agent}",
        id=f"{run.id}.call.{name}",
        causation_id=run.cause,
        correlation_id=run.instance,
    )


def _no(error: FleetError) -> JSONResponse:
    status = error.status if isinstance(error, BadRequest) else 400 if isinstance(error, Refused) else 503
    return JSONResponse({"message": error.what}, status)
