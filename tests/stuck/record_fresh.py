"""Record the fresh samples that are missing, or those that are named anew:

    python tests/stuck/record_fresh.py claude-code codex … ["a name" …]

These were written and labelled by someone who knew nothing of the rules, from what people report of agents.
They are kept from whoever changes the rules: they measure, and nothing may be tuned by them.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from threading import Lock

import yaml
from calls_fresh import COPILOT, Teller, steps_of
from players import user
from record import drive, sample
from scenarios import Scenario
from scenarios_fresh import FRESH
from scenarios_fresh.project import SHOP
from scenarios_fresh.scenario import Fresh

from fleet.testing.model_script import Answer, Ask, Fault
from fleet.testing.model_server import ModelServer
from fleet.testing.stuck_eval import Sample, samples

USUAL, PATIENCE = 20, 10 * 60_000
KEPT = Path(__file__).parent / "fresh"
GIT = ("git", "-c", "user.name=dev", "-c", "user.email=dev@example.org")


class Mind:
    """The scripted model of one scenario. `ended`: it has nothing more to say."""

    def __init__(self, name: str, scenario: Fresh, root: Path) -> None:
        self._teller, self._scenario = Teller(name, root), scenario
        self._faults: dict[int, int] = {}
        self._lock = Lock()
        self.asked, self.ended, self.since = 0, False, 0
        self.times: dict[int, int] = {}  # when each turn was asked for first

    def __call__(self, ask: Ask) -> Answer | Fault:
        with self._lock:
            return self._say(ask)

    def _say(self, ask: Ask) -> Answer | Fault:
        scenario = self._scenario
        below = bool(scenario.subs) and scenario.task not in ask.user
        turns, at = scenario.subs if below else scenario.turns, ask.turns_since(-1)
        if below == scenario.inside:
            self.asked = max(self.asked, at + 1)
            self.times.setdefault(at + 1, time.time_ns() // 1_000_000)
            if at + 1 >= scenario.since > 0 and not self.since:
                self.since = time.time_ns() // 1_000_000
        if at >= len(turns):
            if below and not scenario.inside:
                return Answer("That is all I found.")
            self.ended = True
            return Fault(hang=True) if scenario.stuck else Answer("All done.")
        now = turns[at]
        if now.fault is not None and self._faults.get(at, 0) < (now.fault.times or 10**6):
            self._faults[at] = self._faults.get(at, 0) + 1
            return now.fault
        grown = 12_000 + 900 * at  # what it has read by now
        return self._teller.answer(now if now.tokens else replace(now, tokens=grown), ask.results)


def project(folder: Path, scenario: Fresh) -> Path:
    root, programs = folder / "workspace", folder / "bin"
    programs.mkdir(parents=True)
    for path, text in {**SHOP, **scenario.files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    for name, text in scenario.programs.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    words = [["init", "-q", "-b", "main"], ["config", "user.name", "dev"]]
    words += [["config", "user.email", "dev@example.org"], ["add", "-A"], ["commit", "-qm", "Start"]]
    for word in words:
        subprocess.run([*GIT, *word], cwd=root, check=True)
    if scenario.setup:
        said = subprocess.DEVNULL
        subprocess.run(["sh", "-c", scenario.setup], cwd=root, check=True, stdout=said, stderr=said)
    return root


def record(name: str, scenario: Fresh) -> Sample:
    """Play the scenario once with the real program."""
    folder = Path(tempfile.mkdtemp(prefix="fresh-"))
    root, home = project(folder, scenario), folder / "home"
    home.mkdir()
    mind, wanted = Mind(name, scenario, root), len(scenario.subs if scenario.inside else scenario.turns)
    steps = [step for turn in scenario.turns for step in steps_of(turn)]
    ending = {"exit": 0} if scenario.stuck else {"say": "All done."}
    (folder / "script.yaml").write_text(yaml.safe_dump({"steps": [*steps, ending]}))
    thinking = [turn.think for turn in scenario.turns]
    begun = time.monotonic()

    def last_asked() -> bool:
        if name == "scripted":
            return time.monotonic() - begun > sum(thinking) + 2
        return mind.asked >= wanted if scenario.cut else mind.ended

    with ModelServer(mind) as server:
        own = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "HOME": str(home), "LANG": "C.UTF-8"}
        own |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # the project under work has none
        own |= user(name, home, server.url) if name != "copilot" else COPILOT
        if name == "copilot":
            own |= {"COPILOT_PROVIDER_BASE_URL": server.url}
        cut = scenario.cut or (0.3 if scenario.stuck else 0)
        records, looks, ended = drive(name, folder, own, scenario.task, last_asked, cut)
    shutil.rmtree(folder)
    told = Scenario(scenario.name, scenario.stuck, scenario.why, [], 1, cut)
    told = replace(told, duty=scenario.duty, cost_limit=scenario.cost_limit)
    made = sample(name, told, records, looks, ended, str(folder))
    start = records[0].t
    clock = Clock(scenario, {} if name == "scripted" else {n: t - start for n, t in mind.times.items()})
    since = clock.at(mind.since - start) if mind.since else 0
    if name == "scripted" and scenario.stuck:
        since = clock.at(int(sum(thinking[: scenario.since]) * 1000))
    if scenario.cut:
        since += PATIENCE  # whoever calls a silence stuck wants to have heard it for a while
    looked, cpu, before = [], 0, 0
    for t, used, io, count in made.looks:
        cpu += (used - before) * clock.factor(t)
        before = used
        looked.append([clock.at(t), cpu, io, count])
    lines = [[clock.at(t), stream, _anywhere(text, folder)] for t, stream, text in made.lines]
    return replace(made, lines=lines, looks=looked, until=clock.at(made.until), since=since)


class Clock:
    """How time is stretched: by the scenario's factor as a whole, or only where its slow turns are."""

    def __init__(self, scenario: Fresh, asked: Mapping[int, int]) -> None:
        slow = scenario.slow or tuple(range(1, len(scenario.turns) + 1))
        usual = min(scenario.stretch, USUAL) if asked else scenario.stretch
        self._parts = [(0, 1 if asked else usual)]  # a program's own start takes what it takes
        self._parts += [(t, scenario.stretch if n in slow else usual) for n, t in sorted(asked.items())]

    def factor(self, t: int) -> int:
        return next(factor for begun, factor in reversed(self._parts) if begun <= max(t, 0))

    def at(self, t: int) -> int:
        ends = [begun for begun, _ in self._parts[1:]] + [t]
        parts = zip(self._parts, ends, strict=True)
        return sum((min(end, t) - begun) * factor for (begun, factor), end in parts if begun < t)


def _anywhere(text: str, folder: Path) -> str:
    """Without what else tells of the machine that it was recorded on."""
    here = {
        str(folder).replace("/", "-"): "-project",
        sys.prefix: "/usr",
        str(Path.home()): "/home/you",
        os.uname().nodename: "devbox",
    }
    tools = next((part for part in os.environ["PATH"].split(":") if (Path(part) / "claude").exists()), "")
    for found, told in ({tools: "/usr/bin"} if tools else {}).items() | here.items():
        text = text.replace(found, told)
    return text


def main(words: list[str]) -> None:
    """Record what is named of the programs that are named, or all of theirs that is not there yet."""
    KEPT.mkdir(exist_ok=True)
    named = {each.name for each in FRESH} & {*words}
    for scenario in FRESH:
        for name in (each for each in scenario.by if each in words):
            known = () if named else {each.name for each in _kept(KEPT / f"{name}.jsonl.gz")}
            if scenario.name in (named or {each.name for each in FRESH} - {*known}):
                found = record(name, scenario)
                keep(found)
                minutes = f"{found.until / 60_000:.1f} min"
                print(name, scenario.name, len(found.lines), "lines", minutes, flush=True)


def _kept(file: Path) -> list[Sample]:
    return samples([file] if file.exists() else [])


def keep(made: Sample) -> None:
    """Put it in the place of the one of this name."""
    file = KEPT / f"{made.harness}.jsonl.gz"
    known = {each.name: each for each in _kept(file)} | {made.name: made}
    kept = [known[each.name] for each in FRESH if each.name in known]
    text = "".join(f"{json.dumps(asdict(each), separators=(',', ':'))}\n" for each in kept)
    file.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main(sys.argv[1:])
