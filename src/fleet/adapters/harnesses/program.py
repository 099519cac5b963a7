"""Whether a harness's program is there, and which version it is."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass

from fleet.ports.harness import Detected


@dataclass(frozen=True, slots=True)
class Program:
    """A program that is looked for. `name` is its command, `title` what people call it; `install` and
    `update` are what to do when it is missing or older than `oldest`.
    """

    name: str
    title: str
    oldest: tuple[int, int, int]
    install: str
    update: str


def look_for(program: Program, path: str, seconds: float) -> Detected:
    """Look for it along `path` and ask its version, for at most so long."""
    folders = os.pathsep.join(folder for folder in path.split(os.pathsep) if folder.startswith("/"))
    found = shutil.which(program.name, path=folders) if folders else None
    if found is None:
        return Detected(False, "", f"There is no {program.name} on PATH", program.install)
    said = _version_of(found, path, seconds)
    version = re.match(r"(?:[\w-]+ ){0,4}v?(\d+)\.(\d+)\.(\d+)", said or "")
    if version is None:
        heard = f"said {said[:80]!r}" if said is not None else f"took longer than {seconds:g} s"
        return Detected(True, "", f"{found} --version {heard}", f"Try it by hand. {program.install}")
    number = ".".join(version.groups())
    if tuple(map(int, version.groups())) < program.oldest:
        oldest = ".".join(map(str, program.oldest))
        return Detected(True, number, f"{program.title} {number} is older than {oldest}", program.update)
    return Detected(True, number, "", "")


def _version_of(program: str, path: str, seconds: float) -> str | None:
    """What it answers to --version; "" when it can't be started or fails, None when it takes too long.

    The answer goes into a file: a process that it leaves behind could hold a pipe open for ever.
    """
    env = {"PATH": path} | {name: os.environ[name] for name in ("HOME",) if name in os.environ}
    with tempfile.TemporaryFile() as answer:
        try:
            process = subprocess.Popen(
                [program, "--version"],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=answer,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            return ""
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            _end(process)
        answer.seek(0)
        return answer.read(200).decode("utf-8", "replace").strip()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End its whole group, unless it came to its end: the group's number may be another's by then."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
