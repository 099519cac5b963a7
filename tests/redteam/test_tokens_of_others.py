"""Tokens of other runs, which a session without a sandbox can read or make: they open nothing there."""

from __future__ import annotations

import shlex

from tests.engine.conftest import APPROVES, BUDGET, Stage, commits
from tests.redteam.ways import serve_at_a_known_port

from fleet.model import events

MINT = """
import hashlib, hmac, pathlib, time
dot = pathlib.Path("../..")
while not (dot / "runs/r2/session.json").exists():
    time.sleep(0.02)
print("r2." + hmac.new((dot / "secret").read_bytes(), b"r2", hashlib.sha256).hexdigest())
"""
BODY = '-H "Content-Type: application/json" -H "Authorization: Bearer $OTHER" -d \'{"text": "I am r2."}\''
SOCKET = f'curl -s -m 9 --unix-socket "$FLEET_SOCKET" {BODY} http://localhost/agent/ask'
PORT = f"curl -s -m 9 {BODY} http://127.0.0.1:$PORT/agent/ask"
SENDS = """
import json, os, socket
body = json.dumps({"text": "I am r2."})
fields = [f"Authorization: Bearer {os.environ['OTHER']}", "Content-Type: application/json"]
head = ["POST /agent/ask HTTP/1.1", "Host: localhost", *fields, f"Content-Length: {len(body)}"]
with socket.create_connection(("127.0.0.1", int(os.environ["PORT"]))) as side:
    side.sendall("\\r\\n".join([*head, "", body]).encode())
"""
GONE = f"python3 -c {shlex.quote(SENDS)}"
VERB = 'FLEET_TOKEN="$OTHER" FLEET_RUN=r2 fleet agent ask -m "I am r2."'
FIRST = f"export OTHER=$(python3 -c {shlex.quote(MINT)})"
WAYS = (GONE, SOCKET, PORT, VERB)


def test_who_uses_another_runs_token_is_refused_named_and_quarantined(stage: Stage, tmp_path):
    ended = tmp_path / "ended"
    port = serve_at_a_known_port(stage)
    steps = [{"run": f"{FIRST} PORT={port}; export PORT\n{way} || true"} for way in WAYS]
    robs = {"steps": [*steps, {"run": f"touch {ended}; sleep 20"}, {"commit": "never"}]}
    waits = {"steps": [{"run": f"until [ -e {ended} ]; do sleep 0.05; done"}, *commits("two", to="two.txt")]}
    fleet = stage.fleet(
        stage.agent("robber", "change", robs, budget=BUDGET),
        stage.agent("other", "change", waits, budget=BUDGET),
        stage.agent("lead", "review", APPROVES),
    )
    stage.issue("Add one")
    stage.issue("Add two")
    stage.watch(fleet, heard={events.AGENT_QUARANTINED: lambda _: ended.touch()})
    assert "I am r2." not in str([event.data for event in stage.events()])
    told = [event.data for event in stage.events(events.GATEWAY_REFUSED)]
    assert {each["reason"] for each in told} == {"its token is that of r2"}
    assert {each["agent"] for each in told} <= {"robber", ""}
    assert len(told) >= len(WAYS) - 1  # it may be stopped before it has come to the last
    assert [event.data["agent"] for event in stage.events(events.AGENT_QUARANTINED)] == ["robber"]
