"""What a watcher leaves for an audit: checkpoints, attestations, digests; and how it goes on from them."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.engine.conftest import CHECKS, Stage, git, make_project

from fleet import auditing
from fleet.adapters.logs.anchor import Anchor
from fleet.adapters.logs.record import GENESIS, link
from fleet.model import events
from fleet.model.errors import FleetError
from fleet.model.fleet import Fleet
from fleet.policy.message import of_checkpoint
from fleet.wiring import Place, open_log

DAY = 86_400
SHELF = "refs/fleet/checkpoints"
Rows = list[tuple[int, str, str, str]]


@pytest.fixture(scope="module")
def merged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A project in which one change was merged, made once; tests change copies."""
    stage = Stage(make_project(tmp_path_factory.mktemp("audited") / "shop"))
    (stage.root / "fleet.yaml").write_text("version: 1\n")
    (stage.root / ".gitignore").write_text(".fleet/\nfleet.yaml\n")
    git(stage.root, "commit", "-qam", "Ignore")
    stage.issue()
    assert stage.watch(stage.pair(checks=CHECKS)) == 0
    yield stage
    stage.end()


@pytest.fixture
def copy(merged: Stage, tmp_path: Path) -> Stage:
    shutil.copytree(
        merged.root,
        tmp_path / "shop",
        ignore=shutil.ignore_patterns("*.sock", "door", "wake", "control", ".wake"),
    )
    return Stage(tmp_path / "shop")


def test_the_log_is_signed_up_to_its_end_when_the_watcher_has_ended(merged: Stage) -> None:
    found = auditing.verify(merged.place)

    assert (found.ok, found.sealed) == (True, found.events)
    assert found.checkpoints >= 2  # one at the merge


def test_only_its_owner_may_read_the_key(merged: Stage) -> None:
    assert merged.place.seal_key.stat().st_mode & 0o777 == 0o600


def test_a_merge_is_attested_beside_its_commit_and_in_the_log(merged: Stage) -> None:
    found = auditing.attested(merged.place, "main")

    assert found.problems == []
    assert len(found.held) == 4
    assert found.where == "refs/notes/fleet"
    assert found.statement["_type"] == "https://in-toto.io/Statement/v1"
    assert found.statement["subject"][0]["digest"] == {"gitCommit": git(merged.root, "rev-parse", "main")}


def test_an_attestation_says_who_did_it_with_what(merged: Stage) -> None:
    about = auditing.attested(merged.place, "main").statement["predicate"]

    dev, lead = about["runs"]
    assert (dev["agent"], dev["harness"], dev["model"]) == (
        "dev",
        {"name": "scripted", "version": "1"},
        "scripted",
    )
    assert set(dev["digests"]) == {"prompt", "system", "template"}
    assert (lead["verdict"], about["reviews"][0]["by"]) == ("approve", "agent/lead")
    assert about["checks"]["results"] == [{"name": "test", "ok": True}]
    assert all(each["met"] for each in about["gate"])


def test_an_attestation_holds_no_word_of_anybody(merged: Stage) -> None:
    said = json.dumps(auditing.attested(merged.place, "main").statement)

    assert "Add a note" not in said
    assert "Good." not in said


def test_the_log_has_the_digest_of_a_transcript(merged: Stage) -> None:
    exited = merged.events(events.RUN_EXITED, run="r1")[0]
    content = (merged.place.runs / "r1" / "transcript.jsonl").read_bytes()

    assert exited.data["transcript"]["sha256"] == hashlib.sha256(content).hexdigest()


def test_another_attestation_beside_the_commit_is_found(copy: Stage) -> None:
    note = json.loads(git(copy.root, "notes", "--ref=fleet", "show", "main"))
    said = json.loads(base64.b64decode(note["payload"]))
    said["predicate"]["reviews"][0]["by"] = "agent/qa"
    note["payload"] = base64.b64encode(json.dumps(said).encode()).decode()
    git(copy.root, "notes", "--ref=fleet", "add", "-f", "-m", json.dumps(note), "main")

    assert "not signed" in auditing.attested(copy.place, "main").problems[0]


def test_an_attestation_of_another_commit_is_found(copy: Stage) -> None:
    note = git(copy.root, "notes", "--ref=fleet", "show", "main")
    git(copy.root, "notes", "--ref=fleet", "add", "-f", "-m", note, "main~1")

    assert "about another commit" in auditing.attested(copy.place, "main~1").problems[0]


def test_a_clone_checks_an_attestation_with_the_public_key_alone(copy: Stage, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(copy.root), str(clone))
    git(clone, "fetch", "-q", "origin", "refs/notes/fleet:refs/notes/fleet", f"{SHELF}:{SHELF}")

    found = auditing.attested(Place(clone), "origin/main")

    assert found.problems == []
    assert found.held == [f"signed by {found.key.partition('+')[0]}", "about this commit"]


def test_a_proof_of_one_event_needs_no_log(copy: Stage) -> None:
    key, proof = auditing.public_key(copy.place), auditing.prove(copy.place, 9)
    assert key is not None
    shutil.rmtree(copy.root)

    found, _ = auditing.check_proof(json.dumps(proof), key.word)

    assert json.loads(found.body)["type"].startswith("fleet.")


@pytest.mark.parametrize("change", [{"seq": 10}, {"previous": "00" * 32}, {"way": []}, {"body": "{}"}])
def test_a_proof_that_was_changed_proves_nothing(change: dict[str, object], merged: Stage) -> None:
    proof = auditing.prove(merged.place, 9) | change

    with pytest.raises(FleetError, match="does not hold"):
        auditing.check_proof(json.dumps(proof))


def test_a_log_that_was_written_anew_as_a_whole_is_found(copy: Stage) -> None:
    forge(copy, "user/ann", "user/eve")

    found = auditing.verify(copy.place)

    assert (found.ok, found.bad_seq) == (False, 1)
    assert "signed another one in its place" in found.problem


def test_a_watcher_signs_no_log_that_was_written_anew(
    copy: Stage, merged: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    forge(copy, "user/ann", "user/eve")
    before = git(copy.root, "rev-parse", SHELF)

    copy.watch(merged.pair(checks=CHECKS))

    assert git(copy.root, "rev-parse", SHELF) == before
    assert "not the one that was sealed before" in caplog.text


@pytest.mark.parametrize("back", [f"{SHELF}~1", ""])
def test_checkpoints_that_were_taken_away_are_missed(back: str, copy: Stage) -> None:
    git(copy.root, "update-ref", SHELF, back) if back else git(copy.root, "update-ref", "-d", SHELF)

    found = auditing.verify(copy.place)

    assert not found.ok
    assert "checkpoints are gone" in found.problem


def test_that_all_checkpoints_are_gone_is_seen_by_the_merges_that_were_signed(copy: Stage) -> None:
    git(copy.root, "update-ref", "-d", SHELF)
    copy.place.sealed.unlink()

    found = auditing.verify(copy.place)

    assert not found.ok
    assert "All its checkpoints are gone: event" in found.problem


def test_the_end_of_the_log_cannot_be_cut_with_its_checkpoints_where_one_was_kept(copy: Stage) -> None:
    kept = git(copy.root, "show", f"{SHELF}:checkpoint") + "\n"
    size = int(git(copy.root, "show", f"{SHELF}~1:checkpoint").splitlines()[1])
    git(copy.root, "update-ref", SHELF, f"{SHELF}~1")
    copy.place.sealed.write_text(str(size))
    rewrite(copy, rows(copy)[:size])
    assert auditing.verify(copy.place).ok  # on this disk alone there is nothing that could tell

    found = auditing.verify(copy.place, kept=kept)

    assert not found.ok
    assert "that checkpoint (elsewhere) of" in found.problem


def told_line(stage: Stage) -> str:
    """The newest checkpoint, as a message has it."""
    fleet = Fleet("shop")
    seals = auditing.open_seals(stage.place, fleet)
    seals.sealed()
    return of_checkpoint(fleet, *seals.newest())[1]


@pytest.mark.parametrize(
    ("becomes", "says"),
    [
        (lambda found: [(*row[:3], row[3].replace("user/ann", "user/eve")) for row in found], "names; it is"),
        (lambda found: found[:-1], "1 event that the checkpoint that you kept"),
    ],
    ids=["rewritten", "cut off"],
)
def test_a_line_of_a_message_finds_what_was_rewritten_with_all_that_lies_on_the_disk(
    becomes: Callable[[Rows], Rows], says: str, copy: Stage
) -> None:
    line = told_line(copy)
    assert auditing.verify(copy.place, kept=line).ok
    git(copy.root, "update-ref", "-d", SHELF)
    copy.place.sealed.unlink()
    copy.place.seal_key.unlink()
    rewrite(copy, becomes(rows(copy)))
    seals = auditing.open_seals(copy.place, Fleet("shop"))  # with a key of its own
    with closing(open_log(copy.place)) as log:
        seals.seal(log, 1)
    assert auditing.verify(copy.place).ok  # on this disk alone there is nothing that could tell

    found = auditing.verify(copy.place, kept=line)

    assert not found.ok
    assert says in found.problem
    assert "and the key here is" in found.problem


def test_a_line_that_was_made_up_accuses_with_no_signature(copy: Stage) -> None:
    line = told_line(copy)
    made_up = line.replace(line.split()[2], "0" * 64, 1)

    assert "its signature does not hold" in auditing.verify(copy.place, kept=made_up).problem
    assert "no checkpoint" in auditing.verify(copy.place, kept="one two").problem


def test_that_a_remote_cannot_be_reached_is_an_event_and_stops_nothing(merged: Stage, copy: Stage) -> None:
    git(copy.root, "remote", "add", "there", str(copy.root / "nowhere.git"))
    assert copy.watch(merged.pair(checks=CHECKS, audit_push="there")) == 0

    (event,) = copy.events(events.AUDIT_PUSHED)

    assert "there is no repository" in event.data["error"]
    found = auditing.verify(copy.place)
    assert (found.ok, found.sealed) == (True, found.events)


def test_seals_are_brought_to_a_remote(merged: Stage, copy: Stage, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "there.git")
    git(copy.root, "remote", "add", "there", str(tmp_path / "there.git"))

    copy.watch(merged.pair(checks=CHECKS, audit_push="there"))

    listed = git(tmp_path / "there.git", "for-each-ref", "--format=%(refname)").split()
    assert listed == [SHELF, "refs/notes/fleet"]
    assert auditing.verify(copy.place, kept=auditing.theirs(copy.place, "there")).ok


def test_transcripts_are_deleted_when_their_time_is_over_and_the_log_says_so(
    copy: Stage, merged: Stage
) -> None:
    fleet: Fleet = merged.pair(checks=CHECKS, transcripts_ms=90 * DAY * 1000)
    copy.clock.jump(89 * DAY)
    copy.watch(fleet)
    assert (copy.place.runs / "r1" / "transcript.jsonl").exists()

    copy.clock.jump(2 * DAY)
    copy.watch(fleet)

    assert not (copy.place.runs / "r1" / "transcript.jsonl").exists()
    told = copy.events(events.RUN_REDACTED, run="r1")
    digest = copy.events(events.RUN_EXITED, run="r1")[0].data["transcript"]
    assert [digest in each.data["files"] for each in told] == [True]
    assert auditing.verify(copy.place).ok


def forge(stage: Stage, was: str, becomes: str) -> None:
    """Write the log anew with other words, as if it had always been so."""
    rewrite(stage, [(*row[:3], row[3].replace(was, becomes)) for row in rows(stage)])


def rows(stage: Stage) -> list[tuple[int, str, str, str]]:
    with closing(sqlite3.connect(stage.place.log)) as connection:
        return connection.execute("SELECT seq, id, type, body FROM events ORDER BY seq").fetchall()


def rewrite(stage: Stage, found: list[tuple[int, str, str, str]]) -> None:
    digest, made = GENESIS, []
    for seq, name, kind, body in found:
        digest = link(digest, seq, body.encode())
        made.append((seq, name, kind, body, digest))
    with closing(sqlite3.connect(stage.place.log)) as connection, connection:
        connection.execute("DELETE FROM events")
        connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?)", made)
    stage.place.log.with_name("log.head").write_text(f"{len(made):020d} {digest.hex()}\n")
    assert Anchor(stage.place.log.with_name("log.head")).read()


def test_a_lock_that_a_killed_git_has_left_is_taken_away(copy: Stage, merged: Stage) -> None:
    lock = copy.root / ".git" / f"{SHELF}.lock"
    lock.touch()
    os.utime(lock, (1, 1))

    copy.watch(merged.pair(checks=CHECKS))

    found = auditing.verify(copy.place)
    assert (found.ok, found.sealed) == (True, found.events)
