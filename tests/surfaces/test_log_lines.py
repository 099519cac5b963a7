"""What a watcher prints as JSON."""

from __future__ import annotations

import json

from fleet.model import events
from fleet.model.event import Event
from fleet.surfaces.cli.log_lines import tell_json


def test_a_line_is_one_object_with_the_ids_of_what_it_speaks_of(capsys):
    data = {"run": "r7", "reason": 'it said "no"\nand left', "outcome": "failed"}
    tell_json(Event(events.RUN_ENDED, data, id="e1", time=1_000, seq=9, correlation_id="i3"))
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert (found["time"], found["level"]) == ("1970-01-01T00:00:01.000Z", "info")
    assert (found["run"], found["instance"], found["event"], found["seq"]) == ("r7", "i3", "e1", 9)
    assert "r7 ended" in found["message"]
