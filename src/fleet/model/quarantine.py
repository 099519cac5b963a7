"""When an agent, or a change, may do nothing more until a person releases it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Quarantining:
    """The built-in rules beside failures in a row; zero, "" or False switches one off.

    Of agents: `level` of the own risk from which on, actions `denied` in a day, micro-dollars spent in an
    hour (`hourly_micros`), runs whose commits held `secrets`, and `tampering`: the gateway asked with wrong
    tokens, history rewritten. Of changes: `score` is a risk above which one waits; with `tampering` one that
    touches what rules the fleet does too.
    """

    level: Literal["", "high", "critical"] = "critical"
    denied: int = 10
    hourly_micros: int = 0
    secrets: int = 3  # with the second one a person is asked, who may say that it is none
    tampering: bool = True
    score: int = 0


USUAL = Quarantining()
