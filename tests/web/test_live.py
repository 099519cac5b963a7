"""Pages that stay true while one looks: streams that go on from where one was, and an end that is clean."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import replace

from fleet.model import events
from fleet.surfaces.web.canvas import Canvas, difference, row
from fleet.surfaces.web.channels import Drawn, Hub
from fleet.surfaces.web.draw.times import filled, running
from fleet.surfaces.web.html import Html
from fleet.surfaces.web.projection import Projection
from fleet.views.why import explain, why
from fleet.wiring import clock, load_fleet


def test_only_what_has_changed_is_sent():
    before, after = Canvas(), Canvas()
    for canvas, words in ((before, "old"), (after, "new")):
        canvas.live("same", "p", "x")
        canvas.live("other", "p", words)
        canvas.many("list", "ul", [row("a", "li", "a"), row("b", "li", words)])
    step = difference(before, after)
    assert set(step) == {"pieces"}
    assert set(step["pieces"]) == {"other", "b"}
    assert difference(after, after) == {}


def test_a_list_tells_who_came_and_who_went():
    before, after = Canvas(), Canvas()
    before.many("list", "ul", [row("a", "li", "a"), row("b", "li", "b")])
    after.many("list", "ul", [row("c", "li", "c"), row("a", "li", "a")])
    step = difference(before, after)
    assert step["lists"] == {"list": ["c", "a"]}
    assert set(step["pieces"]) == {"c"}


def test_time_that_passes_changes_no_piece():
    now = 1_000_000_000_000
    first, second = running(now), running(now)
    assert first == second
    assert ">3m 05s<" in filled(first, now + 185_400)
    assert filled(Html("<p>\ue0f0</p>"), now) == "<p>\ue0f0</p>"


def looks(server, path: str):
    """A browser that has loaded a page, and follows it."""
    cookie = server.session()
    text = server.text(path, cookie)
    shown = re.search(r'name="fleet-shown" content="(\w+)"', text)[1]
    return server.stream(f"/live?at={path}&shown={shown}", cookie)


def test_the_log_is_streamed_from_where_one_was(shop, server):
    shop.story.issue()
    cookie = server.session()
    stream = server.stream("/api/events", cookie)
    first = [stream.next() for _ in range(shop.count())]
    stream.close()
    assert [seq for seq, _ in first] == list(range(1, shop.count() + 1))
    assert first[0][1]["specversion"] == "1.0"
    shop.story.tell("x.y", word="missed")
    again = server.stream("/api/events", cookie, **{"last-event-id": str(first[-1][0])})
    seq, data = again.next()
    assert (seq, data["type"]) == (first[-1][0] + 1, "x.y")
    shop.story.tell("x.y", word="live")
    while data["data"].get("word") != "live":
        last, (seq, data) = seq, again.next()
        assert seq == last + 1
    again.close()


def test_an_event_reaches_who_looks(shop, server):
    shop.story.issue("Add a note")
    stream = looks(server, "/")
    began = time.monotonic()
    shop.story.start("r1")
    shop.story.about("r1", events.RUN_ACTED, action="reads the map")
    step: dict[str, object] = {}
    while "reads the map" not in str(step):
        seq, step = stream.next()
    assert seq == shop.count()
    assert list(step["pieces"]) != []
    assert time.monotonic() - began < 2  # a hundredth of it is the aim, and no promise of a busy machine
    stream.close()


def test_who_was_away_gets_all_that_changed(shop, server):
    cookie = server.session()
    old = shop.count()
    shop.story.issue("While you slept")
    stream = server.stream("/live?at=/", cookie, **{"last-event-id": str(old)})
    seq, step = stream.next()
    assert seq == shop.count()
    assert "While you slept" in str(step["pieces"])
    stream.close()


def test_a_page_that_shows_what_is_true_is_sent_nothing(shop, server):
    shop.story.issue("Add a note")
    stream = looks(server, "/items/1")
    shop.story.tell(events.ITEM_COMMENTED, item=1, author="user/ann", text="the first word", trusted=True)
    _, step = stream.next()
    assert "the first word" in str(step["pieces"])
    assert "way" not in step["pieces"]
    stream.close()


def test_what_does_not_concern_a_page_is_not_sent_to_it(shop, server):
    shop.story.issue("One")
    shop.story.issue("Two")
    stream = looks(server, "/items/1")
    shop.story.tell(events.ITEM_COMMENTED, item=2, author="user/ann", text="elsewhere", trusted=True)
    shop.story.tell(events.ITEM_COMMENTED, item=1, author="user/ann", text="here", trusted=True)
    _, step = stream.next()
    assert "here" in str(step)
    assert "elsewhere" not in str(step)
    stream.close()


def test_it_ends_at_once_and_cleanly_though_somebody_looks(shop, server):
    stream = server.stream("/live?at=/", server.session())
    stream.next()
    began = time.monotonic()
    assert server.end() == 0
    assert time.monotonic() - began < 5
    assert list((shop.place.dot / "wake").iterdir()) == []
    stream.close()


def test_the_projection_is_the_fold_of_the_log(shop):
    shop.merge_asked()
    projection = Projection(shop.log, lambda: load_fleet(shop.place), lambda: {"running": False}, clock)
    projection.load()
    assert replace(projection.state) == shop.story.state
    spoken = [event.seq for event in projection.about("run/r1")]
    told = [
        event.seq
        for event in shop.log.read()
        if event.data.get("run") == "r1" or event.data.get("args", {}).get("run") == "r1"
    ]
    assert spoken == told
    assert [event.seq for event in projection.about("run/r1", 2)] == told[-2:]


def test_a_page_tells_the_same_why_as_the_verb(shop):
    shop.merge_asked()
    shop.story.issue("One that nobody starts", "wish")
    shop.story.issue("Another")
    projection = Projection(shop.log, lambda: load_fleet(shop.place), lambda: {"running": False}, clock)
    projection.load()
    fleet, state = projection.fleet, projection.state
    for thing in ("1", "2", "3", "4", "r1", "r3", "i1", "a1", "developer"):
        told = explain(fleet, state, projection, thing, state.now)
        assert told == why(fleet, state, shop.log.read(), thing, state.now)
        assert told["chain"], thing


def test_what_happens_while_a_page_is_drawn_is_not_lost(shop):
    """A page that takes its time (a diff is read) may be older than the log when it is there."""
    shop.story.issue("Old")
    projection = Projection(shop.log, lambda: load_fleet(shop.place), lambda: {"running": False}, clock)
    projection.load()

    async def draw() -> Drawn:
        seq, count = projection.state.seq, len(projection.state.items)
        if count == 1:
            shop.story.issue("New")
            while projection.state.seq < shop.count():
                projection.catch_up()
        canvas = Canvas()
        canvas.live("count", "p", count)
        return Drawn(seq, "t", canvas, frozenset({"item/2"}))

    async def last() -> str:
        hub = Hub(projection)
        steps = hub.changes("/", draw, "")
        text = ""
        async with asyncio.timeout(5):
            while ">2<" not in text:
                text = str(await anext(steps))
        await steps.aclose()
        hub.close()
        return text

    assert ">2<" in asyncio.run(last())
