"""`python -m tests.faults`: nights of random blows, by seeds; what must hold after each is looked at.

    python -m tests.faults --seed 7 --seconds 120 --items 20
    python -m tests.faults --harness claude-code,codex --nights 5

The seed gives the blows, their order and their moments; which process is where at that moment is the
machine's, so the same seed is about, and not exactly, the same night. Exits with 1 when something did not
hold.
"""

from __future__ import annotations

import argparse
import math
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.after import problems
from tests.faults.blows import BLOWS
from tests.faults.minds import LEADS
from tests.faults.night import Night

ALL = ("scripted", "command", *LEADS)


def play(
    folder: Path,
    *,
    seed: int,
    harnesses: tuple[str, ...] = ("scripted",),
    items: int = 10,
    seconds: float = 60,
    blows: tuple[str, ...] = tuple(BLOWS),
    rest: float = 300,
    sandbox: str = "auto",
    say=lambda _: None,
) -> list[str]:
    """Play a night in this folder; what does not hold in the morning."""
    night = Night(folder, seed, harnesses, sandbox)
    try:
        start = time.monotonic()
        night.watch()
        opened, due = 0, [0.0]
        while (now := time.monotonic() - start) < seconds:
            if opened < items and now >= opened * seconds / items * 0.8:
                night.issue(harnesses[opened % len(harnesses)])
                opened += 1
            night.go_on()
            night.watch()
            if now > 1 and now >= due[0]:
                name = night.dice.choice(blows)
                due[0] = now + night.dice.uniform(0.2, 2.0)
                if said := BLOWS[name](night):
                    say(f"{now:6.1f} s  {said}")
            night.answer()
            time.sleep(0.1)
        night.mind.weather = 0
        night.go_on(math.inf)
        say(f"the blows are over after {time.monotonic() - start:.0f} s; now it comes to rest")
        rested = night.rest(rest)
        night.end()
        found = problems(night)
        for each in sorted(set(night.told)):
            say(f"        {night.told.count(each)} x {each[:200]}")
        runs, changes = len(night.state().runs), len(night.state().changes)
        faults, took = len(night.mind.faults), time.monotonic() - start
        say(f"{runs} runs, {changes} changes, {faults} faults of the model, {took:.0f} s")
        return ([] if rested else [f"it has not come to rest within {rest:g} s"]) + found
    finally:
        night.sweep()


def main() -> int:
    """Play the nights that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--nights", type=int, default=1, help="with this seed, the next one, and so on")
    parser.add_argument("--seconds", type=float, default=60, help="of blows in each night")
    parser.add_argument("--items", type=int, default=12)
    parser.add_argument("--rest", type=float, default=300)
    parser.add_argument(
        "--harness", default="scripted", help=f"of {', '.join(ALL)}; several with commas; all"
    )
    parser.add_argument("--sandbox", default="auto", help="auto, required or off")
    parser.add_argument("--blows", default="", help="some of them only, by words in their names")
    parser.add_argument("--keep", action="store_true", help="keep the folder of a night that went wrong")
    asked = parser.parse_args()
    harnesses = ALL if asked.harness == "all" else tuple(asked.harness.split(","))
    words = [word for word in asked.blows.split(",") if word]
    blows = tuple(name for name in BLOWS if not words or any(word in name for word in words))
    bad = 0
    for seed in range(asked.seed, asked.seed + asked.nights):
        folder = Path(tempfile.mkdtemp(prefix="night-"))
        print(f"night {seed} in {folder}: {', '.join(harnesses)}", flush=True)
        found = play(
            folder,
            seed=seed,
            harnesses=harnesses,
            items=asked.items,
            seconds=asked.seconds,
            blows=blows,
            rest=asked.rest,
            sandbox=asked.sandbox,
            say=lambda text: print(text, flush=True),
        )
        for each in found:
            print(f"  WRONG: {each}", flush=True)
        bad += bool(found)
        if not (found and asked.keep):
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{asked.nights - bad} of {asked.nights} nights are as they should be")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
