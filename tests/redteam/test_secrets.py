"""Keys and tokens: they are not published, and nobody reads them in the log or on a screen."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.conftest import APPROVES, BUDGET, Stage, assert_merged, git

from fleet.adapters.secrets.detector import SecretDetector
from fleet.model import events
from fleet.model.quarantine import Quarantining

DETECTOR = SecretDetector()
# In pieces, so that nobody who looks through this file takes them for real ones.
TOKEN = "ghp_" + "a1B2" * 9
KEY = "-----BEGIN RSA PRIVATE KEY" + "-----\n" + "MIIabc/+def\n" * 3 + "-----END RSA PRIVATE KEY" + "-----"
SECRETS = {
    "GitHub Token": TOKEN,
    "Private Key": KEY,
    "AWS Access Key": "AKIA" + "IOSFODNN7QRSTUVW",
    "Anthropic Key": "sk-ant-" + "api03-abcdefgh" * 4,
    "Stripe Access Key": "sk_" + "live_" + "a1b2c3d4" * 3,
    "Slack Token": "xoxb-" + "1234567890-" * 2 + "abcdefghij",
    "Basic Auth Credentials": "postgres://app:" + "h7Gk29sLq" + "@db.example.org/x",
    "Fleet Token": "r12." + "0a" * 32,
}


@pytest.mark.parametrize("kind", SECRETS)
def test_each_kind_is_found_and_masked(kind):
    text = f"before {SECRETS[kind]} after"
    assert [found.kind for found in DETECTOR.find(text)] == [kind]
    masked = DETECTOR.mask(text)
    assert f"[secret: {kind}]" in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")
    assert SECRETS[kind][15:] not in masked.replace("@db.example.org/x after", "")


@pytest.mark.parametrize(
    "text",
    [
        '"integrity": "sha512-' + "a/B+" * 21 + 'ab=="',
        "https://user:password@localhost/",
        "https://user:${PASSWORD}@localhost/",
        "password = os.environ['PASSWORD']",
        "commit 829a0f51bc4d233bd521fb7a5ce41c7383cbedeb",
        "-----BEGIN PUBLIC KEY-----",
    ],
)
def test_what_is_none_holds_nothing_up(text):
    assert DETECTOR.mask(text) == text


@given(st.text(max_size=80), st.sampled_from(sorted(SECRETS.values())), st.text(max_size=80))
def test_masking_twice_is_masking_once(before, secret, after):
    masked = DETECTOR.mask(f"{before} {secret} {after}")
    assert DETECTOR.mask(masked) == masked


def writes(*steps: Any) -> list[Any]:
    return [*steps, {"agent": ["done", "-m", f"It is there; the token is {TOKEN}."]}]


LEAKS = [{"run": f"printf 'a note\\ntoken = {TOKEN}\\n' > notes.txt"}, {"commit": "Add a note"}]
HIDES = [{"run": "echo a note > notes.txt"}, {"commit": "Take it away"}]
AMENDS = [{"run": "git reset -q --soft main; echo a note > notes.txt"}, {"commit": "Add a note"}]
ALWAYS = {"cases": [{"steps": writes({"say": f"I have {TOKEN}"}, {"run": "date +%N > x.txt"}, *LEAKS)}]}


def everything_written(stage: Stage) -> str:
    screens = "".join(path.read_text() for path in stage.place.runs.glob("*/screen.txt"))
    return screens + "".join(str(event.data) for event in stage.events())


def test_it_goes_back_to_the_agent_who_has_to_take_it_out_of_every_commit(stage: Stage):
    again = {"when": {"prompt": "amend or rebase"}, "steps": writes(*AMENDS)}
    script = {"cases": [again, {"steps": writes({"say": f"I have {TOKEN}"}, *LEAKS, *HIDES)}]}
    fleet = stage.fleet(
        stage.agent("dev", "change", script, budget=BUDGET), stage.agent("lead", "review", APPROVES)
    )
    stage.issue("Add a note")
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)
    (first,) = stage.events(events.RUN_COLLECTED, run="r1")
    assert first.data["secrets"] == [{"path": "notes.txt", "line": 2, "kind": "GitHub Token"}]
    assert stage.outcomes()[:2] == [("dev", "implement", "failed"), ("dev", "implement", "succeeded")]
    assert stage.state().agents["dev"].denied == 1
    assert TOKEN not in git(stage.root, "log", "-p", "main")
    assert TOKEN not in everything_written(stage)
    assert "[secret: GitHub Token]" in everything_written(stage)


@pytest.mark.parametrize("answer", ["given", "refused"])
def test_the_second_time_a_person_says_whether_it_is_one(stage: Stage, answer: str):
    fleet = stage.fleet(
        stage.agent("dev", "change", ALWAYS, budget=BUDGET),
        stage.agent("lead", "review", APPROVES),
        attempts=3,
        quarantine=Quarantining(secrets=0),
    )
    stage.issue("Add a note")
    assert stage.watch(fleet) == 3
    (asked,) = [event for event in stage.events(events.APPROVAL_ASKED) if event.data["kind"] == "secrets"]
    assert "notes.txt:2 (GitHub Token)" in asked.data["why"]
    assert not stage.events(events.CHANGE_OPENED)
    kind = events.APPROVAL_GIVEN if answer == "given" else events.APPROVAL_REFUSED
    stage.tell(kind, approval=asked.data["approval"], note="it is an example")
    if answer == "given":
        assert stage.watch(fleet) == 0
        assert_merged(stage, fleet)
    else:
        assert stage.watch(fleet) == 3
        assert not stage.events(events.CHANGE_OPENED)
        assert "it is an example" in stage.state().runs["r2"].reason
    assert TOKEN not in everything_written(stage)
