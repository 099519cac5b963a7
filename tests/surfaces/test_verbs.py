"""Verbs by which people look: what they print, for people and for programs, whatever is in the log."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import fleet
from fleet.engine.lease import lease
from fleet.gateway.unix_path import short_path
from fleet.model import events
from fleet.surfaces.cli.completion import candidates
from fleet.surfaces.cli.table import display_width
from fleet.surfaces.cli.verbs import shown_verbs

HOSTILE = "\x1b]0;owned\x07\x1b[2Jrm -rf \u202e/ 日本語 " + "very long " * 40


def busy(cli) -> None:
    """A bit of everything: one merged, one that waits for a person, one that failed, one that runs."""
    story = cli.story
    story.issue(HOSTILE)
    story.deliver("r1", text=HOSTILE)
    story.deliver("r2", "approve", HOSTILE)
    story.examine(score=80)
    story.issue("Stops", body=HOSTILE)
    run = list(story.state.runs)[-1]
    story.start(run)
    story.about(run, events.RUN_ACTED, action=HOSTILE)
    story.end(run, reason="ceiling", finish="", error=HOSTILE)
    story.issue("Runs")
    story.issue("Waits")
    run = next(name for name in story.state.moving if story.state.runs[name].live)
    story.start(run)
    story.about(run, events.RUN_ACTED, action=HOSTILE)


LOOKING = [
    ("status",),
    ("status", "--all"),
    ("issue", "list", "--all"),
    ("issue", "show", "1"),
    ("pr", "list", "--all"),
    ("pr", "show", "2"),
    ("runs",),
    ("runs", "r1"),
    ("approvals",),
    ("risk", "2"),
    ("budget",),
    ("plan",),
    ("why", "1"),
    ("why", "r1"),
    ("why", "developer"),
    ("why", "a1"),
    ("events",),
]


@pytest.mark.parametrize("words", LOOKING, ids=" ".join)
def test_no_text_of_others_reaches_the_terminal_raw(cli, words):
    busy(cli)
    said = cli(*words)
    assert said.code == 0, said.err
    assert [sign for sign in said.out if (ord(sign) < 0x20 and sign != "\n") or sign == "\u202e"] == []


@pytest.mark.parametrize(
    "words",
    [("status", "--all"), ("issue", "list", "--all"), ("pr", "list"), ("runs",), ("approvals",), ("budget",)],
    ids=" ".join,
)
def test_tables_fit_eighty_columns(cli, words):
    busy(cli)
    widths = {line: display_width(line) for line in cli(*words).out.splitlines()}
    assert [line for line, width in widths.items() if width > 80] == []


@pytest.mark.parametrize("words", [words for words in LOOKING if words != ("events",)], ids=" ".join)
def test_json_is_one_document_and_nothing_else(cli, words):
    busy(cli)
    said = cli(*words, "--json")
    assert said.code == 0, said.err
    many = words[-1] in ("list", "runs", "approvals", "plan") or words[1:] == ("list", "--all")
    assert isinstance(said.json, list if many else dict)
    assert said.err == ""


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("issue", "list"),
        ("pr", "list"),
        ("runs",),
        ("approvals",),
        ("budget",),
        ("plan",),
        ("events",),
    ],
    ids=" ".join,
)
def test_a_project_in_which_nothing_happened_can_be_looked_at(cli, words):
    said = cli(*words)
    assert (said.code, said.err) == (0, "")
    assert said.out


def test_the_status_says_that_the_log_was_cut_off(cli):
    cli.story.issue()
    assert cli("status", "--json").json["troubles"] == []
    note = cli.place.dot / "log.head"
    note.write_text(f"{10**6:020d} {'a' * 64}\n")
    assert "log.head was written at record 1000000" in cli("status", "--json").json["troubles"][0]
    assert "trouble: Nothing was appended" in " ".join(cli("status").out.split())


def test_events_are_one_cloudevent_a_line(cli):
    cli.story.issue()
    lines = cli("events", "--json").out.splitlines()
    found = [json.loads(line) for line in lines]
    assert [int(each["sequence"]) for each in found] == list(range(1, len(found) + 1))
    assert {each["specversion"] for each in found} == {"1.0"}


def test_events_can_be_chosen_by_type_place_and_number(cli):
    cli.story.issue()
    everything = [json.loads(line) for line in cli("events", "--json").out.splitlines()]
    runs = [
        json.loads(line)["type"] for line in cli("events", "--json", "--type", "fleet.run.*").out.splitlines()
    ]
    assert runs == ["fleet.run.queued", "fleet.run.admitted"]
    last = [json.loads(line)["id"] for line in cli("events", "--json", "-n", "2").out.splitlines()]
    assert last == [each["id"] for each in everything[-2:]]
    page = [
        json.loads(line)["id"] for line in cli("events", "--json", "--after", "2", "-n", "2").out.splitlines()
    ]
    assert page == [each["id"] for each in everything[2:4]]


def test_events_are_followed_as_they_come(cli):
    cli.story.issue()
    source = str(Path(fleet.__file__).parents[1])
    argv = [sys.executable, "-m", "fleet", "events", "-f", "--json", "--type", "x.*"]
    with subprocess.Popen(
        argv,
        cwd=cli.place.root,
        env={**os.environ, "PYTHONPATH": source},
        stdout=subprocess.PIPE,
        text=True,
        # Whoever runs the tests in the background may have them ignore it, and a child inherits that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as following:
        assert following.stdout is not None
        cli("emit", "y.y")
        cli("emit", "x.y")
        assert json.loads(following.stdout.readline())["type"] == "x.y"
        following.send_signal(signal.SIGINT)
        assert following.wait(30) == 130


def test_the_diff_of_a_pull_request_is_that_of_its_branch(cli):
    base = cli.git("rev-parse", "main")
    cli.git("checkout", "-q", "-b", "fleet/1-add-a-note")
    (cli.place.root / "NOTE.md").write_text("Mia owns this.\n")
    cli.git("add", ".")
    cli.git("commit", "-q", "-m", "Add a note")
    head = cli.git("rev-parse", "HEAD")
    cli.git("checkout", "-q", "main")
    cli.story.issue()
    data = {"change": 2, "item": 1, "instance": "i1", "branch": "fleet/1-add-a-note", "base": "main"}
    cli.story.tell(events.CHANGE_OPENED, **data, head=head, author="agent/developer", title="Add a note")
    assert "+Mia owns this." in cli("pr", "diff", "2").out
    cli.git("merge", "-q", "--no-ff", "-m", "Merge", "fleet/1-add-a-note")
    merged = cli.git("rev-parse", "main")
    cli.story.tell(events.CHANGE_MERGED, change=2, head=head, sha=merged, base=base)
    assert "+Mia owns this." in cli("pr", "diff", "2").out


def test_plan_tells_what_would_follow_and_does_nothing(cli):
    said = cli("issue", "create", "Add a note", "-l", "fleet:ready")
    assert said.code == 0
    seq = cli.log.head().seq
    plan = cli("plan", "--json").json
    assert [each["type"] for each in plan] == [
        "fleet.trigger.routed",
        "fleet.instance.started",
        "fleet.run.queued",
        "fleet.run.admitted",
        "fleet.effect.wanted",
    ]
    assert plan[2]["rule"] == "jobs_to_queue"
    assert cli.log.head().seq == seq


def test_why_draws_the_chain_down_to_the_person(cli):
    cli.story.issue()
    cli.story.start("r1")
    cli.story.end("r1", code=3)
    said = cli("why", "r1").out
    assert said.startswith("r1 (run) failed\n  its process ended with exit code 3\n")
    assert "↑ because" in said
    assert "rule runs_to_end:" in said
    assert said.index("r1 ended: failed") < said.index("user/mia opened issue 1")


def test_what_is_not_there_is_an_error_with_a_hint(cli):
    cli.story.issue()
    for words, hint in (
        (("why", "r99"), "fleet status"),
        (("runs", "r99"), "fleet runs"),
        (("issue", "show", "99"), "fleet issue list"),
        (("pr", "show", "1"), "has no pull request yet"),
        (("logs", "r99"), "fleet runs"),
    ):
        said = cli(*words)
        assert said.code == 1, words
        assert said.out == ""
        assert hint in said.err, words


def test_a_word_that_is_no_number_is_wrong_usage(cli):
    assert cli("issue", "show", "twelve").code == 2
    assert cli("pr", "show", "-1").code == 2


def test_an_issue_may_be_written_with_its_sign(cli):
    cli.story.issue()
    assert cli("issue", "show", "#1", "--json").json["id"] == 1
    assert cli("why", "#1", "--json").json["kind"] == "item"


def test_outside_of_a_project_the_way_in_is_named(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = cli("runs")
    assert said.code == 2
    assert "fleet init" in said.err


def test_of_a_watcher_that_does_not_answer_status_says_so_and_shows_what_the_log_tells(
    cli, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("fleet.surfaces.cli.status._PATIENCE", 0.05)
    cli.place.secret.write_bytes(b"x" * 32)
    cli.place.socket.parent.mkdir()
    with (
        lease(cli.place.lock),
        short_path(str(cli.place.socket)) as name,
        socket.socket(socket.AF_UNIX) as door,
    ):
        door.bind(name)
        door.listen()
        found = cli("status", "--json").json
    assert found["agents"]
    assert "does not answer" in found["troubles"][0]


@pytest.mark.parametrize("verb", sorted(shown_verbs()))
def test_the_shell_is_answered_within_every_verb(verb: str):
    assert all(word for typed in ("", "--") for word, _ in candidates([verb, typed]))
