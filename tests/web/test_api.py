"""The API is what its document says: asked by a generator of requests, and by hand."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from starlette.testclient import TestClient

from fleet.surfaces.access import granted
from fleet.surfaces.web.app import build_app
from fleet.surfaces.web.operations import DOCUMENT, OPERATIONS, STREAM
from fleet.wiring import clock

if os.environ.get("CI") in ("true", "1"):
    import schemathesis
else:
    schemathesis = pytest.importorskip("schemathesis", reason="needs schemathesis (pip install .[dev])")

HERE = "http://127.0.0.1:8717"
OWN = {"authorization": "Bearer secret", "host": "127.0.0.1:8717"}
EXAMPLES = 4


@pytest.fixture
def client(shop, page) -> TestClient:
    """A program of an admin, and a project with a bit of everything."""
    shop.merge_asked()
    shop.story.issue("Another one")
    shop.story.start("r3")
    shop.log.append(granted(shop.story.state, "user/mia", "bot", "admin", "secret", 1, clock()))
    page.site.projection.catch_up()
    return TestClient(build_app(page.site), base_url=HERE, headers=OWN)


def test_whatever_is_sent_the_answer_is_as_the_document_says(client):
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    checks = [
        not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_schema_conformance,
    ]
    schema = schemathesis.openapi.from_asgi(DOCUMENT, client.app, headers=OWN)
    asked = []

    for operation in schema.exclude(path=STREAM).get_all_operations():
        found = operation.ok()

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=found.as_strategy())
        def one(case) -> None:
            asked.append(case.path)
            case.call_and_validate(headers=OWN, checks=checks)

        one()
    assert len(set(asked)) == len({each.path for each in OPERATIONS}) - 1


def test_every_operation_is_in_the_document_once(client):
    paths = client.get(DOCUMENT).json()["paths"]
    found = [(path, method.upper()) for path, methods in paths.items() for method in methods]
    assert sorted(found) == sorted((each.path, each.method) for each in OPERATIONS)
    names = [paths[path][method.lower()]["operationId"] for path, method in found]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "each", [each for each in OPERATIONS if each.path != STREAM], ids=lambda each: each.path
)
def test_each_operation_answers(client, each):
    path = each.path.format(approval="a1", run="r3", name="developer", item="1", change="2")
    if each.method == "GET":
        assert client.get(path).status_code == 200
        return
    fields = {name.rstrip("?"): "approve" if name == "do" else "x" for name in each.fields}
    answer = client.post(path, json=fields)
    assert answer.status_code in (200, 409), answer.text


def test_a_field_that_is_not_there_or_missing_is_said(client):
    assert client.post("/api/runs/r3/say", json={"txt": "x"}).json()["error"] == "There is no field 'txt'"
    assert client.post("/api/runs/r3/say", json={}).json()["error"] == "text is missing"
    assert client.post("/api/runs/r3/say", json={"text": 7}).status_code == 400
    assert client.get("/api/insight", params={"days": "many"}).status_code == 400
    assert client.get("/api/nothing").status_code == 404
