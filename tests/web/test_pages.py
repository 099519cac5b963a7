"""What the pages show, of whatever text the log holds."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest

from fleet.model import events
from fleet.model.text import clean
from fleet.ports.repository import FileChange
from fleet.ports.session import Command
from fleet.surfaces.web.draw.patches import by_risk, patch_files
from fleet.surfaces.web.html import Html, escape, tag, url
from fleet.wiring import open_sessions


def git(where: Path, *words: str) -> str:
    who = ["-c", "user.name=Mia", "-c", "user.email=mia@example.org"]
    done = subprocess.run(["git", *who, *words], cwd=where, capture_output=True, text=True, check=True)
    return done.stdout.strip()


HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">\'"&\u202e\x1b[2J'


def test_the_overview_tells_what_goes_on(shop, page):
    approval = shop.merge_asked("Add a note")
    shop.story.issue("Add another")
    text = page.get("/").text
    assert f'href="/approvals/{approval}"' in text
    assert "May this be merged?" in text
    assert "Add another" in text
    assert "(1) shop" in re.search(r"<title>(.*?)</title>", text)[1]


def test_an_agents_page_says_how_far_it_can_be_trusted_and_why(shop, page):
    shop.merge_asked()
    shop.story.tell(events.AGENT_DENIED, run="r1", agent="developer", action="push", reason="not allowed")
    text = clean(re.sub(r"<[^>]+>", " ", page.get("/agents/developer").text))
    words = " ".join(text.split())
    assert "Risk low , 4 of 100" in words
    assert "+4 denied 1 actions were denied" in words
    assert "reliability 100" in words
    assert "risk low · quality" in " ".join(page.get("/agents").text.split())


@pytest.mark.parametrize(
    "path",
    [
        "/approvals",
        "/approvals/a1",
        "/agents",
        "/agents/developer",
        "/runs",
        "/runs/r1",
        "/items/1",
        "/changes/2",
        "/budgets",
        "/audit",
    ],
)
def test_every_page_is_there(shop, page, path):
    shop.merge_asked()
    answer = page.get(path)
    assert answer.status_code == 200
    assert answer.text.startswith("<!doctype html>")


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/runs/r99", "/items/99", "/items/x", "/changes/1", "/approvals/a9", "/agents/nobody"],
)
def test_what_is_not_there_is_said_so(shop, page, path):
    shop.story.issue()
    answer = page.get(path)
    assert answer.status_code == 404
    assert "There is no" in answer.text


def test_no_text_from_outside_becomes_markup(shop, page):
    story = shop.story
    story.issue(HOSTILE, "fleet:ready", HOSTILE, body=HOSTILE)
    story.start("r1")
    story.about("r1", events.RUN_ACTED, action=HOSTILE)
    story.about("r1", events.RUN_REPORTED, verdict="done", text=HOSTILE)
    story.end("r1", commits=1)
    story.deliver("r2", "approve", text=HOSTILE)
    story.examine(score=80)
    story.tell(events.ITEM_COMMENTED, item=1, author=HOSTILE, text=HOSTILE, trusted=False)
    story.tell(HOSTILE, run="r1", item=1)
    for path in ("/", "/runs", "/runs/r1", "/items/1", "/changes/2", "/approvals", "/approvals/a1", "/audit"):
        text = page.get(path).text
        assert "<script>" not in text.replace('<script src="/static/fleet.js" defer></script>', ""), path
        assert "<img" not in text, path
        assert "onerror=&quot;" in text or "onerror" not in text, path
        assert "\x1b" not in text, path
        assert "\u202e" not in text, path


def test_a_file_name_can_be_anything():
    change = FileChange(HOSTILE, 1, 0, False, "A", "100644")
    patch = f"diff --git a/x b/x\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+{HOSTILE}\n"
    text = patch_files(by_risk([change], patch), 2)
    assert "<script>" not in text
    assert "<img" not in text
    assert "&lt;script&gt;" in text


def test_whatever_the_terminal_must_not_get_the_page_does_not_get_either():
    signs = "".join(map(chr, range(0x3000))) + "\ud800"
    cleaned = clean(signs, keep_lines=True)
    assert escape(signs) == escape(cleaned)


def test_text_is_escaped_and_html_is_not():
    assert tag("p", "a < b", tag("b", "x"), title='"') == '<p title="&quot;">a &lt; b<b>x</b></p>'
    assert tag("p", Html("<i>")) == "<p><i></p>"
    assert url("agents", "a/b?c", q="d&e") == "/agents/a%2Fb%3Fc?q=d%26e"


def test_the_riskiest_file_stands_first(shop, page):
    real_change(shop)
    text = page.get("/changes/2").text
    paths = re.findall(r'class="path">([^<]+)<', text)
    assert paths == ["src/login.py", "docs/a.md"]
    assert "says who may do what, or secrets" in text
    assert "+secret" in text


def test_a_diff_shows_no_secrets_and_has_all_its_lines(shop, page):
    token = "ghp_" + "a1B2" * 9  # in pieces, so that nobody takes it for a real one
    real_change(shop, login=f"first\nkey = {token}\nlast\n")
    text = page.get("/changes/2").text
    assert token not in text
    assert "+key = [secret: GitHub Token]" in text
    assert "+first" in text
    assert "+last" in text


def real_change(shop, login: str = "secret\n" * 3) -> None:
    """The story's change gets commits that are really there."""
    git(shop.root, "checkout", "-q", "-b", "work")
    for name, text in (("docs/a.md", "words\n"), ("src/login.py", login)):
        (shop.root / name).parent.mkdir(exist_ok=True)
        (shop.root / name).write_text(text)
    git(shop.root, "add", ".")
    git(shop.root, "commit", "-q", "-m", "Work")
    head = git(shop.root, "rev-parse", "HEAD")
    git(shop.root, "checkout", "-q", "main")
    shop.merge_asked()
    shop.story.tell(events.CHANGE_UPDATED, change=2, head=head, run="r1")


def test_the_way_of_an_item_is_drawn(shop, page):
    shop.merge_asked()
    text = page.get("/items/1").text
    drawn = text[text.index('<svg viewBox="0 0 ') :]
    for word in ("implement", "review", "merge gate", "shut, human"):
        assert word in drawn
    assert "risk.score &gt;= 60 (its risk is 80)" in text


def test_a_transcript_is_readable(shop, page):
    shop.story.issue()
    sessions = open_sessions(shop.place)
    sessions.start(
        "r1", Command((sys.executable, "-c", f"print({HOSTILE!r})"), dict(os.environ), str(shop.root))
    )
    ended = sessions.watch("r1")
    if ended is not None:
        assert select.select([ended], [], [], 30)[0]
        os.close(ended)
    sessions.close()
    text = page.get("/runs/r1").text
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert" not in text


def test_the_log_is_searched(shop, page):
    shop.merge_asked("Find me")
    text = page.get("/audit", params={"q": "find ME", "type": "item.*"}).text
    assert "opened issue 1: Find me" in text
    assert "was queued" not in text


def test_a_search_goes_on_from_where_it_stopped(shop, page):
    for number in range(120):
        shop.story.tell("x.y", number=number)
    first = page.get("/audit", params={"type": "x.y"}).text
    older = re.search(r'href="(/audit\?[^"]+)" rel="next"', first)[1].replace("&amp;", "&")
    second = page.get(older).text
    seqs = [int(seq) for text in (first, second) for seq in re.findall(r'class="seq">(\d+)<', text)]
    assert len(seqs) == 120
    assert seqs == sorted(seqs, reverse=True)


def test_the_log_is_verified(shop, page):
    shop.story.issue()
    assert "none changed, none missing" in page.submit("/audit/verify").text


def test_programs_get_the_same_as_json(shop, page):
    shop.merge_asked()
    board = page.get("/api/board").json()
    assert board["approvals"][0]["id"] == page.get("/api/approvals").json()[0]["id"] == "a1"
    assert page.get("/api/runs/r1").json()["events"][0]["type"] == events.RUN_QUEUED
    assert page.get("/api/items/1").json()["title"] == "Add a note"
    assert page.get("/api/runs/r9").status_code == 404
