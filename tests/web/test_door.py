"""Who is let in, and who may act: this person's own browser, by a page of this origin, and nobody else."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from fleet.model.errors import UsageError
from fleet.surfaces.web.acting import ACTS
from fleet.surfaces.web.app import PAGES, build_app
from fleet.surfaces.web.keys import COOKIE, FIELD, HEADER
from fleet.surfaces.web.serve import listen

HERE = "http://127.0.0.1:8717"
GETS = [path.replace("{approval}", "a1").replace("{run}", "r1").replace("{item}", "1") for path, _ in PAGES]
GETS = [path.replace("{change}", "2").replace("{name}", "developer") for path in GETS]
GETS += [
    "/live?at=/",
    "/api/session",
    "/api/board",
    "/api/runs/r1",
    "/api/items/1",
    "/api/approvals",
    "/api/events",
]
POSTS = [path.format(approval="a1", run="r1", name="developer", item="1", change="2") for path in ACTS]
POSTS += ["/api/approvals/a1"]


def stranger(page) -> TestClient:
    """Somebody who has no session."""
    return TestClient(build_app(page.site), base_url=HERE, follow_redirects=False)


@pytest.mark.parametrize("path", GETS)
def test_nothing_is_shown_without_a_session(shop, page, path):
    shop.merge_asked("Top secret")
    answer = stranger(page).get(path)
    assert answer.status_code == 401
    assert "Top secret" not in answer.text
    assert "shop" not in answer.text


@pytest.mark.parametrize("path", POSTS)
def test_nothing_is_done_without_a_session(shop, page, path):
    shop.merge_asked()
    before = shop.count()
    token = page.site.keys.token
    data = {FIELD: token, "do": "approve", "note": "x", "reason": "x", "text": "x", "label": "x"}
    assert stranger(page).post(path, data=data, headers={"origin": HERE, HEADER: token}).status_code == 401
    assert shop.count() == before


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "https://127.0.0.1:8717"},
        {"origin": HERE, "sec-fetch-site": "cross-site"},
        {"origin": HERE, "sec-fetch-site": "same-site"},
    ],
    ids=["no origin", "evil", "null", "other port", "other scheme", "cross-site", "same-site"],
)
def test_a_page_of_another_origin_does_nothing(shop, page, path, headers):
    shop.merge_asked()
    before = shop.count()
    token = page.site.keys.token
    data = {FIELD: token, "do": "approve", "note": "x", "reason": "x", "text": "x", "label": "x"}
    answer = page.post(path, data=data, headers={HEADER: token, **headers})
    assert answer.status_code == 403
    assert shop.count() == before


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("token", ["", "x" * 64, "ü"])
def test_a_form_without_its_token_does_nothing(shop, page, path, token):
    shop.merge_asked()
    before = shop.count()
    data = {FIELD: token, "do": "approve", "note": "x", "reason": "x", "text": "x", "label": "x"}
    headers = {"origin": HERE, HEADER: token.encode("ascii", "replace").decode()}
    assert page.post(path, data=data, headers=headers).status_code == 403
    assert shop.count() == before


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8717", "127.0.0.1.evil.example", "", "localhost.evil"]
)
@pytest.mark.parametrize("path", ["/", "/enter", "/static/fleet.css", "/api/board", "/live?at=/"])
def test_a_name_that_is_made_to_point_here_gets_nothing(page, host, path):
    assert page.get(path, headers={"host": host}).status_code == 421


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8717", "localhost:8717", "localhost", "LOCALHOST:1", "[::1]:8717"]
)
def test_the_names_of_this_machine_are_served(page, host):
    assert page.get("/", headers={"host": host}).status_code == 200


def test_a_link_is_good_once(page):
    key = page.site.keys.once
    first, second = stranger(page), stranger(page)
    assert first.get("/enter", params={"key": key}).status_code == 200
    assert first.get("/").status_code == 200
    assert second.get("/enter", params={"key": key}).status_code == 403
    assert second.get("/").status_code == 401


@pytest.mark.parametrize("key", ["", "x", "ü\ud7ff", "a" * 10_000])
def test_a_wrong_key_spends_nothing(page, key):
    before = page.site.keys.once
    assert stranger(page).get("/enter", params={"key": key}).status_code == 403
    assert page.site.keys.once == before


def test_the_cookie_is_kept_from_scripts_and_other_sites(page):
    answer = stranger(page).get("/enter", params={"key": page.site.keys.once})
    said = answer.headers["set-cookie"].lower()
    assert said.startswith(COOKIE)
    assert "httponly" in said
    assert "samesite=strict" in said
    assert "domain" not in said
    assert "expires" not in said


def test_a_link_from_another_site_is_asked_for_again_by_our_own_page(page):
    headers = {"sec-fetch-site": "cross-site"}
    answer = stranger(page).get("/runs/r1", headers=headers)
    assert answer.status_code == 200
    assert 'http-equiv="refresh"' in answer.text
    assert stranger(page).get("/runs/r1", headers={"sec-fetch-site": "same-origin"}).status_code == 401


@pytest.mark.parametrize("path", ["/", "/nothing", "/enter", "/static/fleet.js", "/api/board"])
def test_every_answer_forbids_frames_and_foreign_scripts(page, path):
    headers = page.get(path).headers
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", GETS[:11])
def test_no_page_needs_what_its_policy_forbids(shop, page, path):
    shop.merge_asked()
    text = page.get(path).text
    assert " style=" not in text
    assert "<style" not in text
    assert " onclick=" not in text
    assert text.count("<script") == 1
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "https://" not in text


def test_only_its_own_files_are_served(page):
    for name in ("..%2fapp.py", "../app.py", "fleet.py", ".", "%2e%2e/app.py"):
        assert page.get(f"/static/{name}").status_code == 404


def test_what_is_too_large_is_refused(shop, page):
    shop.merge_asked()
    answer = page.submit("/approvals/a1", do="approve", note="x" * (65 * 1024))
    assert answer.status_code == 413
    assert page.submit("/approvals/a1", do="approve", note="x" * (300 * 1024)).status_code == 413


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])
def test_others_are_not_served(host):
    with pytest.raises(UsageError) as told:
        listen(host, 0)
    assert "ssh -L" in told.value.do
