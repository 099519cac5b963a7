"""Logs in a scratch directory, and real processes that use them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fleet.adapters.logs.sqlite import SqliteLog

Start = Callable[..., "subprocess.Popen[str]"]
_BEGIN = """
import sys, time
from pathlib import Path
from fleet.adapters.logs.sqlite import SqliteLog
from fleet.model.errors import FleetError
from fleet.model.event import Event

path = Path(sys.argv[1])
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def log(path: Path) -> Iterator[SqliteLog]:
    log = SqliteLog(path)
    yield log
    log.close()


@pytest.fixture
def start(path: Path) -> Iterator[Start]:
    """Start a Python process that runs `code` on the log; it may read stdin, and is ended with the test."""
    processes: list[subprocess.Popen[str]] = []

    def begin(code: str, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", _BEGIN + code, str(path), *map(str, arguments)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        return process

    yield begin
    for process in processes:
        process.kill()
        process.communicate()
