"""`fleet audit`: a log that was changed is found, and the whole of it can be handed to others."""

from __future__ import annotations

import csv
import io
import json
import sqlite3

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


def test_no_cell_of_a_table_is_a_formula(cli):
    cli("emit", "x.y", "--subject", "=HYPERLINK(1)")
    rows = list(csv.DictReader(io.StringIO(cli("audit", "export", "--format", "csv").out)))
    assert rows[-1]["subject"] == "'=HYPERLINK(1)"
