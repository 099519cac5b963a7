"""The law of the harness port (see `fleet.ports.harness`), as checks that any harness can be put to.

    for law in LAWS:
        law(Subject(MyHarness, transcript=[("out", line), …]))

A check raises `LawBroken` and says what was seen. It starts no harness; `transcript` is the recorded output
of a run that went well, from which it makes bad ones. The checks want nothing of a test framework.
"""

from __future__ import annotations

import json
import random
import sys
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import PurePosixPath
from typing import Any, TypeAlias

from fleet.ports.harness import AgentEvent, Finished, Harness, Launch, Note, Plan, Reader, Stream, Usage
from fleet.shim.mark import Mark
from fleet.testing.harness_noise import broken, records

Lines: TypeAlias = Sequence[tuple[Stream, str]]

_PROMPT, _SYSTEM, _TOKEN = "the-prompt-7f31", "the-system-prompt-7f31", "the-token-7f31"
# What opens a forge or another machine, and must not reach an agent under any name.
_FORBIDDEN = (
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "GH_ENTERPRISE_TOKEN",
    "GITHUB_ENTERPRISE_TOKEN",
    "GITLAB_TOKEN",
    "GIT_ASKPASS",
    "SSH_AUTH_SOCK",
    "SSH_AGENT_PID",
    "SSH_ASKPASS",
)
_LONGEST_NOTE = 1000  # characters
_MOST_MEMORY = 4_000_000  # bytes that a reader may have gained after 40 MB of input


class LawBroken(AssertionError):
    """A harness does not keep the law; the text says what was seen."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A harness under test: how to make one, what a good run prints, what it needs in its environment and as
    an agent's options, and tools that it can be limited to.

    `reports` is false where the output tells neither the end nor what was spent: its process's exit code is
    all that is known then. `listens` is false where a run with these options cannot be steered, though others
    can.
    """

    make: Callable[[], Harness]
    transcript: Lines
    environment: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    tools: tuple[str, ...] = ("Read", "Bash(git *)")
    reports: bool = True
    listens: bool = True

    def launch(self, **more: Any) -> Launch:
        """A launch with words in it that are found again wherever they go."""
        given: dict[str, Any] = {
            "run": "r7",
            "workspace": "/nowhere/workspace",
            "prompt": _PROMPT,
            "system_prompt": _SYSTEM,
            "model": "a-model",
            "tools": (),
            "conversation": "",
            "cost_limit_micros": 5_000_000,
            "gateway_url": "http://127.0.0.1:9/mcp",
            "gateway_token": _TOKEN,
            "run_dir": "/nowhere/runs/r7",
            "environment": {**self.environment, **{name: f"value-of-{name}" for name in _FORBIDDEN}},
            "options": self.options,
            "root": "/nowhere",
        }
        return Launch(**{**given, **more})

    def plans(self) -> Iterator[Plan]:
        """Plans for launches of several kinds."""
        harness = self.make()
        other = "0b6f1a52-3c1f-4b7e-9a51-6a1f5a1a2b3c"
        yield harness.plan(self.launch())
        yield harness.plan(self.launch(conversation=other, tools=self.tools, cost_limit_micros=0))
        yield harness.plan(self.launch(model="", system_prompt="", gateway_url="", gateway_token=""))


def plan_is_pure(subject: Subject) -> None:
    """The same launch gives the same plan; no file is touched, nothing is started, nobody is called."""
    harness, launch = subject.make(), subject.launch()
    first = harness.plan(launch)  # loads what it imports
    with _deeds() as deeds:
        second = harness.plan(launch)
    _demand(not deeds, f"plan did something: {deeds[:3]}")
    _demand(first == second == subject.make().plan(launch), "the same launch gave two plans")


def secrets_stay_out_of_argv(subject: Subject) -> None:
    """Neither the prompts nor the run's token stand where every user of the machine can read them."""
    for plan in subject.plans():
        for word in (_PROMPT, _SYSTEM, _TOKEN):
            _demand(not any(word in part for part in plan.argv), f"{word} stands in argv")


def the_prompt_arrives(subject: Subject) -> None:
    """Prompt and system prompt reach the harness: by stdin or in a file of the run."""
    plan = subject.make().plan(subject.launch())
    for word in (_PROMPT, _SYSTEM):
        _demand(any(word in text for text in (plan.stdin, *plan.files.values())), f"{word} goes nowhere")


def environment_is_an_allowlist(subject: Subject) -> None:
    """A plan lets through what it names; what opens a forge or another machine is never in it."""
    for plan in subject.plans():
        for name in plan.passthrough:
            _demand(name.strip("*") != "", "passthrough lets everything through")
            hit = [
                bad for bad in _FORBIDDEN if bad == name or (name.endswith("*") and bad.startswith(name[:-1]))
            ]
            _demand(not hit, f"passthrough {name!r} lets {hit} through")
        for name, value in plan.env.items():
            _demand(name not in _FORBIDDEN, f"env names {name}")
            _demand("value-of-" not in value, f"env carries a secret of the user as {name}")
        for text in (plan.stdin, *plan.files.values(), *plan.argv):
            _demand("value-of-" not in text, "a secret of the user's environment is written out")


def files_stay_in_the_run_directory(subject: Subject) -> None:
    """Every file of a plan is a relative path that leads nowhere else."""
    for plan in subject.plans():
        for name in plan.files:
            path = PurePosixPath(name)
            inside = name and not path.is_absolute() and ".." not in path.parts and path.parts
            _demand(bool(inside), f"the file {name!r} is outside of the run's directory")


def who_is_steered_listens(subject: Subject) -> None:
    """A harness that can be steered keeps its stdin open, and says on which line its turn ends."""
    harness = subject.make()
    said = harness.steer("two\nlines")
    plan = harness.plan(subject.launch())
    if said is None or not subject.listens:
        _demand(not plan.keep_stdin, "its stdin stays open, though nothing can be said to it")
        return
    _demand(plan.keep_stdin, "it can be steered, but its stdin is closed at once")
    _demand(bool(plan.last_line), "its stdin stays open, but nothing tells when to close it")
    mark = Mark(plan.last_line)
    for stream, line in subject.transcript:
        if stream == "out":
            mark.look(line.encode("utf-8", "surrogatepass"), complete=True)
    _demand(mark.seen, f"no line of a good run is its last line {plan.last_line!r}")


def a_good_run_is_read(subject: Subject) -> None:
    """Of a run that went well it tells the end and what was spent; `ok` and `kind` say the same. A harness
    that knows neither claims neither.
    """
    events = _read(subject.make().reader(), subject.transcript)
    ends = [event for event in events if isinstance(event, Finished)]
    if not subject.reports:
        _demand(bool(events), "a good run says nothing at all")
        _demand(not any(isinstance(event, Finished | Usage) for event in events), "it reports after all")
        return
    _demand(bool(ends), "a good run has no Finished")
    _demand(ends[-1].ok, f"a good run ended with {ends[-1]}")
    _demand(any(isinstance(event, Usage) for event in events), "a good run has no Usage")
    for end in ends:
        _demand(end.ok == (end.kind == "ok") and end.ok == (not end.error), f"it contradicts itself: {end}")


def reader_never_raises(subject: Subject) -> None:
    """Whatever it is fed, it says something short or nothing."""
    for lines in _bad_runs(subject):
        reader = subject.make().reader()
        for stream, line in lines:
            try:
                events = reader.feed(stream, line)
            except Exception as error:  # any at all breaks the law
                raise LawBroken(f"it raised {error!r} for {line[:200]!r}") from error
            for event in events:
                if isinstance(event, Note):
                    _demand(len(event.text) <= _LONGEST_NOTE, f"a note of {len(event.text)} characters")


def reader_is_deterministic(subject: Subject) -> None:
    """A fresh reader fed the same lines gives the same events."""
    for lines in (subject.transcript, *_bad_runs(subject)):
        one, other = (_read(subject.make().reader(), lines) for _ in range(2))
        _demand(one == other, "two readers of the same lines disagree")


def reader_holds_bounded_memory(subject: Subject) -> None:
    """It keeps nothing that grows with what it is fed: neither lines nor ids nor texts."""
    reader = subject.make().reader()
    _read(reader, subject.transcript)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(400):
            mark = f"{number:06d}"
            for stream, line in records(subject.transcript, mark):
                reader.feed(stream, line)
            reader.feed("out", mark + "x" * 100_000)
            reader.feed("err", '{"' + mark + "y" * 1_000)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    _demand(after - before < _MOST_MEMORY, f"it holds {after - before} bytes more than at its start")


def usage_never_decreases(subject: Subject) -> None:
    """Each Usage is a total: in no field is it below an earlier one."""
    for lines in (subject.transcript, *_bad_runs(subject)):
        last = Usage()
        for event in _read(subject.make().reader(), lines):
            if isinstance(event, Usage):
                for part in fields(Usage):
                    if part.name == "by_model":
                        continue
                    was, now = getattr(last, part.name), getattr(event, part.name)
                    _demand(
                        (now is None) <= (was is None), f"{part.name} was {was} and is not known any more"
                    )
                    _demand((now or 0) >= (was or 0), f"{part.name} went from {was} to {now}")
                last = event


def detect_says_what_to_do(subject: Subject) -> None:
    """It never raises, and where something is wrong it says what and how to mend it."""
    for path in ("", "/nowhere/at/all", "relative", "\0"):
        found = subject.make().detect(path)
        well = found.found and not found.problem
        _demand(well or bool(found.problem and found.fix), f"a problem without words: {found}")
        _demand(not well or not found.fix, f"a remedy without a problem: {found}")
        for lack in found.lacks:
            _demand(bool(lack.problem and lack.fix), f"something is lacking without words: {lack}")


LAWS: tuple[Callable[[Subject], None], ...] = (
    plan_is_pure,
    secrets_stay_out_of_argv,
    the_prompt_arrives,
    environment_is_an_allowlist,
    files_stay_in_the_run_directory,
    who_is_steered_listens,
    a_good_run_is_read,
    reader_never_raises,
    reader_is_deterministic,
    reader_holds_bounded_memory,
    usage_never_decreases,
    detect_says_what_to_do,
)


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise LawBroken(otherwise)


def _read(reader: Reader, lines: Lines) -> list[AgentEvent]:
    return [event for stream, line in lines for event in reader.feed(stream, line)]


def _bad_runs(subject: Subject) -> Iterator[list[tuple[Stream, str]]]:
    """The good run shuffled, doubled, cut and bent. Always the same ones."""
    dice = random.Random(7)  # noqa: S311  # no secret, and the same each time
    good = list(subject.transcript)
    yield dice.sample(good * 3, len(good) * 3)
    yield [("err" if stream == "out" else "out", line) for stream, line in good]
    yield list(broken(good, dice))


_watching: list[list[str]] = []
_hooked = False
_DEEDS = ("open", "subprocess.", "os.", "socket.", "shutil.", "tempfile.", "pty.", "fcntl.", "urllib.")


@contextmanager
def _deeds() -> Iterator[list[str]]:
    """What Python's own audit events tell of the outer world being touched meanwhile."""
    global _hooked
    if not _hooked:
        sys.addaudithook(_audit)  # it can't be taken away again, so there is one for all
        _hooked = True
    seen: list[str] = []
    _watching.append(seen)
    try:
        yield seen
    finally:
        _watching.remove(seen)


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if _watching and event.startswith(_DEEDS):
        for seen in _watching:
            seen.append(f"{event} {json.dumps(arguments, default=str)[:100]}")
