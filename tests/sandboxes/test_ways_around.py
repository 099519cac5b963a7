"""Ways out of a sandbox, each tried from inside a session in the real story: none leads anywhere, and the
story goes on to its merge.
"""

from __future__ import annotations

import os
import shlex
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.engine.conftest import APPROVES, BUDGET, Stage, assert_merged, git, make_project

from fleet.model import events
from fleet.model.fleet import Check, Sandboxing
from fleet.wiring import read_watcher

READS = {
    "the SSH key": "cat $HOME/.ssh/id_ed25519",
    "gh's login": "cat $HOME/.config/gh/hosts.yml",
    "the .netrc": "cat $HOME/.netrc",
    "git's stored passwords": "cat $HOME/.git-credentials",
    "the cloud's keys": "cat $HOME/.aws/credentials",
    "another project": "cat $HOME/other/plans.txt",
    "the log": "cat $ROOT/.fleet/log.db",
    "the secret of tokens": "cat $ROOT/.fleet/secret",
    "the key of its seals": "cat $ROOT/.fleet/seal.key",
    "another run's orders": "cat $ROOT/.fleet/runs/r1/command.json",
    "another workspace": "cat $ROOT/.fleet/workspaces/other/plans.txt",
    "the project's checkout": "cat $ROOT/README.md",
    "the watcher's environment": "cat /proc/$WATCHER/environ",
    "the watcher's files": "ls /proc/$WATCHER/root/",
    "up and over": "cat ../../secret",
    "a link in the workspace": "ln -sf $ROOT/.fleet/secret link && cat link",
    "a link of a folder": "ln -sfn $ROOT/.fleet folder && cat folder/secret",
    "process 1's view": "cat /proc/1/root$ROOT/.fleet/secret",
    "another program's socket": "python3 -c \"import socket; socket.socket(1).connect('$SOCKET')\"",
    "a socket in the home": "test -S $HOME/agent.sock",
}
WRITES = {
    "the checkout": "echo x >> $ROOT/README.md",
    "its hooks": "echo x > $ROOT/.git/hooks/post-merge",
    "its configuration": "git -C $ROOT config alias.x y",
    "its objects": "touch $(cat .git/objects/info/alternates)/x",
    "its branch, by a push": "git push $ROOT HEAD:refs/heads/main",
    "its branch, by a file URL": "git push file://$ROOT HEAD:refs/heads/other",
    "fleet.yaml": "echo x >> $ROOT/fleet.yaml",
    "the script that it plays": "echo x >> $FLEET_SCRIPT",
    "a file beside the workspace": "touch ../x",
    "a file of the system": "touch /usr/x",
    "a file at the root": "touch /x",
    "the settings of the system": "touch /etc/x",
    "Fleet itself": "echo >> $(command -v fleet)",
    "the gateway's place": 'rm "$FLEET_SOCKET"',
    "another gateway": 'touch "$(dirname "$FLEET_SOCKET")/x"',
    "the log, by the folder above": "mkdir -p $ROOT/.fleet && touch $ROOT/.fleet/log.db",
}
DEEDS = {
    "killing the watcher": "kill -0 $WATCHER",
    "a mount": "mount -t tmpfs none /mnt",
    "making the system writable": "mount -o remount,rw,bind /usr && touch /usr/x",
    "the same as root of a namespace": "unshare -Urm sh -c 'mount -o remount,rw,bind /usr && touch /usr/x'",
    "uncovering the home": "umount $HOME",
    "the same in a namespace": "unshare -Urm umount $HOME",
    "a /proc of its own": "unshare -Urpfm --mount-proc test -w /proc/sys/kernel/core_pattern",
    "a kernel setting": "test -w /proc/sys/kernel/core_pattern",
    "a raw disk": "mknod disk b 254 0",
    "another user's rights": "su -c true nobody || sudo -n true",
    "tracing the watcher": "python3 -c 'import ctypes, sys; sys.exit("
    "ctypes.CDLL(None).ptrace(16, int(sys.argv[1]), 0, 0) != 0)' $WATCHER",
}
ALL = READS | WRITES | DEEDS
WORDS = "not-for-agents"


@dataclass
class Story:
    stage: Stage
    home: Path
    found: dict[str, bool]
    """What was tried → whether it worked."""


def attempts(root: Path, listener: Path, tried: dict[str, str]) -> str:
    """A script that tries everything, and tells in a file of the workspace what worked."""
    setting = f"ROOT={root} WATCHER={os.getpid()} SOCKET={listener}\n"
    lines = [
        f"if ( {command}\n) >>attempts.log 2>&1 </dev/null; then echo yes; else echo no; fi >> found.txt\n"
        f"echo {shlex.quote(name)} >> found.txt"
        for name, command in tried.items()
    ]
    return setting + "\n".join(lines)


def play(folder: Path, tried: dict[str, str], use: str) -> Story:
    home = folder / "home"
    for name in (".ssh/id_ed25519", ".config/gh/hosts.yml", ".netrc", ".git-credentials", ".aws/credentials"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(WORDS)
    (home / "other").mkdir()
    (home / "other/plans.txt").write_text(WORDS)
    stage = Stage(make_project(home / "shop"))
    other = stage.place.workspaces / "other/plans.txt"
    other.parent.mkdir(parents=True)
    other.write_text(WORDS)
    listener = folder / "agent.sock"
    with (
        pytest.MonkeyPatch.context() as patch,
        socket.socket(socket.AF_UNIX) as one,
        socket.socket(socket.AF_UNIX) as two,
    ):
        patch.setenv("HOME", str(home))
        one.bind(str(listener))
        one.listen()
        two.bind(str(home / "agent.sock"))
        steps = [
            {"run": attempts(stage.root, listener, tried)},
            {"run": "rm -f link folder disk; echo a note >> notes.txt"},
            {"commit": "Add a note"},
            {"agent": ["done", "-m", "I tried."]},
        ]
        sandbox = Sandboxing(use)  # type: ignore[arg-type]
        fleet = stage.fleet(
            stage.agent("dev", "change", {"steps": steps}, budget=BUDGET, sandbox=sandbox),
            stage.agent("lead", "review", APPROVES, sandbox=sandbox),
            checks=(Check("test", "test -f notes.txt && ! cat $HOME/.netrc"),),
            sandbox=Sandboxing("auto" if use == "off" else use),  # type: ignore[arg-type]
        )
        stage.issue("Add a note")
        code = stage.watch(fleet)
        assert code == 0, [event.data for event in stage.events(events.RUN_ENDED)]
        shutil.rmtree(other.parent)
        assert_merged(stage, fleet)
    lines = git(stage.root, "show", "main:found.txt").splitlines()
    return Story(stage, home, dict(zip(lines[1::2], (line == "yes" for line in lines[::2]), strict=True)))


@pytest.fixture(scope="module")
def story(bwrap, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Everything is tried, in a sandbox."""
    found = play(tmp_path_factory.mktemp("story"), ALL, "required")
    yield found
    found.stage.end()


@pytest.mark.parametrize("name", ALL)
def test_it_leads_nowhere(name, story: Story):
    assert story.found[name] is False


def test_all_of_it_was_tried(story: Story):
    assert story.found.keys() == ALL.keys()


def test_nothing_of_it_came_to_light(story: Story):
    assert WORDS not in git(story.stage.root, "show", "main:attempts.log")


def test_the_project_is_as_it_was(story: Story):
    assert (story.stage.root / "README.md").read_text() == "# Shop\n"
    assert git(story.stage.root, "branch", "--format=%(refname:short)") == "main"
    assert not (story.stage.root / ".git/hooks/post-merge").exists()


def test_every_run_and_check_says_that_it_was_in_a_sandbox(story: Story):
    started = story.stage.events(events.RUN_STARTED)
    assert [event.data["sandbox"] for event in started] == ["bwrap", "bwrap"]
    (checked,) = story.stage.events(events.CHANGE_CHECKED)
    assert checked.data["sandbox"] == "bwrap"
    assert {run.sandbox for run in story.stage.state().runs.values() if run.agent} == {"bwrap"}


def test_the_same_attempts_work_without_one(bwrap, tmp_path: Path):
    """So that what is seen above is the sandbox's doing."""
    found = play(tmp_path, READS, "off")
    out_of_reach = {"process 1's view"}  # that of a machine or a container, to which we may not belong
    assert {name for name, worked in found.found.items() if not worked} <= out_of_reach
    assert [event.data["sandbox"] for event in found.stage.events(events.RUN_STARTED)] == ["none", "none"]
    assert read_watcher(found.stage.place) is not None
    found.stage.end()
