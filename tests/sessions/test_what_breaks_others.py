"""What other managers of agents fell over, each by the issue in which it was told, and does not harm here.

More of them stand where their part is tested: a tmux server that dies (Untrivial-ai/agent-orchestrator #695)
and tmux sessions that pile up (bobmatnyc/trusty-tools #1458) in tests/terminals, an idle session that is
noticed (rjwalters/loom #1516) in tests/policy/test_unstick.py, a trigger that spends and spends
(multica-ai/multica #4076) in tests/policy/test_ceilings.py.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from fleet.adapters.sessions.run_folder import RunFolder
from fleet.model import events
from fleet.testing.story import Story


def test_a_session_lives_as_long_as_its_program_whatever_else_has_its_name(runs):
    """Untrivial-ai/agent-orchestrator #2089, #2702: a tmux session of that name passed for a live agent."""
    with subprocess.Popen(["sleep", "60"], env={"FLEET_RUN": "r1", "NAME": "fleet-shop-r1"}) as impostor:
        runs.shell("echo done")
        runs.end()
        assert not runs.sessions.alive("r1")
        impostor.kill()


def test_a_shell_that_the_agent_leaves_behind_is_no_live_agent(runs):
    """Untrivial-ai/agent-orchestrator #1967: a shell in the pane of a dead agent counted as its life."""
    runs.shell("(exec sleep 60) & echo ready")
    assert runs.end().reason == "exited"
    assert not runs.sessions.alive("r1")
    assert not runs.processes()


def test_after_a_reboot_nothing_counts_as_alive(runs):
    """Untrivial-ai/agent-orchestrator #4776: zombies that were shown as running."""
    runs.shell("exit 3")
    runs.end()
    folder = RunFolder(runs.root, "r1").path
    (folder / "exit.json").unlink()
    about = json.loads((folder / "session.json").read_text())
    me = {"pid": os.getpid(), "start": "1"}  # numbers that others have by now
    (folder / "session.json").write_text(json.dumps({**about, "boot": "another", "shim": me, "child": me}))
    assert not runs.sessions.alive("r1")
    assert runs.sessions.exit("r1").reason == "host restarted"
    assert Path(f"/proc/{os.getpid()}").exists()


def test_a_session_left_over_from_before_a_restart_blocks_no_new_work():
    """gabrielkoerich/orch #1560: its slot stayed taken for ever."""
    story = Story()
    story.issue("One")
    story.start("r1")
    story.issue("Two")
    assert story.state.runs["r2"].state == "queued"
    story.end("r1", reason="host restarted", code=None, finish="")
    story.now += 60_000
    story.tell(events.CLOCK_TICKED)
    assert sum(run.live for run in story.state.runs.values()) == 1
    assert all(run.state != "running" for run in story.state.runs.values())


def test_a_prompt_reaches_the_program_whole_however_long_and_odd_it_is(runs):
    """gastownhall/gastown #59: it was typed into a pane, and Enter was lost."""
    prompt = "".join(f"line {n} \x1b[31m\t'$(x)`\\\n" for n in range(20_000)) + "no end of a line"
    count = "import sys; print(len(sys.stdin.buffer.read()))"
    runs.python(count, stdin=prompt)
    runs.end()
    assert runs.said().strip() == str(len(prompt.encode()))
