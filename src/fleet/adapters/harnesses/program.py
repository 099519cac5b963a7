"""Whether a harness's program is there, which version it is, and what that version can't do."""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from io import RawIOBase
from pathlib import Path

from fleet.ports.harness import Detected, Feature, Lack

_KEPT = 64 * 1024  # bytes of an answer
_NOWHERE = f"{os.devnull}/none"  # no folder, and none that can be made
_LOOK_SECONDS = 0.02  # between two looks whether it has ended
_UNKNOWN = re.compile(
    r"(?:unknown|unexpected|unrecognized) (?:option|argument):? ['\"]?(--[\w-]+)", re.IGNORECASE
)
_INVALID = re.compile(r"option ['\"]?(?:-\w, )?(--[\w-]+)[^\n]{0,60}argument[^\n]{0,60}is invalid")

Number = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Needs:
    """What a feature needs of a program: `options` of its command line, and to be as new as `oldest` where
    there is no way to ask.
    """

    options: tuple[str, ...] = ()
    oldest: Number = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Program:
    """A program that is looked for. `name` is its command, `title` what people call it; `install` and
    `update` are what to do when it is missing or older than `oldest`.

    Asked by the words `ask`, it tells its options: by a list of them, or, where `listed` is false since some
    are in no list, by refusing the first that it does not know. Without `options` no run begins; `features`
    are what an agent may have in fleet.yaml, and what each needs beside. `state` is the variable that names
    the folder of its state, where it would write even when it is only asked this.
    """

    name: str
    title: str
    oldest: Number
    install: str
    update: str
    version: tuple[str, ...] = ("--version",)
    ask: tuple[str, ...] = ()
    listed: bool = True
    state: str = ""
    options: tuple[str, ...] = ()
    features: Mapping[Feature, Needs] = field(default_factory=dict)


def look_for(program: Program, path: str, seconds: float) -> Detected:
    """Look for it along `path` and ask its version and its options, for at most so long each."""
    folders = os.pathsep.join(folder for folder in path.split(os.pathsep) if folder.startswith("/"))
    found = shutil.which(program.name, path=folders) if folders else None
    if found is None:
        return Detected(False, "", f"There is no {program.name} on PATH", program.install)
    said = _answer(found, program, program.version, path, seconds)
    version = re.match(r"(?:[\w-]+ ){0,4}v?(\d+)\.(\d+)\.(\d+)", said or "")
    if version is None:
        heard = f"said {said[:80]!r}" if said is not None else f"took longer than {seconds:g} s"
        return Detected(
            True, "", f"{found} {' '.join(program.version)} {heard}", f"Try it by hand. {program.install}"
        )
    number = (int(version[1]), int(version[2]), int(version[3]))
    name = f"{program.title} {_dotted(number)}"
    if number < program.oldest:
        problem = f"{name} is older than {_dotted(program.oldest)}"
        return Detected(True, _dotted(number), problem, program.update)
    missing = _missing(program, found, path, seconds) if program.ask else frozenset()
    lacking = [option for option in program.options if option in missing]
    if lacking:
        problem = f"{name} has no {', '.join(lacking)}, without which it can't be driven"
        return Detected(True, _dotted(number), problem, program.update)
    lacks = tuple(
        Lack(feature, why, program.update)
        for feature, needs in program.features.items()
        if (why := _why(name, number, needs, missing))
    )
    return Detected(True, _dotted(number), "", "", lacks)


def _why(name: str, number: Number, needs: Needs, missing: frozenset[str]) -> str:
    if number < needs.oldest:
        return f"{name} is older than {_dotted(needs.oldest)}"
    lacking = [option for option in needs.options if option in missing]
    return f"{name} has no {', '.join(lacking)}" if lacking else ""


def _missing(program: Program, found: str, path: str, seconds: float) -> frozenset[str]:
    """The options that it does not have. What gives no clear answer is not held against it."""
    said = _answer(found, program, program.ask, path, seconds, with_stderr=True)
    if not said:
        return frozenset()
    if not program.listed:
        return frozenset(each[1] for pattern in (_UNKNOWN, _INVALID) for each in pattern.finditer(said))
    named = set(re.findall(r"--[\w-]+", said))
    wanted = {*program.options, *(each for needs in program.features.values() for each in needs.options)}
    return frozenset(wanted - named) if named else frozenset()


def _answer(
    found: str,
    program: Program,
    words: tuple[str, ...],
    path: str,
    seconds: float,
    *,
    with_stderr: bool = False,
) -> str | None:
    """What it answers; "" when it can't be started or is killed, None when it takes too long."""
    try:
        seen = Path(found).stat()
        stamp = (seen.st_ino, seen.st_size, seen.st_mtime_ns)
        return _asked(found, words, path, seconds, with_stderr, program.state, stamp)
    except TimeoutError:
        return None
    except OSError:
        return ""


@lru_cache(maxsize=64)  # it is asked before each run; what is raised is not kept
def _asked(
    program: str,
    words: tuple[str, ...],
    path: str,
    seconds: float,
    with_stderr: bool,
    state: str,
    stamp: tuple[int, int, int],
) -> str:
    """The answer comes by a pipe: on a full disk a file would have the beginning of it."""
    del stamp  # another file is another question
    env = {"PATH": path} | {name: os.environ[name] for name in ("HOME",) if name in os.environ}
    env |= {state: _NOWHERE} if state else {}
    read, write = os.pipe()
    with os.fdopen(read, "rb", buffering=0) as answer:
        os.set_blocking(read, False)
        try:
            process = subprocess.Popen(
                [program, *words],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=write,
                stderr=subprocess.STDOUT if with_stderr else subprocess.DEVNULL,
                start_new_session=True,
            )
        finally:
            os.close(write)
        try:
            said = _heard(process, answer, seconds)
        finally:
            _end(process)
    if process.returncode < 0:
        raise ChildProcessError  # it was killed in the middle of its answer
    return said.decode("utf-8", "replace").strip()


def _heard(process: subprocess.Popen[bytes], answer: RawIOBase, seconds: float) -> bytes:
    """What it says until it ends. A process that it leaves behind may hold the pipe open for ever."""
    said, until = b"", time.monotonic() + seconds
    while True:
        ended = process.poll() is not None  # looked at first: by its end all that it said is in the pipe
        piece = answer.read(_KEPT)
        said = (said + (piece or b""))[:_KEPT]
        if ended and (not piece or len(said) == _KEPT):
            return said
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if piece == b"":  # it has closed it, and works on
            try:
                process.wait(left)
            except subprocess.TimeoutExpired as error:
                raise TimeoutError from error
        elif not piece and not ended:
            select.select([answer], [], [], min(left, _LOOK_SECONDS))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End its whole group, unless it came to its end: the group's number may be another's by then."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _dotted(number: Number) -> str:
    return ".".join(map(str, number))
