"""A short night of random kills, of which `make faults` plays long ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.faults.__main__ import play


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_whatever_is_killed_all_work_is_done_once_and_nothing_is_left(tmp_path: Path, need):
    need("tmux")
    # Its own folder must be short: tmux's socket lies in it.
    found = play(tmp_path, seed=1, items=3, seconds=8, rest=200)
    assert found == []
