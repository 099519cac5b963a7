"""Record the samples anew: real programs in real sessions, working for a scripted model.

    python tests/stuck/record.py scripted ["a quick fix" …]     or claude-code, codex …, found on PATH

A scenario says what the agent does and whether that is stuck. A model that is scripted does not think, and a
test has no half hour for a build: times are stretched by the scenario's factor, those of the processes too.
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
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import yaml
from players import MODELS, options, tool, user
from scenarios import EVERY, SCENARIOS, Scenario
from scenarios_apart import APART
from scenarios_more import MORE

from fleet.adapters.sessions.shim_sessions import ShimSessions
from fleet.ports.harness import Launch
from fleet.ports.session import Command
from fleet.testing.model_script import Answer
from fleet.testing.model_server import ModelServer
from fleet.testing.stuck_eval import Sample, samples
from fleet.wiring import harness

HERE = Path(__file__).parent
LOOK_SECONDS = 0.25


def answers(name: str, scenario: Scenario, root: Path) -> list[Answer]:
    found = []
    for step in scenario.steps:
        for part in ("write", "edit"):
            if part in step:
                step = {part: {**step[part], "path": str(root / step[part]["path"])}}
        words = step.get("say", "")
        found.append(Answer(words) if words else Answer("", (tool(name, step),)))
    return [*found, Answer("All done.")]


def project(folder: Path) -> Path:
    root = folder / "workspace"
    root.mkdir(parents=True)
    (root / "calc.py").write_text("def add(a, b):\n    return a - b\n")
    test = "import unittest\nfrom calc import add\n\n\nclass Adds(unittest.TestCase):\n"
    (root / "test_calc.py").write_text(
        f"{test}    def test_add(self):\n        self.assertEqual(add(1, 2), 3)\n"
    )
    git = ["git", "-c", "user.name=dev", "-c", "user.email=dev@example.org"]
    subprocess.run([*git, "init", "-q", "-b", "main"], cwd=root, check=True)
    subprocess.run([*git, "config", "user.name", "dev"], cwd=root, check=True)
    subprocess.run([*git, "config", "user.email", "dev@example.org"], cwd=root, check=True)
    subprocess.run([*git, "add", "-A"], cwd=root, check=True)
    subprocess.run([*git, "commit", "-qm", "Start"], cwd=root, check=True)
    return root


def record(name: str, scenario: Scenario) -> Sample:
    """Play the scenario once with the real program."""
    folder = Path(tempfile.mkdtemp(prefix="stuck-"))
    root, home = project(folder), folder / "home"
    home.mkdir()
    script = {"steps": [{**step, "may_fail": True} for step in scenario.steps]}
    (folder / "script.yaml").write_text(yaml.safe_dump(script))
    turns = answers(name, scenario, root) if name != "scripted" else []
    with ModelServer(lambda ask: turns[min(ask.turns_since(-1), len(turns) - 1)]) as server:
        own = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"} | user(
            name, home, server.url
        )

        def last_asked() -> bool:
            return name == "scripted" or sum(not ask.side for ask in server.asks) >= len(scenario.steps)

        records, looks, ended = drive(name, folder, own, "Please begin.", last_asked, scenario.cut)
    shutil.rmtree(folder)
    return sample(name, scenario, records, looks, ended, str(folder))


def drive(
    name: str, folder: Path, own: dict[str, str], prompt: str, last_asked: Callable[[], bool], cut: float
) -> tuple[list, list, int]:
    """Run the program in a session until it ends, or is cut so many seconds after its last step was asked:
    what the session recorded, how the machine saw its processes, and when it ended.
    """
    root, sessions = folder / "workspace", ShimSessions(folder / "runs")
    plan = harness(name).plan(
        Launch(
            run="r1",
            workspace=str(root),
            prompt=prompt,
            system_prompt="You are a developer.",
            model=MODELS.get(name, ""),
            tools=(),
            conversation="",
            cost_limit_micros=0,
            gateway_url="",
            gateway_token="",
            run_dir=str(folder / "files"),
            environment=own,
            options=options(name),
            root=str(folder),
        )
    )
    for path, text in plan.files.items():
        target = folder / "files" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    env = {**own, **plan.env}
    sessions.start(
        "r1",
        Command(plan.argv, env, str(root), plan.stdin, plan.keep_stdin, plan.last_line, seconds=300),
    )
    looks, begun, stopped = [], time.monotonic(), 0
    while sessions.exit("r1") is None:
        if not last_asked():
            begun = time.monotonic()  # the last step is still to come
        if cut and time.monotonic() - begun > cut:
            stopped = time.time_ns() // 1_000_000
            sessions.stop("r1", "recorded")
            break
        found = sessions.figures("r1")
        if found is not None:
            below = [found.below_cpu_ms, found.below_io_bytes] if found.below_cpu_ms >= 0 else []
            looks.append([time.time_ns() // 1_000_000, found.cpu_ms, found.io_bytes, found.processes, *below])
        time.sleep(LOOK_SECONDS)  # figures are taken as a clock ticks
    while sessions.exit("r1") is None:
        time.sleep(LOOK_SECONDS)
    ended = stopped or sessions.exit("r1").ended
    records, offset = [], 0
    while (page := sessions.read("r1", offset))[0]:
        records += page[0]
        offset = page[1]
    sessions.close()
    return records, looks, ended


def sample(name: str, scenario: Scenario, records: list, looks: list, ended: int, folder: str) -> Sample:
    start, factor = records[0].t, scenario.stretch
    pieces, lines = {"out": "", "err": ""}, []
    reader = harness(name).reader()
    for each in records:
        if each.stream not in pieces:
            continue
        pieces[each.stream] += each.text
        if each.complete:
            text, pieces[each.stream] = pieces[each.stream], ""
            if reader.feed(each.stream, text):
                lines.append([(each.t - start) * factor, each.stream, _anywhere(text, folder)])
    seen = [
        [
            (t - start) * factor,
            cpu * factor,
            io,
            count,
            *(n * by for n, by in zip(below, (factor, 1), strict=False)),
        ]
        for t, cpu, io, count, *below in looks
    ]
    made = Sample(scenario.name, name, scenario.stuck, scenario.why, scenario.duty, scenario.cost_limit)
    # What follows when the recording was cut is its stopping, which is not the agent's.
    until = (ended - start) * factor
    lines = [line for line in lines if not scenario.cut or line[0] <= until]
    return replace(made, lines=lines, looks=[each for each in seen if each[0] <= until], until=until)


def _anywhere(text: str, folder: str) -> str:
    """Without paths of the machine that it was recorded on."""
    return text.replace(folder, "/project").replace(sys.base_prefix, "/usr")


def main(words: list[str]) -> None:
    """Record all scenarios of the harnesses that are named, or those whose names are given too."""
    for folder, scenarios in ((HERE, [*SCENARIOS, *MORE]), (HERE / "apart", APART)):
        folder.mkdir(exist_ok=True)
        given = [each for each in scenarios if each.name in words]
        anywhere = any(each.name in words for each in (*SCENARIOS, *MORE, *APART))
        for name in (word for word in words if word in EVERY):
            file = folder / f"{name}.jsonl.gz"
            found = {each.name: each for each in samples([file] if file.exists() else [])}
            for scenario in given if anywhere else scenarios:
                if name in scenario.by:
                    found[scenario.name] = record(name, scenario)
                    print(name, scenario.name, len(found[scenario.name].lines), "lines", flush=True)
            kept = [found[each.name] for each in scenarios if each.name in found]
            text = "".join(f"{json.dumps(asdict(each), separators=(',', ':'))}\n" for each in kept)
            if kept:
                file.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main(sys.argv[1:])
