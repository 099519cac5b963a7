"""Who else is let in: tokens with roles, by the log; and links that are good for one answer."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from fleet.model import events
from fleet.model.event import Event
from fleet.surfaces.access import granted, linked, revoked
from fleet.surfaces.cli.root import run as fleet
from fleet.surfaces.web.acting import ACTS
from fleet.surfaces.web.app import build_app
from fleet.surfaces.web.keys import FIELD, SECURE_COOKIE
from fleet.surfaces.web.where import Where, public
from fleet.wiring import clock

HERE = "http://127.0.0.1:8717"
ROLES = ("viewer", "operator", "approver", "admin")
ALL = {"do": "approve", "note": "x", "reason": "x", "text": "x", "label": "x"}


def token_for(shop, role: str, name: str = "nina", *, now: int = 0) -> str:
    secret = f"secret of {name}"
    shop.log.append(granted(shop.story.state, "user/mia", name, role, secret, 30, now or clock()))
    shop.story.catch_up()
    return secret


def browser(page, *, base: str = HERE) -> TestClient:
    page.site.projection.catch_up()
    return TestClient(build_app(page.site), base_url=base, follow_redirects=False)


def entered(page, secret: str) -> TestClient:
    """A browser of somebody who has shown their token."""
    client = browser(page)
    answer = client.post("/login", data={"secret": secret}, headers={"origin": HERE})
    assert answer.status_code == 200, answer.text
    return client


def form_token(client: TestClient) -> str:
    return client.get("/api/session").json()["token"]


def test_a_token_opens_a_session_and_deeds_carry_the_name(shop, page):
    approval = shop.merge_asked()
    client = entered(page, token_for(shop, "approver"))
    sent = client.post(
        f"/approvals/{approval}",
        data={FIELD: form_token(client), "do": "approve", "note": "Fine."},
        headers={"origin": HERE},
    )
    assert sent.status_code == 303
    assert shop.newest(events.APPROVAL_GIVEN).data["actor"] == "user/nina"


@pytest.mark.parametrize("role", ROLES)
def test_each_role_does_what_it_may_and_no_more(shop, page, role):
    shop.merge_asked()
    client = entered(page, token_for(shop, role))
    token = form_token(client)
    for path, act in ACTS.items():
        at = path.format(approval="a1", run="r1", name="developer", item="1", change="2")
        before = shop.count()
        answer = client.post(at, data={FIELD: token, **ALL}, headers={"origin": HERE})
        page.site.projection.catch_up()
        least = {"operate": "operator", "answer": "approver", "govern": "admin"}[act.needs]
        allowed = ROLES.index(role) >= ROLES.index(least)
        assert (answer.status_code != 403) == allowed, path
        if not allowed:
            assert shop.count() == before
            assert "You may not do this" in answer.text


@pytest.mark.parametrize(
    "path", ["/approvals", "/approvals/a1", "/runs/r3", "/items/1", "/agents/developer", "/audit"]
)
def test_a_viewer_sees_everything_and_no_button(shop, page, path):
    shop.merge_asked("Something to see")
    shop.story.issue("Another")
    shop.story.start("r3")
    text = entered(page, token_for(shop, "viewer")).get(path).text
    forms = re.findall(r'<form[^>]*method="post"[^>]*action="([^"]+)"', text)
    assert forms == ["/logout"]
    assert "nina, viewer" in text


@pytest.mark.parametrize("secret", ["", "x", "ü", "secret of nobody"])
def test_a_wrong_token_opens_nothing(shop, page, secret):
    token_for(shop, "admin")
    client = browser(page)
    answer = client.post("/login", data={"secret": secret}, headers={"origin": HERE})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert client.get("/").status_code == 401


def test_a_token_that_is_over_opens_nothing(shop, page):
    secret = token_for(shop, "admin", now=clock() - 31 * 86_400_000)
    assert browser(page).post("/login", data={"secret": secret}, headers={"origin": HERE}).status_code == 403


def test_taking_a_token_back_ends_its_sessions(shop, page):
    client = entered(page, token_for(shop, "admin"))
    assert client.get("/").status_code == 200
    shop.log.append(revoked(shop.story.state, "user/mia", "nina"))
    page.site.projection.catch_up()
    assert client.get("/").status_code == 401


def test_leaving_ends_the_session_for_good(shop, page):
    client = entered(page, token_for(shop, "viewer"))
    cookies = dict(client.cookies)
    answer = client.post("/logout", data={FIELD: form_token(client)}, headers={"origin": HERE})
    assert answer.headers["location"] == "/login"
    again = browser(page)
    again.cookies.update(cookies)
    assert again.get("/").status_code == 401


def test_a_program_shows_its_token_and_needs_no_cookie(shop, page):
    approval = shop.merge_asked()
    secret = token_for(shop, "approver")
    client = browser(page)
    own = {"authorization": f"Bearer {secret}"}
    assert client.get("/api/board", headers=own).json()["project"] == "shop"
    assert client.get("/", headers=own).status_code == 401
    answer = client.post(f"/api/approvals/{approval}", json={"do": "approve"}, headers=own)
    assert answer.json()["answer"] == "given"
    refused = client.post("/api/agents/developer/release", json={"reason": "x"}, headers=own)
    assert refused.status_code == 403


def test_the_log_keeps_no_token(shop, page):
    secret = token_for(shop, "admin")
    assert all(secret not in str(event.data) for event in shop.log.read())


def test_by_tls_the_cookie_is_of_this_host_alone_and_its_name_is_asked_for(shop, page):
    page.site.where = public("https://fleet.example.org")
    secret = token_for(shop, "viewer")
    client = browser(page, base="https://fleet.example.org")
    answer = client.post("/login", data={"secret": secret}, headers={"origin": "https://fleet.example.org"})
    said = answer.headers["set-cookie"]
    assert said.startswith(SECURE_COOKIE)
    assert "Secure" in said
    assert "strict-transport-security" in answer.headers
    assert client.get("/").status_code == 200
    for host in ("127.0.0.1:8717", "evil.example", "fleet.example.org.evil.example"):
        assert client.get("/", headers={"host": host}).status_code == 421


@pytest.mark.parametrize(
    "url", ["http://fleet.example.org", "https://", "https://x/y", "https://u@x", "x", "https://x:y"]
)
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(Exception, match="can't be the address"):
        public(url)


@pytest.mark.parametrize(
    ("url", "host", "served"),
    [
        ("https://fleet.example.org", "FLEET.example.org", True),
        ("https://fleet.example.org:8717", "fleet.example.org:8717", True),
        ("https://fleet.example.org:8717", "fleet.example.org", False),
        ("", "localhost:1", True),
        ("", "fleet.example.org", False),
    ],
)
def test_only_its_own_name_is_served(url, host, served):
    assert (public(url) if url else Where()).serves(host) == served


# ---- links


def link_for(shop, approval: str, *, hours: int = 1, now: int = 0) -> str:
    shop.log.append(linked(shop.story.state, "user/mia", approval, "nina", "once", hours, now or clock()))
    shop.story.catch_up()
    return "/a/once"


def test_a_link_shows_the_card_and_only_its_form_acts(shop, page):
    path = link_for(shop, shop.merge_asked("Take discounts"))
    client = browser(page)
    before = shop.count()
    card = client.get(path)
    assert "Take discounts" in card.text
    assert "Merge gate" in card.text
    assert card.headers["referrer-policy"] == "no-referrer"
    assert shop.count() == before
    assert client.post(path, data={"do": "approve"}, headers={"origin": HERE}).status_code == 200
    given = shop.newest(events.APPROVAL_GIVEN)
    assert given.data["actor"] == "user/nina"
    assert given.data["link"]


def test_a_link_is_good_once(shop, page):
    path = link_for(shop, shop.merge_asked())
    client = browser(page)
    client.post(path, data={"do": "approve"}, headers={"origin": HERE})
    before = shop.count()
    again = client.post(path, data={"do": "reject", "note": "no"}, headers={"origin": HERE})
    assert (again.status_code, shop.count()) == (403, before)
    assert "answered already" in client.get(path).text


def test_a_link_is_good_for_one_commit(shop, page):
    path = link_for(shop, shop.merge_asked("Secret thing"))
    shop.log.append([Event(events.CHANGE_UPDATED, {"change": 2, "head": "9" * 40, "run": "r1"})])
    client = browser(page)
    assert "what it asked about has changed" in client.get(path).text
    before = shop.count()
    assert client.post(path, data={"do": "approve"}, headers={"origin": HERE}).status_code == 403
    assert shop.count() == before


def test_a_link_that_is_over_or_unknown_shows_nothing(shop, page):
    path = link_for(shop, shop.merge_asked("Secret thing"), now=clock() - 7_200_000)
    for at in (path, "/a/other", "/a/x" * 3):
        answer = browser(page).get(at)
        assert answer.status_code in (401, 403)
        assert "Secret thing" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
    ],
)
def test_a_strangers_page_can_not_use_a_link(shop, page, headers):
    path = link_for(shop, shop.merge_asked())
    before = shop.count()
    assert browser(page).post(path, data={"do": "approve"}, headers=headers).status_code == 403
    assert shop.count() == before


def test_the_verbs_give_and_take(shop, page, monkeypatch, capsys):
    approval = shop.merge_asked()
    monkeypatch.setenv("LOGNAME", "mia")
    monkeypatch.chdir(shop.root)
    assert fleet(["web", "token", "add", "nina", "--role", "operator"]) == 0
    secret = capsys.readouterr().out.split()[-1]
    assert entered(page, secret).get("/").status_code == 200
    assert fleet(["web", "token", "list"]) == 0
    assert "operator" in capsys.readouterr().out
    assert fleet(["web", "token", "revoke", "nina"]) == 0
    assert fleet(["web", "token", "add", "nina", "--role", "king"]) == 2
    capsys.readouterr()
    assert fleet(["approvals", "link", approval, "--for", "otto"]) == 0
    path = capsys.readouterr().out.split()[-1]
    assert browser(page).get(path).status_code == 200
