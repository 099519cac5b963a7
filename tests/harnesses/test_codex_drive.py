"""What the program between does with a Codex that falls silent."""

from __future__ import annotations

import asyncio
import json
import sys

from fleet.adapters.harnesses.acp_lines import Inbox
from fleet.adapters.harnesses.codex_drive import drive
from fleet.adapters.harnesses.codex_reader import CodexReader
from fleet.ports.harness import Finished

SERVER = """
import json, sys
def say(**message): print(json.dumps(message), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked: continue
    about = {"thread": {"id": "t1"}, "turn": {"id": "u1"}}
    say(id=asked["id"], result=about)
    if asked["method"] == "turn/start":
        error = {"message": "exceeded retry limit, last status: 429 Too Many Requests"}
        say(method="error", params={"threadId": "t1", "willRetry": True, "error": error})
"""
BEGIN = {"prompt": "Begin.", "workspace": "/", "conversation": "", "model": "", "hook": [], "hook_seconds": 0}


def test_one_that_waits_for_its_provider_without_a_word_is_broken_off_as_limited(capsys):
    async def play() -> bool:
        said = asyncio.StreamReader()
        said.feed_data(json.dumps(BEGIN).encode() + b"\n")
        said.feed_eof()
        inbox = Inbox(said)
        return await drive(await inbox.begin(), inbox, [sys.executable, "-c", SERVER], patience=0.05)

    assert asyncio.run(asyncio.wait_for(play(), 60)) is False
    reader = CodexReader()
    events = [event for line in capsys.readouterr().out.splitlines() for event in reader.feed("out", line)]
    (end,) = [event for event in events if isinstance(event, Finished)]
    assert (end.ok, end.kind) == (False, "overloaded")
    assert "429" in end.error
