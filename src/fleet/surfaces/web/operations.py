"""The table of all that programs may ask and do below `/api`; the routes and the OpenAPI document are made
from it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from itertools import islice
from typing import Any, NamedTuple

from fleet.auditing import verify as verify_log
from fleet.model.event import to_cloudevent
from fleet.surfaces.deeds import offered
from fleet.surfaces.person import Ability
from fleet.surfaces.web.acting import ACTS, ANSWERS
from fleet.surfaces.web.keys import Entered
from fleet.surfaces.web.look import Missing
from fleet.surfaces.web.pages.audit import search
from fleet.surfaces.web.requests import BadRequest
from fleet.surfaces.web.site import Site
from fleet.views.agents import agents, run_row
from fleet.views.board import board
from fleet.views.changes import change_page
from fleet.views.forecast import forecast
from fleet.views.insight import MOST_DAYS, insight
from fleet.views.items import item_page, item_rows
from fleet.views.ledger import ledger
from fleet.views.needs import needs
from fleet.views.run_page import event_row, run_page

Given = Mapping[str, Any]
Handle = Callable[[Site, Entered, Given], Awaitable[Any]]
_EVENTS, _RUNS, _MOST_RUNS = 500, 100, 1000


class Query(NamedTuple):
    """A word of the query. `most` bounds a number; texts have none."""

    name: str
    summary: str
    most: int = 0


class Operation(NamedTuple):
    """One thing to ask for (GET) or to do (POST). `needs`: what one must be allowed to, None: to see.

    `fields` are those of its body, all of them texts; one that ends in ? may be left out. `kind` is what it
    answers: an object, an array, or a stream of events.
    """

    path: str
    summary: str
    handle: Handle
    needs: Ability | None = None
    fields: tuple[str, ...] = ()
    query: tuple[Query, ...] = ()
    kind: str = "object"

    @property
    def method(self) -> str:
        """GET, or POST for what changes something."""
        return "POST" if self.needs else "GET"


async def _session(site: Site, entered: Entered, given: Given) -> Any:
    del site, given
    return {"actor": entered.person.actor, "role": entered.person.role, "token": entered.token}


async def _board(site: Site, entered: Entered, given: Given) -> Any:
    del entered, given
    it = site.projection
    return board(it.fleet, it.state, it.clock(), it.watcher)


async def _needs(site: Site, entered: Entered, given: Given) -> Any:
    del entered, given
    it = site.projection
    return needs(it.fleet, it.state, it.clock())


async def _approval(site: Site, entered: Entered, given: Given) -> Any:
    del entered
    it = site.projection
    found = it.state.approvals.get(given["approval"])
    if found is None:
        raise Missing(f"There is no approval {given['approval']!r}")
    rows = (row for row in needs(it.fleet, it.state, it.clock()) if row["id"] == found.id)
    change = it.state.changes.get(found.change)
    held = offered(it.state, found)
    return {
        "id": found.id,
        "kind": found.kind,
        "why": found.why,
        "head": found.head or None,
        "answer": found.answer or None,
        "by": found.by or None,
        "note": found.note,
        "always": {"where": held.where, "rules": list(held.offer)} if held is not None else None,
        "waits": next(rows, None),
        "change": change_page(it.fleet, it.state, change) if change is not None else None,
    }


async def _agents(site: Site, entered: Entered, given: Given) -> Any:
    del entered, given
    it = site.projection
    return agents(it.fleet, it.state, it.clock(), watched=it.watched)


async def _agent(site: Site, entered: Entered, given: Given) -> Any:
    found = (row for row in await _agents(site, entered, given) if row["name"] == given["name"])
    row = next(found, None)
    if row is None:
        raise Missing(f"There is no agent {given['name']!r}")
    return row


async def _runs(site: Site, entered: Entered, given: Given) -> Any:
    del entered
    it = site.projection
    newest = islice(reversed(it.state.runs.values()), given["limit"] or _RUNS)
    return [run_row(run, it.clock()) for run in newest]


async def _run(site: Site, entered: Entered, given: Given) -> Any:
    del entered
    it, name = site.projection, given["run"]
    run = it.state.runs.get(name)
    if run is None:
        raise Missing(f"There is no run {name!r}")
    found = list(it.about(f"run/{name}", _EVENTS))
    return run_page(it.state, (), run, it.clock()) | {"events": [event_row(event) for event in found]}


async def _transcript(site: Site, entered: Entered, given: Given) -> Any:
    del entered
    run = site.projection.state.runs.get(given["run"])
    if run is None:
        raise Missing(f"There is no run {given['run']!r}")
    entries, left_out = await site.transcripts.of(run)
    rows = [{"t": each.t, "kind": each.kind, "ok": each.ok, "text": each.text} for each in entries]
    return {"left_out": left_out, "entries": rows}


async def _items(site: Site, entered: Entered, given: Given) -> Any:
    del entered, given
    it = site.projection
    found = [item for item in it.state.items.values() if item.open]
    return item_rows(it.fleet, it.state, found, it.clock(), watched=it.watched)


async def _item(site: Site, entered: Entered, given: Given) -> Any:
    del entered
    it = site.projection
    item = it.state.items.get(_number(given["item"]))
    if item is None:
        raise Missing(f"There is no issue {given['item']}")
    return item_page(it.fleet, it.state, item, it.clock(), watched=it.watched)


async def _change(site: Site, entered: Entered, given: Given) -> Any:
    del entered
    it = site.projection
    change = it.state.changes.get(_number(given["change"]))
    if change is None:
        raise Missing(f"There is no pull request {given['change']}")
    return change_page(it.fleet, it.state, change)


async def _budget(site: Site, entered: Entered, given: Given) -> Any:
    del entered, given
    it = site.projection
    now = it.clock()
    return ledger(it.fleet, it.state, now) | {"forecast": forecast(it.fleet, it.state, now)}


async def _insight(site: Site, entered: Entered, given: Given) -> Any:
    del entered
    it = site.projection
    return insight(it.fleet, it.state, it.clock(), given["days"] or 14)


async def _log(site: Site, entered: Entered, given: Given) -> Any:
    del entered
    it = site.projection
    before = given["before"] or it.state.seq + 1
    found, reached = await asyncio.to_thread(search, it.log, given["q"], given["type"], before)
    return {"events": [to_cloudevent(event) for event in found], "next": reached if reached > 1 else None}


async def _verify(site: Site, entered: Entered, given: Given) -> Any:
    del entered, given
    found = await asyncio.to_thread(verify_log, site.place)
    head = {"seq": found.head.seq, "hash": found.head.hash}
    return {"ok": found.ok, "events": found.events, "head": head, "problem": found.problem}


async def _answer(site: Site, entered: Entered, given: Given) -> Any:
    name = given["approval"]
    if name not in site.projection.state.approvals:
        raise Missing(f"There is no approval {name!r}")
    await ACTS["/approvals/{approval}"].deed(site, entered.person.actor, given, given)
    found = site.projection.state.approvals[name]
    return {
        "id": name,
        "answer": found.answer,
        "send_back": found.send_back,
        "seq": site.projection.state.seq,
    }


def _deed(path: str) -> Handle:
    async def handle(site: Site, entered: Entered, given: Given) -> Any:
        await ACTS[path].deed(site, entered.person.actor, given, given)
        return {"done": True, "seq": site.projection.state.seq}

    return handle


async def _stream(site: Site, entered: Entered, given: Given) -> Any:
    raise BadRequest(400, "This is a stream")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


STREAM = "/api/events"
DOCUMENT = "/api/openapi.json"
_HANDLES = {"/approvals/{approval}": _answer, "/audit/verify": _verify}
_FORMS = tuple(
    Operation(
        f"/api{path}",
        act.summary + (f": {', '.join(ANSWERS)}" if "do" in act.fields else ""),
        _HANDLES.get(path) or _deed(path),
        act.needs,
        act.fields,
    )
    for path, act in ACTS.items()
)

OPERATIONS: tuple[Operation, ...] = (
    Operation("/api/session", "Who you are here, and the token that changes need", _session),
    Operation("/api/board", "Everything on one screen: `fleet status --json`", _board),
    Operation("/api/approvals", "All that needs a person: `fleet approvals --json`", _needs, kind="array"),
    Operation("/api/approvals/{approval}", "One question, with its change", _approval),
    Operation("/api/agents", "Every agent", _agents, kind="array"),
    Operation("/api/agents/{name}", "One agent", _agent),
    Operation(
        "/api/runs",
        "The newest runs",
        _runs,
        query=(Query("limit", f"How many, {_RUNS} if not said", _MOST_RUNS),),
        kind="array",
    ),
    Operation("/api/runs/{run}", "One run: `fleet runs ID --json`", _run),
    Operation("/api/runs/{run}/transcript", "What it said and did", _transcript),
    Operation("/api/items", "Open issues and tasks", _items, kind="array"),
    Operation("/api/items/{item}", "One of them: `fleet issue show N --json`", _item),
    Operation("/api/changes/{change}", "One pull request: gate, risk, checks, reviews", _change),
    Operation("/api/budget", "What was spent, and where it leads: `fleet budget --json`", _budget),
    Operation(
        "/api/insight",
        "Throughput, lead time, rounds, acceptance, cost",
        _insight,
        query=(Query("days", "How many days back, 14 if not said", MOST_DAYS),),
    ),
    Operation(
        "/api/audit",
        "The log, newest first; `next` is for `before`",
        _log,
        query=(
            Query("q", "Words that a record has"),
            Query("type", "Its type, with * for any signs"),
            Query("before", "Only those before this place", 10**15),
        ),
    ),
    Operation(
        STREAM,
        "Every record as a CloudEvent, as it comes; the id is its place, to go on from with Last-Event-ID",
        _stream,
        query=(Query("after", "Begin after this place", 10**15),),
        kind="stream",
    ),
    *_FORMS,
)
