"""The one tree of errors. Each says what happened, why, and what to do about it."""

from __future__ import annotations


class FleetError(Exception):
    """An error meant for the person who reads it.

    `what` happened (one sentence), `why` (the cause, may be empty), `do` (the next step, may be empty).
    """

    exit_code = 1

    def __init__(self, what: str, *, why: str = "", do: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.do = do

    def __str__(self) -> str:
        """The whole error on one line, as logs and events show it."""
        parts = [self.what.removesuffix(".") if self.why or self.do else self.what]
        if self.why:
            parts.append(f"because {self.why}")
        if self.do:
            parts.append(f"({self.do})")
        return " ".join(parts)


class UsageError(FleetError):
    """The command line or the configuration is wrong; nothing was done (exit code 2)."""

    exit_code = 2


class WatcherDown(FleetError):
    """The thing asked needs a running watcher and there is none (exit code 4)."""

    exit_code = 4


class Temporary(FleetError):
    """An effect failed in a way that may pass: it is tried again later.

    `delay_ms` is a hint for when; zero leaves it to the retry policy.
    """

    def __init__(self, what: str, *, why: str = "", do: str = "", delay_ms: int = 0) -> None:
        super().__init__(what, why=why, do=do)
        self.delay_ms = delay_ms


class Permanent(FleetError):
    """An effect failed and will fail again: a person or the policy has to decide."""


class Conflict(FleetError):
    """Somebody else appended to the log first; fold again and decide anew."""
