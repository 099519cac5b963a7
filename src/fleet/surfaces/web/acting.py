"""The forms: what each sends becomes, and where one is led afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from fleet.model.errors import UsageError
from fleet.model.event import Event
from fleet.model.state import State
from fleet.surfaces import deeds
from fleet.surfaces.web.html import url
from fleet.surfaces.web.look import Missing, Page
from fleet.surfaces.web.pages.audit import verified
from fleet.surfaces.web.site import Site
from fleet.wiring import verify_log

Words = Mapping[str, str]
Deed: TypeAlias = Callable[[Site, Words, Words], Awaitable[str | Page]]
"""Does what a form asks, given the words of its address and its fields. Answers where to go, or a page."""

ANSWERS = ("approve", "reject", "send-back")


def answer(actor: str, approval: str, do: str, note: str) -> Callable[[State], list[Event]]:
    """What an answer to an approval becomes. Raises `UsageError` for a word that is none of ANSWERS."""
    if do == "approve":
        return lambda state: deeds.approved(state, actor, approval, note)
    if do in ANSWERS:
        return lambda state: deeds.refused(state, actor, approval, note, send_back=do == "send-back")
    raise UsageError(f"There is no answer {do!r}", do=f"Use one of: {', '.join(ANSWERS)}.")


async def _answer(site: Site, words: Words, fields: Words) -> str:
    approval = words["approval"]
    await site.act(answer(site.actor, approval, fields.get("do", ""), fields.get("note", "")))
    return "/approvals" if fields.get("to") == "list" else url("approvals", approval)


async def _say(site: Site, words: Words, fields: Words) -> str:
    run = words["run"]
    await site.act(lambda state: deeds.said(state, site.actor, run, fields.get("text", "")))
    return url("runs", run)


async def _stop(site: Site, words: Words, fields: Words) -> str:
    run = words["run"]
    await site.act(lambda state: deeds.stopped(state, site.actor, run, fields.get("reason", "")))
    await site.stop_session(run)
    return url("runs", run)


async def _retry(site: Site, words: Words, fields: Words) -> str:
    run = words["run"]
    await site.act(lambda state: deeds.retried(state, site.actor, run, fields.get("note", "")))
    return url("runs", run)


async def _quarantine(site: Site, words: Words, fields: Words) -> str:
    name = words["name"]
    if site.projection.fleet.agent(name) is None and name not in site.projection.state.agents:
        raise Missing(f"There is no agent {name!r}")
    await site.act(lambda state: deeds.quarantined(state, site.actor, name, fields.get("reason", "")))
    return url("agents", name)


async def _release(site: Site, words: Words, fields: Words) -> str:
    name = words["name"]
    await site.act(lambda state: deeds.released(state, site.actor, name, fields.get("reason", "")))
    return "/approvals" if fields.get("to") == "list" else url("agents", name)


async def _comment(site: Site, words: Words, fields: Words) -> str:
    number = _number(words["item"])
    await site.act(lambda state: deeds.commented(state, site.actor, number, fields.get("text", "")))
    return url("items", number)


async def _label(site: Site, words: Words, fields: Words) -> str:
    number = _number(words["item"])
    await site.act(lambda state: deeds.labeled(state, site.actor, number, fields.get("label", "")))
    return url("items", number)


async def _verify(site: Site, words: Words, fields: Words) -> Page:
    del words, fields
    return verified(await asyncio.to_thread(verify_log, site.place))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Missing(f"There is no issue {text}")
    return int(text)


DEEDS: Mapping[str, Deed] = {
    "/approvals/{approval}": _answer,
    "/runs/{run}/say": _say,
    "/runs/{run}/stop": _stop,
    "/runs/{run}/retry": _retry,
    "/agents/{name}/quarantine": _quarantine,
    "/agents/{name}/release": _release,
    "/items/{item}/comment": _comment,
    "/items/{item}/label": _label,
    "/audit/verify": _verify,
}
