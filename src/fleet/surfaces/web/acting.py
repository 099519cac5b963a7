"""The forms: what each sends becomes, and where one is led afterwards."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple, TypeAlias

from fleet.auditing import verify as verify_log
from fleet.model.errors import UsageError
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import Run, State
from fleet.surfaces import deeds
from fleet.surfaces.always import preview
from fleet.surfaces.byhand import folder_of, left_in, program_of
from fleet.surfaces.person import Ability, Person
from fleet.surfaces.web.html import url
from fleet.surfaces.web.look import Missing, Page
from fleet.surfaces.web.pages.audit import verified
from fleet.surfaces.web.requests import BadRequest
from fleet.surfaces.web.site import Site

Words = Mapping[str, str]
_AS_DONE = "as-done"
_BY_LINK = ("approve", "reject", "send-back", _AS_DONE)
_ALWAYS = "always"
ANSWERS = (*_BY_LINK, _ALWAYS)
Deed: TypeAlias = Callable[[Site, str, Words, Words], Awaitable[str | Page]]
"""Does what a form asks, in somebody's name, given the words of its address and its fields. Answers where to
go, or a page.
"""


class Act(NamedTuple):
    """What a form does, what one must be allowed to for it, and its fields (`note?`: may be left out)."""

    deed: Deed
    needs: Ability
    summary: str
    fields: tuple[str, ...] = ()


def check(person: Person, needs: Ability) -> None:
    """Raise `BadRequest` (403) where the person's role does not allow it."""
    if not person.may(needs):
        raise BadRequest(
            403,
            "You may not do this",
            why=f"you are here as {person.role}, and it takes more than that",
            do="Ask whoever gave you the token: fleet web token add NAME --role …",
        )


def answer(fleet: Fleet, actor: str, approval: str, do: str, note: str) -> Callable[[State], list[Event]]:
    """What an answer to an approval becomes. Raises `UsageError` for a word that is none. A rule for good is
    more than an answer, and not to be had here.
    """
    if do == "approve":
        return lambda state: deeds.approved(state, actor, approval, note)
    if do == _AS_DONE:
        return lambda state: deeds.taken_as_done(fleet, state, actor, approval, note)
    if do in _BY_LINK:
        return lambda state: deeds.refused(state, actor, approval, note, send_back=do == "send-back")
    raise UsageError(f"There is no answer {do!r}", do=f"Use one of: {', '.join(_BY_LINK)}.")


async def _answer(site: Site, actor: str, words: Words, fields: Words) -> str:
    approval = words["approval"]
    found = site.projection.state.approvals.get(approval)
    if found is not None and found.kind == "takeover" and fields.get("do") == "approve":
        await _handback(site, actor, {"run": found.run}, fields)
    elif fields.get("do") == _ALWAYS:
        it = site.projection
        await asyncio.to_thread(preview, site.place, it.fleet, it.state, approval)
        await site.act(lambda state: deeds.always(state, actor, approval, fields.get("note", "")))
    else:
        fleet = site.projection.fleet
        await site.act(answer(fleet, actor, approval, fields.get("do", ""), fields.get("note", "")))
    return "/approvals" if fields.get("to") == "list" else url("approvals", approval)


async def _say(site: Site, actor: str, words: Words, fields: Words) -> str:
    run = words["run"]
    await site.act(lambda state: deeds.said(state, actor, run, fields.get("text", "")))
    return url("runs", run)


async def _stop(site: Site, actor: str, words: Words, fields: Words) -> str:
    run = words["run"]
    await site.act(lambda state: deeds.stopped(state, actor, run, fields.get("reason", "")))
    await site.stop_session(run)
    return url("runs", run)


async def _takeover(site: Site, actor: str, words: Words, fields: Words) -> str:
    del fields
    run = _run(site, words["run"])
    folder_of(site.place, run)
    program = shlex.join(await asyncio.to_thread(program_of, run))
    await site.act(lambda state: deeds.taken_over(state, actor, run.id, program))
    await site.stop_session(run.id, "takeover")
    return url("runs", run.id)


async def _handback(site: Site, actor: str, words: Words, fields: Words) -> str:
    run, it = _run(site, words["run"]), site.projection
    left = await asyncio.to_thread(left_in, site.place, it.fleet, it.state, run)
    await site.act(lambda state: deeds.handed_back(state, actor, run.id, fields.get("note", ""), left))
    return url("runs", run.id)


async def _retry(site: Site, actor: str, words: Words, fields: Words) -> str:
    run = words["run"]
    await site.act(lambda state: deeds.retried(state, actor, run, fields.get("note", "")))
    return url("runs", run)


async def _quarantine(site: Site, actor: str, words: Words, fields: Words) -> str:
    name = words["name"]
    if site.projection.fleet.agent(name) is None and name not in site.projection.state.agents:
        raise Missing(f"There is no agent {name!r}")
    await site.act(lambda state: deeds.quarantined(state, actor, name, fields.get("reason", "")))
    return url("agents", name)


async def _release(site: Site, actor: str, words: Words, fields: Words) -> str:
    name = words["name"]
    await site.act(lambda state: deeds.released(state, actor, name, fields.get("reason", "")))
    return "/approvals" if fields.get("to") == "list" else url("agents", name)


async def _hold(site: Site, actor: str, words: Words, fields: Words) -> str:
    number = _number(words["change"], "pull request")
    await site.act(lambda state: deeds.change_quarantined(state, actor, number, fields.get("reason", "")))
    return url("changes", number)


async def _let_go(site: Site, actor: str, words: Words, fields: Words) -> str:
    number = _number(words["change"], "pull request")
    await site.act(lambda state: deeds.change_released(state, actor, number, fields.get("reason", "")))
    return url("changes", number)


async def _comment(site: Site, actor: str, words: Words, fields: Words) -> str:
    number = _number(words["item"])
    await site.act(lambda state: deeds.commented(state, actor, number, fields.get("text", "")))
    return url("items", number)


async def _label(site: Site, actor: str, words: Words, fields: Words) -> str:
    number = _number(words["item"])
    await site.act(lambda state: deeds.labeled(state, actor, number, fields.get("label", "")))
    return url("items", number)


async def _verify(site: Site, actor: str, words: Words, fields: Words) -> Page:
    del actor, words, fields
    return verified(await asyncio.to_thread(verify_log, site.place))


def _number(text: str, what: str = "issue") -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Missing(f"There is no {what} {text}")
    return int(text)


def _run(site: Site, name: str) -> Run:
    found = site.projection.state.runs.get(name)
    if found is None:
        raise Missing(f"There is no run {name!r}")
    return found


ACTS: Mapping[str, Act] = {
    "/approvals/{approval}": Act(_answer, "answer", "Answer what waits for a person", ("do", "note?")),
    "/runs/{run}/say": Act(_say, "operate", "Tell a run something, or answer it", ("text",)),
    "/runs/{run}/stop": Act(_stop, "operate", "Stop a run", ("reason?",)),
    "/runs/{run}/takeover": Act(_takeover, "operate", "End a run's session, to go on by hand"),
    "/runs/{run}/handback": Act(_handback, "operate", "Let the agent go on with what you left", ("note?",)),
    "/runs/{run}/retry": Act(_retry, "operate", "Try a run again", ("note?",)),
    "/agents/{name}/quarantine": Act(_quarantine, "operate", "Let an agent do nothing more", ("reason",)),
    "/agents/{name}/release": Act(_release, "govern", "Let it work again", ("reason",)),
    "/changes/{change}/quarantine": Act(
        _hold, "operate", "Let nothing be done about a pull request", ("reason",)
    ),
    "/changes/{change}/release": Act(_let_go, "govern", "Let a pull request go on", ("reason",)),
    "/items/{item}/comment": Act(_comment, "operate", "Comment on an item", ("text",)),
    "/items/{item}/label": Act(_label, "operate", "Give an item a label", ("label",)),
    "/audit/verify": Act(_verify, "operate", "Verify the log"),
}
