"""`fleet dashboard` as a verb: where it can't be, who may not, and that it alone pays for what it needs."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import fleet
from fleet.surfaces.cli.root import run

SOURCE = str(Path(fleet.__file__).parents[1])
NOT_LOADED = "sys.exit('textual' in sys.modules)"


def test_without_a_terminal_it_names_what_to_use(board, capsys):
    assert run(["dashboard"]) == 1
    assert "fleet status" in capsys.readouterr().err


def test_an_agent_can_not_open_it(board, capsys, monkeypatch):
    monkeypatch.setenv("FLEET_SESSION", "r1.abc")
    assert run(["dashboard"]) == 1
    assert "An agent can't do this" in capsys.readouterr().err


def test_other_verbs_do_not_load_textual(board):
    code = f"from fleet.surfaces.cli.root import run; import sys; run(['status']); {NOT_LOADED}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": SOURCE},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0


def test_on_a_terminal_it_opens_and_q_leaves(board):
    main, side = pty.openpty()
    env = {**os.environ, "PYTHONPATH": SOURCE, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    with subprocess.Popen(
        [sys.executable, "-m", "fleet", "dashboard"],
        stdin=side,
        stdout=side,
        stderr=side,
        env=env,
        start_new_session=True,
    ) as shown:
        os.close(side)
        seen, end = b"", time.monotonic() + 30
        try:
            while b"NEEDS YOU" not in seen and time.monotonic() < end:
                if select.select([main], [], [], 1)[0]:
                    seen += os.read(main, 65536)
            os.write(main, b"q")
            while shown.poll() is None and time.monotonic() < end:
                if select.select([main], [], [], 0.1)[0]:
                    try:
                        os.read(main, 65536)
                    except OSError:
                        break  # it has closed its end
            assert shown.wait(10) == 0
        finally:
            if shown.poll() is None:
                shown.kill()
            os.close(main)
    assert b"AGENTS" in seen
