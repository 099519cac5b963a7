"""How well stuck runs are told from healthy ones: recorded transcripts with labels, played to the rules.

A file holds samples, one JSON document a line, and may be compressed (`.gz`). A sample is a run of a real
program, as its session recorded it:

    name, harness, stuck (the label), why (what is wrong, or why all is well), duty, cost_limit (micros)
    lines   [[t, "out"|"err", text], …]   what it printed; t in ms since its start
    looks   [[t, cpu_ms, io_bytes, processes], …]   how the machine saw its processes meanwhile; each may go
            on with below_cpu_ms, below_io_bytes: what those below the agent's own process used
    until   ms since its start at which the recording ends
    since   ms since its start from which a careful person calls it stuck; 0: healthy, or not said

Times may be stretched: what a scripted model did in seconds takes minutes where a real one thinks.
"""

from __future__ import annotations

import gzip
import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fleet.engine.acts import Acts
from fleet.model import events
from fleet.model.acts import Stuck
from fleet.model.event import Event
from fleet.model.state import Run, State
from fleet.policy.fold import fold
from fleet.policy.stuck import Sign, next_look, sign_of
from fleet.ports.harness import Harness

_START = 1_767_268_800_000


@dataclass(frozen=True, slots=True)
class Sample:
    """One recorded run and what people say of it."""

    name: str
    harness: str
    stuck: bool
    why: str = ""
    duty: str = "change"
    cost_limit: int = 0
    lines: Sequence[Sequence[Any]] = ()
    looks: Sequence[Sequence[int]] = ()
    until: int = 0
    since: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """What the rules say of a sample: the first sign, and when (ms since its start); None: it looks well."""

    sample: Sample
    sign: Sign | None
    at: int = 0

    @property
    def right(self) -> bool:
        """Whether that is what people say."""
        return (self.sign is not None) == self.sample.stuck


@dataclass(slots=True)
class Score:
    """The sum over samples."""

    found: list[Found] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Of those that were called stuck, how many are."""
        called = [each for each in self.found if each.sign is not None]
        return sum(each.sample.stuck for each in called) / len(called) if called else 1.0

    @property
    def recall(self) -> float:
        """Of those that are stuck, how many were called so."""
        stuck = [each for each in self.found if each.sample.stuck]
        return sum(each.sign is not None for each in stuck) / len(stuck) if stuck else 1.0


def samples(paths: Iterable[Path]) -> list[Sample]:
    """Every sample of these files."""
    lines = (line for path in paths for line in _text(path).splitlines())
    return [Sample(**json.loads(line)) for line in lines if line.strip()]


def _text(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")


def judge(sample: Sample, harness: Harness, rules: Stuck | None = None) -> Found:
    """Play the sample to the rules as a watcher would have seen it."""
    rules = rules if rules is not None else Stuck()
    state = State()
    run = Run("r1", "i1", "implement", sample.duty, 1, 1, 1, _START, state="running", harness=sample.harness)
    run.started, run.cost_limit = _START, sample.cost_limit
    state.runs["r1"], state.moving["r1"] = run, None
    reader, acts = harness.reader(), Acts("r1", "")
    times = [int(each[0]) for each in sample.looks]
    for t, stream, text in [*sample.lines, (sample.until, "", "")]:
        now = _START + t
        while 0 < (due := next_look(rules, run)) <= now:
            place = bisect_right(times, due - _START) - 1
            _, cpu, io, count, *below = sample.looks[place] if place >= 0 else (0, 0, 0, 0)
            said = max((line[0] for line in sample.lines if line[0] <= due - _START), default=0)
            seen = {"run": "r1", "at": due, "cpu_ms": cpu, "io_bytes": io, "processes": count}
            seen["output_at"] = _START + said
            if below:
                seen |= {"below_cpu_ms": below[0], "below_io_bytes": below[1]}
            _take(state, events.RUN_LOOKED, seen, due)
            if sign := sign_of(rules, run, due):
                return Found(sample, sign, due - _START)
        for event in reader.feed(stream, text) if stream else ():
            for kind, data in acts.facts(event, now):
                _take(state, kind, data, now)
        if stream and (sign := sign_of(rules, run, now)):
            return Found(sample, sign, t)
    return Found(sample, None)


def score(given: Iterable[Sample], harnesses: Mapping[str, Harness], rules: Stuck | None = None) -> Score:
    """Judge them all."""
    return Score([judge(each, harnesses[each.harness], rules) for each in given])


def report(found: Score) -> str:
    """Precision and recall, and every sample that was judged wrongly, for a person to read."""
    stuck = sum(each.sample.stuck for each in found.found)
    lines = [
        f"{len(found.found)} transcripts: {stuck} stuck, {len(found.found) - stuck} healthy.",
        f"precision {found.precision:.3f}, recall {found.recall:.3f}",
    ]
    for each in found.found:
        said = (
            f"{each.sign.kind} after {each.at / 60_000:.1f} min: {each.sign.reason}" if each.sign else "well"
        )
        mark = "ok   " if each.right else "WRONG"
        lines.append(f"  {mark} {each.sample.harness:12} {each.sample.name}: {said[:110]}")
    return "\n".join(lines)


def _take(state: State, kind: str, data: Mapping[str, Any], now: int) -> None:
    fold(state, Event(kind, data, id=f"e{state.seq + 1}", time=now, seq=state.seq + 1))
