"""`fleet audit`: a log that was changed is found, and the whole of it can be handed to others."""

from __future__ import annotations

import csv
import io
import json
import sqlite3

from fleet.model import events
from fleet.model.event import from_cloudevent


def change(cli, sql: str, *values: object) -> None:
    """Do what an attacker with the file would do."""
    cli.log.close()
    with sqlite3.connect(cli.place.log) as connection:
        connection.execute(sql, values)
    connection.close()


def test_a_log_as_it_was_written_holds(cli):
    cli.story.issue()
    said = cli("audit", "verify")
    assert said.code == 0
    assert said.out.startswith("The log holds: ")
    found = cli("audit", "verify", "--json").json
    assert (found["ok"], found["bad_seq"]) == (True, None)


def test_a_changed_record_is_named(cli):
    cli.story.issue()
    change(cli, "UPDATE events SET body = replace(body, 'user/mia', 'user/eve') WHERE seq = 3")
    said = cli("audit", "verify")
    assert said.code == 1
    assert "Record 3" in said.err
    said = cli("audit", "verify", "--json")
    assert said.code == 1
    assert said.json["bad_seq"] == 3


def test_a_removed_end_is_told(cli):
    cli.story.issue()
    change(cli, "DELETE FROM events WHERE seq > 3")
    said = cli("audit", "verify")
    assert said.code == 1
    assert "cut off" in said.err


def test_a_file_that_is_no_database_is_told(cli):
    cli.log.close()
    cli.place.log.write_bytes(b"nothing of the kind")
    assert cli("audit", "verify").code == 1


def test_an_export_is_what_the_log_holds(cli):
    cli.story.issue()
    lines = cli("audit", "export").out.splitlines()
    assert [from_cloudevent(json.loads(line)) for line in lines] == list(cli.log.read())


def test_a_table_has_a_row_for_each_event(cli):
    cli.story.issue()
    rows = list(csv.DictReader(io.StringIO(cli("audit", "export", "--format", "csv").out)))
    assert [int(row["seq"]) for row in rows] == [event.seq for event in cli.log.read()]
    assert json.loads(rows[2]["data"])["title"] == "Add a note"


def test_each_row_of_a_run_says_which_program_and_which_texts_were_at_work(cli):
    tell = cli.story.tell
    tell(events.RUN_ADMITTED, run="r7", agent="qa", harness="codex", model="m1")
    tell(events.RUN_STARTED, run="r7", digests={"prompt": "p", "system": "s", "template": "t"})
    tell(events.RUN_CONVERSED, run="r7", conversation="c", model="m2", version="1.2")
    tell(events.RUN_SPENT, run="r7", cost_micros=5, tokens=9)
    row = list(csv.DictReader(io.StringIO(cli("audit", "export", "--format", "csv").out)))[-1]
    names = [
        "agent",
        "harness",
        "version",
        "model",
        "prompt_sha256",
        "system_sha256",
        "template_sha256",
        "cost_micros",
    ]
    assert [row[name] for name in names] == ["qa", "codex", "1.2", "m2", "p", "s", "t", "5"]


def test_no_cell_of_a_table_is_a_formula(cli):
    cli("emit", "x.y", "--subject", "=HYPERLINK(1)")
    rows = list(csv.DictReader(io.StringIO(cli("audit", "export", "--format", "csv").out)))
    assert rows[-1]["subject"] == "'=HYPERLINK(1)"


def test_no_cell_hides_a_formula_behind_spaces_or_a_line(cli):
    cli("emit", "x.y", "--subject", " \t@SUM(1)", "--data", '{"reason": "-1+2"}')
    row = list(csv.DictReader(io.StringIO(cli("audit", "export", "--format", "csv").out)))[-1]
    assert (row["subject"][0], row["reason"]) == ("'", "'-1+2")


def found(cli, *words: str) -> list[int]:
    """The numbers of the events that both verbs give for this."""
    listed = [int(json.loads(line)["sequence"]) for line in cli("events", "--json", *words).out.splitlines()]
    exported = [int(json.loads(line)["sequence"]) for line in cli("audit", "export", *words).out.splitlines()]
    assert listed == exported
    return listed


def test_events_are_asked_for_by_who_and_what_they_are_about(cli):
    story = cli.story
    first, other = story.issue(), story.issue("Another one")
    whole = list(cli.log.read())

    assert found(cli, "--type", "item.*") == [e.seq for e in whole if e.type.startswith("fleet.item.")]
    assert set(found(cli, "--item", str(first))).isdisjoint(found(cli, "--item", str(other)))
    ours = [e.seq for e in whole if e.subject == "run/r1"]
    assert found(cli, "--run", "r1") == ours != []
    assert set(ours) & set(found(cli, "--agent", "developer"))
    assert found(cli, "--actor", "mia") == [
        e.seq for e in whole if "user/mia" in (e.data.get("author"), e.source)
    ]
    assert found(cli, "--agent", "nobody") == []


def test_events_are_asked_for_by_time(cli):
    cli("emit", "x.y")
    whole = [event.seq for event in cli.log.read()]

    assert found(cli, "--since", "1h") == whole
    assert found(cli, "--until", "2001-01-31") == found(cli, "--since", "2999-01-31T12:00Z") == []
    assert cli("events", "--since", "soon").code == 2


def test_an_agent_may_be_asked_for_from_the_middle_of_the_log(cli):
    cli.story.issue()
    whole = found(cli, "--agent", "developer")

    later = cli("events", "--json", "--agent", "developer", "--after", str(whole[0])).out.splitlines()

    assert [int(json.loads(line)["sequence"]) for line in later] == whole[1:]


def test_a_redacted_event_keeps_its_place_and_the_log_holds(cli):
    cli.story.issue(body="The password is hunter2.")
    seq = next(e.seq for e in cli.log.read() if "hunter2" in str(e.data))
    head = cli.log.head().hash

    assert cli("audit", "redact", str(seq)).code == 2  # no reason
    assert cli("audit", "redact", str(seq), "--reason", "a secret").code == 0

    verified = cli("audit", "verify", "--json").json
    assert (verified["ok"], verified["redacted"]) == (True, 1)
    after = list(cli.log.read())
    assert "hunter2" not in str(after[seq - 1])
    assert (after[-1].data["actor"], after[-1].data["reason"]) == ("user/mia", "a secret")
    assert after[-2].hash == head
    cli.log.close()
    assert all(b"hunter2" not in file.read_bytes() for file in cli.place.dot.glob("log.db*"))
    assert cli("issue", "show", "1").code == 0


def test_what_was_left_of_a_redacted_event_cannot_be_changed(cli):
    cli.story.issue()
    cli("audit", "redact", "3", "--reason", "a secret")
    change(cli, "UPDATE events SET body = replace(body, 'user/mia', 'user/eve') WHERE seq = 3")

    assert "Record 3" in cli("audit", "verify").err


def test_the_texts_of_an_event_cannot_be_taken_away_twice_nor_those_that_tell_of_it(cli):
    cli.story.issue()
    cli("audit", "redact", "3", "--reason", "a secret")
    last = cli.log.head().seq

    assert "redacted already" in cli("audit", "redact", "3", "--reason", "again").err
    assert "has to stay" in cli("audit", "redact", str(last), "--reason", "hide it").err


def test_a_commit_without_an_attestation_is_told(cli):
    assert "has no attestation" in cli("audit", "attest", "main").err
    assert "There is no commit" in cli("audit", "attest", "nowhere").err
