"""What each verb of a scripted agent does, in the workspace that it was started in."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from fleet.testing.scripted_input import Input
from fleet.testing.scripted_script import Step

_SUMMARY, _OUTPUT = 200, 8000
_MEGABYTE = 1024 * 1024


class StepFailed(Exception):
    """A step did not work, and the script did not say that it may."""


class Player:
    """Plays steps and reports them as it goes. `last` is what it said last."""

    def __init__(self, given: Input, say: Callable[[dict[str, Any]], None]) -> None:
        self.last = ""
        self._given = given
        self._say = say
        self._calls = 0
        self._spent = {"input_tokens": 0, "output_tokens": 0, "cost_micros": 0, "turns": 0}

    def play(self, step: Step) -> None:
        """Play one step. Raises `StepFailed`; some steps end the process."""
        getattr(self, f"_do_{step.verb}")(step, step.value)

    def _do_say(self, _step: Step, text: str) -> None:
        self.last = text
        self._say({"type": "message", "text": text})

    def _do_write(self, step: Step, value: dict[str, str]) -> None:
        self._tool(step, "Write", value["path"], lambda: _write(value["path"], value["content"]))

    def _do_append(self, step: Step, value: dict[str, str]) -> None:
        def work() -> str:
            path = Path(value["path"])
            before = path.read_text(encoding="utf-8") if path.exists() else ""
            return _write(value["path"], before + value["content"])

        self._tool(step, "Append", value["path"], work)

    def _do_edit(self, step: Step, value: dict[str, str]) -> None:
        def work() -> str:
            before = Path(value["path"]).read_text(encoding="utf-8")
            if value["find"] not in before:
                raise StepFailed(f"{value['path']} does not hold {value['find'][:80]!r}")
            return _write(value["path"], before.replace(value["find"], value["replace"], 1))

        self._tool(step, "Edit", value["path"], work)

    def _do_run(self, step: Step, command: str) -> None:
        self._tool(step, "Bash", command, lambda: _run(["sh", "-c", command]))

    def _do_commit(self, step: Step, message: str) -> None:
        def work() -> str:
            _run(["git", "add", "--all"])
            return _run(["git", "commit", "--quiet", "--allow-empty", "-m", message])

        self._tool(step, "Bash", f"git commit -m {message}", work)

    def _do_agent(self, step: Step, words: Sequence[Any]) -> None:
        arguments = [str(word) for word in words]

        def work() -> str:
            program = shutil.which("fleet")
            if program is None:
                raise StepFailed("fleet is not on PATH")
            return _run([program, "agent", *arguments])

        self._tool(step, "Bash", " ".join(["fleet agent", *arguments]), work)

    def _do_ask(self, step: Step, question: str) -> None:
        self._do_agent(step, ["ask", "-m", question])

    def _do_sleep(self, _step: Step, seconds: float) -> None:
        time.sleep(seconds)  # the script's own words: an agent that takes its time

    def _do_exit(self, _step: Step, code: int) -> None:
        sys.stdout.flush()
        os._exit(code)

    def _do_fail(self, _step: Step, reason: str) -> None:
        raise StepFailed(reason)

    def _do_crash(self, step: Step, which: int | str) -> None:
        try:
            number = signal.Signals[which.upper()] if isinstance(which, str) else signal.Signals(which)
        except (KeyError, ValueError) as error:
            raise StepFailed(f"{step.place}: there is no signal {which!r}") from error
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _do_garbage(self, _step: Step, size: int) -> None:
        """Bytes that mean nothing, always the same ones."""
        dice = random.Random(size)  # noqa: S311  # garbage is no secret
        sys.stdout.flush()
        for at in range(0, size, _MEGABYTE):
            sys.stdout.buffer.write(dice.randbytes(min(_MEGABYTE, size - at)))
        sys.stdout.buffer.write(b"\n")
        sys.stdout.buffer.flush()

    def _do_line(self, _step: Step, megabytes: float) -> None:
        """One line that does not end for so many megabytes."""
        left = int(megabytes * _MEGABYTE)
        while left > 0:
            sys.stdout.write("x" * min(left, _MEGABYTE))
            left -= _MEGABYTE
        sys.stdout.write("\n")
        sys.stdout.flush()

    def _do_ignore_sigterm(self, _step: Step, ignore: bool) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN if ignore else signal.SIG_DFL)

    def _do_daemon(self, _step: Step, seconds: float) -> None:
        """Leave a process behind that has a session of its own and nobody waits for."""
        code = (
            "import os, sys, time\nif os.fork(): os._exit(0)\nos.setsid()\nif os.fork(): os._exit(0)\n"
            "time.sleep(float(sys.argv[1]))"
        )
        silent = subprocess.DEVNULL
        started = [sys.executable, "-S", "-c", code, str(seconds)]
        subprocess.run(started, stdin=silent, stdout=silent, stderr=silent, check=True)

    def _do_spend(self, _step: Step, value: dict[str, Any]) -> None:
        tokens = int(value.get("tokens", 0))
        self._spent["turns"] += 1
        self._spent["output_tokens"] += tokens // 4
        self._spent["input_tokens"] += tokens - tokens // 4
        self._spent["cost_micros"] += int(Decimal(str(value.get("cost", 0))) * 1_000_000)
        self._say({"type": "usage", **self._spent})

    def _do_wait_input(self, step: Step, seconds: float) -> None:
        words = self._given.words(seconds)
        if words is not None:
            self._do_say(step, words)
        elif not step.may_fail:
            raise StepFailed(f"nobody said anything in {seconds:g} seconds")

    def _tool(self, step: Step, name: str, summary: str, work: Callable[[], str]) -> None:
        """Play a step as a tool call: what it is, then how it went."""
        self._calls += 1
        identity = f"t{self._calls}"
        short = " ".join(summary.split())[:_SUMMARY]
        given = step.value if isinstance(step.value, dict) else {step.verb: step.value}
        self._say({"type": "tool", "id": identity, "name": name, "summary": short, "input": given})
        try:
            said = work()
        except (StepFailed, OSError, UnicodeDecodeError) as error:
            self._came_back(identity, str(error), ok=False)
            if not step.may_fail:
                raise StepFailed(f"{step.place}: {error}") from error
        else:
            self._came_back(identity, said, ok=True)

    def _came_back(self, identity: str, said: str, *, ok: bool) -> None:
        told = {"type": "tool_result", "id": identity, "ok": ok, "summary": said[:_SUMMARY]}
        self._say(told if len(said) <= _SUMMARY else {**told, "output": said[-_OUTPUT:]})


def _write(path: str, content: str) -> str:
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(content, encoding="utf-8")
    return f"{len(content)} characters"


def _run(argv: Sequence[str]) -> str:
    """What the command printed. Its output is read from a file, so a process that it leaves can't hold us."""
    import tempfile

    with tempfile.TemporaryFile() as output:
        ended = subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False
        )
        output.seek(0)
        said = output.read(4096).decode("utf-8", "replace").strip()
    if ended.returncode:
        raise StepFailed(f"{argv[0].rsplit('/', 1)[-1]} ended with {ended.returncode}: {said}")
    return said
