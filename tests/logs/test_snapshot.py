"""Snapshots of the fold: what comes back is what the log says, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.policy.test_simulation import FLEET

from fleet.adapters.logs.memory import MemoryLog
from fleet.adapters.logs.snapshot import FileSnapshots
from fleet.model import events
from fleet.model.event import Event
from fleet.model.state import State
from fleet.policy.fold import fold_all
from fleet.testing.world import World

SECRET = b"s" * 32


def told(seed: int, steps: int = 120) -> MemoryLog:
    """A log of a world that saw some bad luck."""
    world, log = World(FLEET, seed, chaos=0.3), MemoryLog()
    for _ in range(steps):
        world.step()
    log.append(world.log)
    return log


@pytest.fixture
def log() -> MemoryLog:
    return told(5)


@pytest.fixture
def state(log: MemoryLog) -> State:
    return fold_all(log.read())


@pytest.fixture
def snapshots(tmp_path: Path, log: MemoryLog, state: State) -> FileSnapshots:
    """One that was kept."""
    found = FileSnapshots(tmp_path / "snapshot", SECRET)
    found.save(found.pack(state), log, state.seq)
    return found


@settings(max_examples=10, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32), back=st.integers(0, 200))
def test_a_snapshot_and_what_came_since_are_the_whole_log(
    tmp_path_factory: pytest.TempPathFactory, seed: int, back: int
):
    log = told(seed)
    whole = list(log.read())
    cut = max(1, len(whole) - back)
    snapshots = FileSnapshots(tmp_path_factory.mktemp("s") / "snapshot", SECRET)
    snapshots.save(snapshots.pack(fold_all(whole[:cut])), log, cut)
    assert fold_all(log.read(cut), snapshots.load(log)) == fold_all(whole)


def test_only_its_owner_may_read_it(tmp_path: Path, snapshots: FileSnapshots):
    assert (tmp_path / "snapshot").stat().st_mode & 0o777 == 0o600


def test_one_of_another_log_is_none(snapshots: FileSnapshots):
    assert snapshots.load(told(6)) is None


def test_one_of_a_longer_log_is_none(tmp_path: Path, log: MemoryLog, snapshots: FileSnapshots):
    shorter = MemoryLog()
    shorter.append(list(log.read())[:-1])
    assert snapshots.load(shorter) is None


def test_one_signed_with_another_secret_is_none(tmp_path: Path, log: MemoryLog, snapshots: FileSnapshots):
    assert FileSnapshots(tmp_path / "snapshot", b"t" * 32).load(log) is None


@pytest.mark.parametrize("place", [0, 40, 200, -1])
def test_one_that_was_changed_anywhere_is_none(
    tmp_path: Path, log: MemoryLog, snapshots: FileSnapshots, place: int
):
    kept = bytearray((tmp_path / "snapshot").read_bytes())
    kept[place] ^= 1
    (tmp_path / "snapshot").write_bytes(kept)
    assert snapshots.load(log) is None


@pytest.mark.parametrize("length", [0, 10, 300, -1])
def test_one_that_was_cut_off_is_none(tmp_path: Path, log: MemoryLog, snapshots: FileSnapshots, length: int):
    kept = (tmp_path / "snapshot").read_bytes()
    (tmp_path / "snapshot").write_bytes(kept[:length])
    assert snapshots.load(log) is None


def test_one_that_other_rules_made_is_none(
    log: MemoryLog, snapshots: FileSnapshots, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("fleet.adapters.logs.snapshot._rules", lambda: "others")
    assert snapshots.load(log) is None


def test_where_it_cannot_be_written_there_is_none_and_nobody_is_disturbed(
    tmp_path: Path, log: MemoryLog, state: State
):
    snapshots = FileSnapshots(tmp_path / "gone" / "snapshot", SECRET)
    snapshots.save(snapshots.pack(state), log, state.seq)
    assert snapshots.load(log) is None


def test_a_forgotten_one_is_gone(tmp_path: Path, log: MemoryLog, snapshots: FileSnapshots):
    snapshots.forget()
    snapshots.forget()
    assert list(tmp_path.iterdir()) == []


def test_a_text_that_was_said_before_is_said_again(tmp_path: Path):
    log = MemoryLog()
    data = {"item": 1, "title": "Grüße \N{LINE SEPARATOR} \x00 \ud83e", "body": "", "author": "user/a"}
    log.append([Event(events.ITEM_OPENED, data, subject="item/1")])
    state = fold_all(log.read())
    snapshots = FileSnapshots(tmp_path / "snapshot", SECRET)
    snapshots.save(snapshots.pack(state), log, 1)
    assert snapshots.load(log) == state
