"""kill -9 at every boundary of a story: whoever is killed whenever, it ends as if nobody had been."""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from tests.engine.conftest import CONFIG, READY, Stage, git, make_configured, processes, verdict, workspaces

from fleet.auditing import verify as verify_log
from fleet.model import events
from fleet.wiring import load_fleet, open_log

DOOMED = Path(__file__).with_name("doomed.py")
EVERY = int(os.environ.get("FLEET_KILLS_EVERY", "6"))  # 1: at each boundary, which takes minutes

MERGES = "      merge: {action: merge, needs: [review]}\n"
SHIPS = f"""{MERGES}\
      release: {{action: release, needs: [merge]}}
      ship: {{command: 'echo "$FLEET_COMMIT" >> ../../../../outside/shipped', needs: [release]}}
"""


def make_stage(folder: Path) -> Stage:
    """A project with one issue that is ready: an agent that says that it starts, codes, comments; a reviewer
    that objects once; what is merged is released and shipped.
    """
    came = {"run": f'echo "$FLEET_RUN" >> {folder}/outside/started'}
    work = [{"commit": "Work"}, {"agent": ["propose", "comment", "--body", "I am at it."]}]
    done = {"agent": ["done", "-m", "Done."]}
    louder = {"when": {"prompt": "louder"}, "steps": [came, {"run": "echo LOUD >> notes.txt"}, *work, done]}
    first = {"steps": [came, {"run": "echo a note >> notes.txt"}, *work, done]}
    objects = {"when": {"round": 1}, "steps": [came, *verdict("request-changes", "Say it louder.")]}
    approves = {"steps": [came, *verdict("approve", "Ok.")]}
    stage = make_configured(folder, {"cases": [louder, first]}, {"cases": [objects, approves]})
    (stage.root / "fleet.yaml").write_text(CONFIG.replace(MERGES, SHIPS))
    git(stage.root, "commit", "-qam", "Ship what is merged")
    stage.issue(labels=(READY,))
    return stage


class Doom:
    """Starts watchers that are killed, one at a time."""

    def __init__(self) -> None:
        argv = [sys.executable, str(DOOMED)]
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def watch(self, stage: Stage, chosen: int = 0) -> tuple[int, int, str]:
        """Exit code, how many boundaries were reached, and the last of them."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{chosen} {stage.root}\n")
        self._process.stdin.flush()
        code, count, last = self._process.stdout.readline().rstrip("\n").split(" ", 2)
        return int(code), int(count), last

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


@pytest.fixture(scope="module")
def doom() -> Iterator[Doom]:
    found = Doom()
    yield found
    found.close()


def problems(stage: Stage) -> list[str]:
    """What is not as it would be if nobody had been killed."""
    state, told = stage.state(), Counter(event.type for event in stage.events())
    found = []
    for kind, often in (
        (events.CHANGE_OPENED, 1),
        (events.CHANGE_UPDATED, 1),
        (events.CHANGE_MERGED, 1),
        (events.ITEM_COMMENTED, 2),
        (events.CHANGE_REVIEWED, 2),
        (events.JOB_SENT_BACK, 1),
        (events.RELEASE_MADE, 1),
        (events.ORDER_ENDED, 1),
        (events.INSTANCE_FINISHED, 1),
    ):
        if told[kind] != often:
            found.append(f"{kind} is told {told[kind]} times")
    outcomes = [(run.id, run.job, run.outcome) for run in state.runs.values()]
    if outcomes != [
        ("r1", "implement", "succeeded"),
        ("r2", "review", "succeeded"),
        ("r3", "implement", "succeeded"),
        ("r4", "review", "succeeded"),
    ]:
        found.append(f"its runs are {outcomes}")
    started = sorted((stage.root.parent / "outside/started").read_text().split())
    if started != ["r1", "r2", "r3", "r4"]:
        found.append(f"these agents came: {started}")
    merged = git(stage.root, "rev-parse", "main")
    shipped = (stage.root.parent / "outside/shipped").read_text().split()
    if shipped != [merged]:
        found.append(f"these were shipped: {shipped}, and {merged} was merged")
    tags = git(stage.root, "for-each-ref", "--format=%(*objectname)", "refs/tags").split()
    if tags != [merged]:
        found.append(f"these were tagged: {tags}, and {merged} was merged")
    return found + leftovers(stage)


def leftovers(stage: Stage) -> list[str]:
    """What is not as it has to be at the end of every story, whatever happened in it."""
    found = []
    state = stage.state()
    merges = [line for line in git(stage.root, "log", "--format=%s", "main").splitlines() if "Merge" in line]
    merged = stage.events(events.CHANGE_MERGED)
    if len(merges) != 1 or len(merged) != 1:
        found.append(f"it was merged by {merges} and told so {len(merged)} times")
    if state.active or state.moving or state.wishes or state.asked:
        found.append(f"not at rest: {state.active} {state.moving} {state.wishes} {state.asked}")
    if state != stage.folded():
        found.append("the snapshot is not what the log says")
    if git(stage.root, "status", "--porcelain", "--untracked-files=all"):
        found.append("the user's checkout has changes")
    if (stage.root / "notes.txt").read_text() != git(stage.root, "show", "main:notes.txt") + "\n":
        found.append("the user's checkout is not at the base branch")
    if not verify_log(stage.place).ok:
        found.append(f"the log: {verify_log(stage.place).problem}")
    if stage.live() or processes(stage):
        found.append(f"these live on: {stage.live()} {processes(stage)}")
    if workspaces(stage) or list(stage.place.workspaces.glob(".making/*")):
        found.append(f"workspaces are left: {workspaces(stage)}")
    if git(stage.root, "branch", "--list", "fleet/*"):
        found.append("the branch of the change is left")
    found += unasked(stage)
    locks = [path.name for path in (stage.root / ".git").rglob("*.lock")]
    if locks:
        found.append(f"git's locks are left: {locks}")
    return found


def unasked(stage: Stage) -> list[str]:
    """Sessions that were begun before the wish for them was in the log, or without one."""
    wanted = {}
    for event in stage.events(events.EFFECT_WANTED):
        kind, _, about = str(event.data["key"]).partition("/")
        times = event.data["args"].get("time")
        name = about if kind == "start" else f"order-{about.replace('/', '-')}-{times}"
        wanted[name] = event.time
    begun = {
        path.parent.name: yaml.safe_load(path.read_text())["started"]
        for path in stage.place.runs.glob("*/session.json")
        if not path.parent.name.startswith("c")  # checks are done again
    }
    return [f"{name} was begun unasked" for name, at in begun.items() if at < wanted.get(name, at + 1)]


def test_nobody_is_killed(tmp_path: Path, doom: Doom):
    stage = make_stage(tmp_path / "p")
    code, count, _ = doom.watch(stage)
    assert (code, problems(stage)) == (0, [])
    assert count > 60


@pytest.mark.slow
@pytest.mark.timeout(600)  # up to some eighty stories
def test_a_watcher_that_is_killed_at_any_boundary_is_taken_over_by_the_next(tmp_path: Path, doom: Doom):
    _, count, _ = doom.watch(make_stage(tmp_path / "p"))
    dooms = [Doom(), Doom()]
    killed = []

    def story(which: int, chosen: int) -> list[str]:
        stage = make_stage(tmp_path / f"p{chosen}")
        first = dooms[which].watch(stage, chosen)
        killed.append(first[0] == -signal.SIGKILL)
        code, _, _ = dooms[which].watch(stage)
        found = problems(stage) + ([] if code == 0 else [f"the next watcher ends with {code}"])
        return [f"boundary {chosen} ({first[2]}): {each}" for each in found]

    def half(which: int) -> list[str]:
        return [
            each for chosen in range(1 + which * EVERY, count + 1, 2 * EVERY) for each in story(which, chosen)
        ]

    with ThreadPoolExecutor(2) as threads:
        found = [each for part in threads.map(half, (0, 1)) for each in part]
    for one in dooms:
        one.close()
    assert found == []
    assert killed.count(True) > 0.8 * len(killed) > 0  # no two stories have quite the same boundaries


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_watchers_that_are_killed_again_and_again_get_there(tmp_path: Path, doom: Doom, seed: int):
    dice = random.Random(seed)
    stage = make_stage(tmp_path / "p")
    for _ in range(12):
        code, _, _ = doom.watch(stage, dice.randint(1, 20))
        if code == 0:
            break
    assert doom.watch(stage)[0] == 0
    assert problems(stage) == []


# ------------------------------------------------------------ other processes


def kill_something(stage: Stage, after: int, victim: Callable[[Stage, str], int]) -> str:
    """While a watcher works: wait for so many events, and kill a process of the next run that lives."""
    log = open_log(stage.place)
    seen: list[str] = []
    with log.follow(0) as following:
        while True:
            fresh = following.wait(30)
            assert fresh, "the story does not go on"
            for event in fresh:
                seen.append(event.type)
                if event.type == events.WATCHER_STOPPED:
                    log.close()
                    return ""
            live = [run for run in stage.state().runs.values() if run.state == "running"]
            if len(seen) >= after and live:
                log.close()
                pid = victim(stage, live[-1].id)
                with contextlib.suppress(ProcessLookupError):
                    if pid:
                        os.kill(pid, signal.SIGKILL)
                return live[-1].id


def the_shim(stage: Stage, run: str) -> int:
    return stage.state().runs[run].pid


def the_agent(stage: Stage, run: str) -> int:
    session = yaml.safe_load((stage.place.runs / run / "session.json").read_text())
    return int(session["child"]["pid"])


def the_tmux_server(stage: Stage, run: str) -> int:
    del run
    argv = ["tmux", "-L", f"fleet-{stage.place.digest}", "display-message", "-p", "#{pid}"]
    said = subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()
    return int(said) if said.isdigit() else 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("victim", [the_shim, the_agent, the_tmux_server])
def test_a_process_of_a_run_that_is_killed_at_a_random_moment_harms_nothing(
    tmp_path: Path, doom: Doom, victim: Callable[[Stage, str], int], seed: int
):
    stage = make_stage(tmp_path / "p")
    with ThreadPoolExecutor(1) as threads:
        watching = threads.submit(doom.watch, stage)
        killed = kill_something(stage, random.Random(seed).randint(8, 45), victim)
        code, _, _ = watching.result(60)
    assert (code, leftovers(stage)) == (0, [])
    run = stage.state().runs.get(killed)
    if run is not None and run.outcome == "failed":
        assert re.search("shim killed|signal 9", run.reason)


@pytest.mark.slow
def test_a_check_whose_shim_is_killed_is_run_again_and_is_no_objection(tmp_path: Path, doom: Doom):
    stage = make_stage(tmp_path / "p")
    text = (
        (stage.root / "fleet.yaml")
        .read_text()
        .replace("test -f notes.txt", "'test -f ../../../../outside/stay && sleep 60; test -f notes.txt'")
    )
    (stage.root / "fleet.yaml").write_text(text)
    git(stage.root, "commit", "-qam", "Check slowly")
    (stage.root.parent / "outside/stay").touch()
    with ThreadPoolExecutor(1) as threads:
        watching = threads.submit(doom.watch, stage)
        log = open_log(stage.place)
        with log.follow(0) as following:
            while not list(stage.place.runs.glob("c2-*/session.json")):
                assert following.wait(30), "no check begins"
        log.close()
        (stage.root.parent / "outside/stay").unlink()
        session = next(stage.place.runs.glob("c2-*/session.json"))
        os.kill(int(yaml.safe_load(session.read_text())["shim"]["pid"]), signal.SIGKILL)
        code, _, _ = watching.result(60)
    assert (code, problems(stage)) == (0, [])


def test_the_configuration_of_these_stories_is_valid(tmp_path: Path):
    assert [job.name for job in load_fleet(make_stage(tmp_path / "p").place).workflows[0].jobs] == [
        "implement",
        "review",
        "merge",
        "release",
        "ship",
    ]
