"""What processes have used so far: processor time, and bytes read and written, those of the children that
they waited for included. So the sum over a tree grows while anything in it is at work.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

_PROC = sys.platform == "linux"


def of(pids: Iterable[int]) -> tuple[int, int]:
    """The sums over these processes: ms, and bytes (0 where the platform does not tell)."""
    if not _PROC:
        return _by_ps(pids), 0
    cpu = io = 0
    for pid in pids:
        cpu += _cpu_ms(pid)
        io += _io_bytes(pid)
    return cpu, io


def _cpu_ms(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    ticks = text.rpartition(")")[2].split()[11:15]  # its own in user and kernel mode, and its children's
    return sum(map(int, ticks)) * 1000 // os.sysconf("SC_CLK_TCK")


def _io_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    except OSError:  # it ended, or may not be looked at
        return 0
    told = dict(line.split(": ") for line in lines if ": " in line)
    return int(told.get("rchar", 0)) + int(told.get("wchar", 0))


def _by_ps(pids: Iterable[int]) -> int:
    wanted = ",".join(map(str, pids))
    done = subprocess.run(["ps", "-o", "cputime=", "-p", wanted], capture_output=True, text=True, check=False)
    return sum(_span_ms(line.strip()) for line in done.stdout.splitlines() if line.strip())


def _span_ms(text: str) -> int:
    """`1-02:03:04`, `02:03.45` in milliseconds."""
    days, _, clock = text.rpartition("-")
    seconds = 0.0
    for part in clock.split(":"):
        seconds = seconds * 60 + float(part)
    return int((int(days or 0) * 86_400 + seconds) * 1000)
