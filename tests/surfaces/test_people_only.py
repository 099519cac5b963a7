"""What a person decides an agent can't: verbs that act are refused inside a session, however it tries."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import fleet
from fleet.adapters.sessions.shim_sessions import ShimSessions
from fleet.model import events
from fleet.ports.session import Command
from fleet.surfaces.cli.people_only import Session, _table, find_session
from fleet.wiring import open_sessions

SOURCE = str(Path(fleet.__file__).parents[1])
ACTING = [
    ("issue", "create", "x"),
    ("issue", "label", "1", "x"),
    ("issue", "comment", "1", "x"),
    ("issue", "close", "1"),
    ("pr", "review", "2", "approve"),
    ("pr", "close", "2"),
    ("run", "developer", "x"),
    ("say", "r1", "x"),
    ("stop", "r1"),
    ("retry", "r1"),
    ("approve", "a1"),
    ("reject", "a1", "--reason", "x"),
    ("quarantine", "developer", "--reason", "x"),
    ("release", "developer", "--reason", "x"),
    ("emit", "x.y"),
]


@pytest.fixture
def sessions(cli) -> Iterator[ShimSessions]:
    opened = open_sessions(cli.place)
    yield opened
    for key in opened.keys():  # noqa: SIM118  # no mapping
        opened.stop(key, "the test is over")
        await_end(opened, key)
    opened.close()


def await_end(sessions: ShimSessions, key: str) -> None:
    watch = sessions.watch(key)
    if watch is not None:
        assert select.select([watch], [], [], 30)[0]
        os.close(watch)


def in_session(sessions: ShimSessions, cli, script: str) -> str:
    """Run a shell script as the agent of run r1 would; returns what it printed."""
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": SOURCE, "PYTHON": sys.executable}
    sessions.start("r1", Command(("/bin/sh", "-c", script), env, str(cli.place.root), grace_seconds=0.2))
    await_end(sessions, "r1")
    return "\n".join(record.text for record in sessions.read("r1", 0)[0])


def asked(cli) -> None:
    """A merge waits for a person: approval a1; run r1 is the developer's."""
    cli.story.issue()
    cli.story.deliver("r1")
    cli.story.deliver("r2", "approve")
    cli.story.examine(score=80)


@pytest.mark.parametrize("words", ACTING, ids=lambda words: " ".join(words[:2]))
def test_every_verb_that_acts_is_refused_in_a_session_and_changes_nothing(cli, monkeypatch, words):
    asked(cli)
    monkeypatch.setenv("FLEET_SESSION", "r1.0123456789abcdef")
    seq = cli.log.head().seq
    said = cli(*words)
    assert said.code == 1
    assert "An agent can't do this" in said.err
    assert "fleet agent" in said.err
    assert [event.type for event in cli.log.read(seq)] == [events.AGENT_DENIED]


def test_a_refusal_is_recorded_with_run_agent_and_what_was_tried(cli, monkeypatch):
    asked(cli)
    monkeypatch.setenv("FLEET_SESSION", "r1.0123456789abcdef")
    cli("approve", "a1")
    event = cli.newest(events.AGENT_DENIED)
    assert event.data["run"] == "r1"
    assert event.data["agent"] == "developer"
    assert event.data["action"] == "approve a1"
    cli.story.settle()
    assert cli.story.state.runs["r1"].denied == 1


def test_a_token_alone_is_a_session_too(cli, monkeypatch):
    monkeypatch.setenv("FLEET_TOKEN", "x")
    assert cli("emit", "x.y").code == 1


def test_looking_is_allowed_everywhere(cli, monkeypatch):
    asked(cli)
    monkeypatch.setenv("FLEET_SESSION", "r1.0123456789abcdef")
    assert cli("approvals").code == 0
    assert cli("why", "a1").code == 0


def test_a_person_is_no_session():
    assert find_session({"PATH": "/bin"}) is None


def test_without_a_run_in_the_environment_the_session_has_none():
    assert find_session({"FLEET_TOKEN": "x"}) == Session("")
    assert find_session({"FLEET_TOKEN": "x", "FLEET_RUN": "r7"}) == Session("r7")


def test_where_there_is_no_proc_ancestors_come_from_ps(need):
    need("ps")
    assert _table()[os.getpid()].parent == os.getppid()


APPROVE = '"$PYTHON" -m fleet approve a1'
BARE = 'env -i PATH="$PATH" PYTHONPATH="$PYTHONPATH" PYTHON="$PYTHON" sh -c'
WAYS = {
    "as it is": APPROVE,
    "with an empty environment": f"{BARE} '{APPROVE}'",
    "below a shim of its own making": "mkdir -p x/fleet/shim; echo 'import os; os.system(os.environ[\"DO\"])'"
    f' > x/fleet/shim/shim.py; DO=\'{APPROVE}\' "$PYTHON" "$PWD/x/fleet/shim/shim.py" /y/.fleet/runs/r9',
    "as a daemon": f"mkfifo end; (setsid {BARE} '{APPROVE}; echo > end' &) ; read -r _ < end",
}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a daemon has no parent to be known by")
@pytest.mark.parametrize("way", WAYS)
def test_an_agent_cannot_approve_its_own_merge(cli, sessions, way):
    asked(cli)
    said = in_session(sessions, cli, WAYS[way])
    assert "An agent can't do this" in said
    assert "this is the session of r1" in said
    kinds = [event.type for event in cli.log.read()]
    assert events.APPROVAL_GIVEN not in kinds
    assert cli.newest(events.AGENT_DENIED).data["run"] == "r1"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_refusal_goes_into_the_log_of_the_project_that_runs_the_agent(cli, sessions, tmp_path):
    asked(cli)
    clone = tmp_path / "clone"
    clone.mkdir()
    (clone / "fleet.yaml").write_text("version: 1\n")
    in_session(sessions, cli, f'cd "{clone}" && {APPROVE}')
    assert cli.newest(events.AGENT_DENIED).data["action"] == "approve a1"
    assert not (clone / ".fleet").exists()


def test_the_same_words_by_a_person_are_obeyed(cli):
    asked(cli)
    assert cli("approve", "a1").code == 0
