"""How soon `fleet --help` answers, beside `python -c pass` in the same run. Of the figures read the ratio."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROUNDS = 20


def measure(rounds: int = ROUNDS) -> dict[str, Any]:
    """Medians in milliseconds, and their ratio. The two take turns: a slow moment is slow for both."""
    fleet = Path(sys.executable).with_name("fleet")
    sides = {"fleet_help": [str(fleet), "--help"], "python_pass": [sys.executable, "-c", "pass"]}
    if not fleet.is_file():
        sides["fleet_help"] = [sys.executable, "-m", "fleet", "--help"]
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds + 1):
        for name, command in sides.items():
            begin = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            taken[name].append((time.perf_counter() - begin) * 1000)
    # The first of each reads from the disk what the others find in memory.
    medians = {f"{name}_ms": round(statistics.median(each[1:]), 1) for name, each in taken.items()}
    return medians | {"ratio": round(medians["fleet_help_ms"] / medians["python_pass_ms"], 2)}


def table(figures: dict[str, Any]) -> str:
    """The figures for people."""
    return "\n".join(f"{name.replace('_', ' '):28}{value:>10}" for name, value in figures.items())


if __name__ == "__main__":
    print(table(measure()))
