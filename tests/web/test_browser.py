"""The page in a real browser: watched, answered, attacked, on a desk and on a phone."""

from __future__ import annotations

import functools
import http.server
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleet.model import events
from fleet.surfaces.access import linked
from fleet.wiring import clock

pytestmark = pytest.mark.chromium

if os.environ.get("CI") in ("true", "1"):
    from playwright import sync_api
else:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright (pip install .[dev])")

ARGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
DESK, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
PAGES = (
    "/",
    "/approvals",
    "/approvals/a1",
    "/agents",
    "/agents/developer",
    "/runs",
    "/runs/r1",
    "/items/1",
    "/changes/2",
    "/budgets",
    "/insight",
    "/audit",
)
WAYS_OUT = """[...document.querySelectorAll("nav a")].filter((way) => {
  const room = way.getBoundingClientRect();
  return room.left < 0 || room.right > innerWidth || !room.width;
}).map((way) => way.textContent)"""
"""The ways to other pages that one would have to scroll to."""
HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">\'"&'
"""What a title may be."""


@pytest.fixture(scope="module")
def chromium(need) -> Iterator[sync_api.Browser]:
    path = need("chromium", "apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=ARGS.split())
        yield browser
        browser.close()


class Tab:
    """One tab that was let in. It notes what a page must never do."""

    def __init__(self, context: sync_api.BrowserContext, address: str) -> None:
        self.page = context.new_page()
        self.address = address
        self.wrong: list[str] = []
        self.page.on("dialog", self._dialog)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", self._console)
        self.page.on("request", self._request)

    def go(self, path: str) -> sync_api.Page:
        self.page.goto(f"{self.address}{path}")
        return self.page

    def _dialog(self, dialog: sync_api.Dialog) -> None:
        self.wrong.append(dialog.message)
        dialog.dismiss()

    def _console(self, said: sync_api.ConsoleMessage) -> None:
        if said.type == "error" and "404" not in said.text:
            self.wrong.append(said.text)

    def _request(self, request: sync_api.Request) -> None:
        if not request.url.startswith((self.address, "data:")):
            self.wrong.append(f"asks for {request.url}")


@pytest.fixture
def enter(chromium, server) -> Iterator[object]:
    """Opens a tab of a given size, let in by the link."""
    contexts = []

    def opened(size=DESK, **more) -> Tab:
        context = chromium.new_context(viewport=size, **more)
        contexts.append(context)
        context.set_default_timeout(15_000)
        tab = Tab(context, server.address)
        tab.page.goto(server.link)
        tab.page.wait_for_url(f"{server.address}/")
        live(tab.page)
        return tab

    yield opened
    for context in contexts:
        context.close()


def live(page) -> None:
    """Wait until it follows."""
    page.wait_for_selector('#link[data-state="live"]')


def sees(page, text: str) -> None:
    sync_api.expect(page.locator("main")).to_contain_text(text, timeout=15_000)


@SIZES
def test_a_story_is_watched_and_answered(shop, enter, size):
    tab = enter(size)
    page, story = tab.page, shop.story
    sees(page, "Nothing needs you.")
    story.issue("Take discounts in the cart")
    story.start("r1")
    story.about("r1", events.RUN_ACTED, action="Edit: cart.py")
    sees(page, "Edit: cart.py")
    story.about("r1", events.RUN_REPORTED, verdict="done", text="as asked")
    story.end("r1", commits=1)
    story.deliver("r2", "approve")
    story.examine(score=80)
    sees(page, "May this be merged?")
    assert page.title().startswith("(1)")
    page.locator("main").get_by_role("link", name="Answer").click()
    sees(page, "high risk, 80 of 100")
    page.get_by_label("Your words").fill("Well done.")
    page.get_by_role("button", name="Approve the merge").click()
    sees(page, "Answered")
    approved = shop.newest(events.APPROVAL_GIVEN)
    assert approved.data == {"approval": "a1", "actor": "user/mia", "note": "Well done."}
    tab.go("/changes/2")
    live(page)
    story.settle()
    story.merge()
    sees(page, "merged")
    assert story.state.changes[2].merged
    assert tab.wrong == []


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_every_page_fits_and_is_accessible(shop, enter, size, scheme, axe):
    shop.merge_asked()
    shop.story.issue("Another one")
    shop.story.start("r3")
    tab = enter(size, color_scheme=scheme)
    for path in PAGES:
        page = tab.go(path)
        live(page)
        over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert over <= 0, f"{path} is {over} px too wide"
        assert page.evaluate(WAYS_OUT) == [], path
        assert axe(page) == [], path
    shop.log.append(linked(shop.story.state, "user/mia", "a1", "nina", "once", 1, clock()))
    for path in ("/login", "/a/once"):
        page = tab.go(path)
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, path
        assert axe(page) == [], path
    assert tab.wrong == []


def test_a_link_is_answered_on_a_phone_without_entering(chromium, shop, server):
    shop.merge_asked("Take discounts in the cart")
    shop.log.append(linked(shop.story.state, "user/mia", "a1", "nina", "once", 1, clock()))
    context = chromium.new_context(viewport=PHONE)
    page = context.new_page()
    page.goto(f"{server.address}/a/once")
    sees(page, "Take discounts in the cart")
    page.get_by_role("button", name="Approve the merge").click()
    sees(page, "a1 is answered, as nina")
    assert shop.newest(events.APPROVAL_GIVEN).data["actor"] == "user/nina"
    context.close()


def test_an_answer_is_given_in_the_queue_itself(shop, enter):
    shop.merge_asked()
    tab = enter(PHONE)
    page = tab.go("/approvals")
    live(page)
    page.get_by_text("Answer here").click()
    page.get_by_label("Your words").fill("Fine.")
    page.get_by_role("button", name="Approve the merge").click()
    page.wait_for_url("**/approvals")
    sees(page, "Nothing needs you.")
    assert shop.newest(events.APPROVAL_GIVEN).data["note"] == "Fine."


def test_no_text_is_obeyed(shop, enter):
    shop.merge_asked(HOSTILE)
    shop.story.tell(events.ITEM_COMMENTED, item=1, author=HOSTILE, text=HOSTILE, trusted=False)
    tab = enter()
    for path in PAGES:
        page = tab.go(path)
        live(page)
    tab.go("/items/1")
    live(tab.page)
    shop.story.tell(events.ITEM_COMMENTED, item=1, author=HOSTILE, text=f"live {HOSTILE}", trusted=False)
    sees(tab.page, f"live {HOSTILE}")
    assert tab.page.locator("main img, main script").count() == 0
    assert tab.wrong == []


def test_what_one_writes_stays_while_the_page_changes(shop, enter):
    shop.story.issue("Add a note")
    tab = enter()
    page = tab.go("/runs/r1")
    live(page)
    shop.story.start("r1")
    words = page.get_by_label("Tell it something")
    words.fill("Mind the")
    words.press("End")
    shop.story.about("r1", events.RUN_ACTED, action="thinks")
    sees(page, "thinks")
    page.keyboard.type(" gap")
    assert page.get_by_label("Tell it something").input_value() == "Mind the gap"
    page.keyboard.press("Control+Enter")
    page.wait_for_load_state()
    sees(page, "Mind the gap")
    assert shop.newest(events.RUN_SAID).data["text"] == "Mind the gap"


@pytest.mark.parametrize(
    ("asleep", "awake"),
    [
        ("source.close(); source = null", "document.dispatchEvent(new Event('visibilitychange'))"),
        ("source.close()", "heard = Date.now() - 3_600_000"),
    ],
    ids=["out of sight", "the machine slept, and its connection is gone"],
)
def test_a_page_that_slept_catches_up(shop, enter, asleep, awake):
    tab = enter()
    page = tab.page
    page.evaluate(asleep)
    shop.story.issue("While you slept")
    assert "While you slept" not in page.locator("main").inner_text()
    page.evaluate(awake)
    sees(page, "While you slept")
    live(page)
    assert tab.wrong == []


def test_a_page_says_when_it_is_not_true_any_more(shop, enter, server):
    tab = enter()
    server.end()
    tab.page.wait_for_selector('#link:not([data-state="live"])')
    assert tab.page.locator("#link-word").inner_text() != "live"


def test_it_is_used_by_keyboard_alone(shop, enter):
    shop.merge_asked()
    tab = enter()
    page = tab.page
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").startswith("Answer"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/approvals/a1")
    page.get_by_label("Your words").focus()
    page.keyboard.type("Fine.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    sees(page, "Answered")


def test_without_the_script_it_works_too(shop, enter):
    shop.merge_asked()
    # Let in with it, since `enter` waits for the live page; then the door's own page needs none.
    tab = enter()
    context = tab.page.context.browser.new_context(
        java_script_enabled=False, storage_state=tab.page.context.storage_state()
    )
    page = context.new_page()
    page.goto(f"{tab.address}/approvals/a1")
    page.get_by_label("Your words").fill("No.")
    page.get_by_role("button", name="Reject and end the work").click()
    sees(page, "Answered")
    assert shop.newest(events.APPROVAL_REFUSED).data["note"] == "No."
    context.close()


ATTACK = """<!doctype html><title>Nice page</title>
<iframe name="frame" src="{address}/approvals/a1"></iframe>
<form id="a" method="post" action="{address}/approvals/a1" target="other">
<input name="do" value="approve"><input name="note" value=""><input name="token" value="x"></form>
<iframe name="other"></iframe>
<script>
document.getElementById("a").submit();
const post = {{method: "POST", mode: "no-cors", credentials: "include", body: '{{"do": "approve"}}'}};
fetch("{address}/api/approvals/a1", post).catch(() => 0);
fetch("{address}/api/board", {{credentials: "include"}})
  .then((answer) => answer.text()).then((text) => document.title = text)
  .catch(() => document.title = "refused");
</script>
"""


def test_a_strangers_page_can_not_act_nor_read(shop, enter, tmp_path):
    shop.merge_asked("Top secret")
    tab = enter()
    (tmp_path / "evil").mkdir()
    (tmp_path / "evil" / "index.html").write_text(ATTACK.format(address=tab.address))
    handler = functools.partial(Quiet, directory=str(tmp_path / "evil"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as evil:
        threading.Thread(target=evil.serve_forever, daemon=True).start()
        before = shop.count()
        page = tab.page.context.new_page()
        page.goto(f"http://localhost:{evil.server_address[1]}/")
        page.wait_for_function("document.title == 'refused'")
        page.wait_for_load_state("networkidle")
        texts = [frame.evaluate("document.body ? document.body.innerText : ''") for frame in page.frames]
        assert not any("Top secret" in text or "Approve" in text for text in texts)
        # … and from the very same address, where only the port tells it from us.
        page.goto(f"http://127.0.0.1:{evil.server_address[1]}/")
        page.wait_for_function("document.title == 'refused'")
        page.wait_for_load_state("networkidle")
        assert shop.count() == before
        evil.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder and prints nothing."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def axe() -> object:
    """Asks axe-core what is wrong with a page. Where it is not installed nothing is asked."""
    named = os.environ.get("FLEET_TEST_AXE", "")
    found = Path(named or Path(__file__).parents[2] / ".ci/tools/axe/node_modules/axe-core/axe.min.js")
    if not found.is_file() and os.environ.get("CI") in ("true", "1"):
        pytest.fail("axe-core is not there, and in CI everything is")
    script = found.read_text(encoding="utf-8") if found.is_file() else ""

    def ask(page) -> list[str]:
        if not script:
            return []
        if not page.evaluate("typeof axe != 'undefined'"):
            page.evaluate(script)  # by the debugger, which the page's policy does not bind
        told = page.evaluate(
            "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})"
        )
        return [
            f"{each['id']}: {re.sub(chr(10), ' ', node['html'])[:200]} {node['failureSummary'][:300]}"
            for each in told["violations"]
            for node in each["nodes"]
        ]

    return ask
