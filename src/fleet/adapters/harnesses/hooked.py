"""Asking Fleet about a call of a tool from the program that stands between Fleet and an agent.

The program that harnesses start as their hook is started here in their place (`Launch.hook`), with the call
in the form of Claude Code's hooks.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_WHY = 500
_BACK_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Word:
    """What was said about a call. `why` is for the agent."""

    allowed: bool
    why: str


def call_name(identity: str) -> str:
    """An id that the gateway takes, whatever the agent calls its call."""
    return (
        identity
        if _NAME.fullmatch(identity)
        else hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()[:24]
    )


class Hook:
    """The hook of one run. Whatever goes wrong with it refuses the call."""

    def __init__(self, argv: Sequence[str], seconds: int) -> None:
        self._argv = tuple(argv)
        self._seconds = seconds

    async def before(self, said: Mapping[str, Any]) -> Word:
        """Whether the call may be made. It may wait for a person."""
        code, out, err = await self._ask("before", said, self._seconds)
        if code != 0:
            return Word(False, err[:_WHY].strip() or "Fleet could not look at this call, so it is refused")
        try:
            found = json.loads(out)["hookSpecificOutput"]
            return Word(found["permissionDecision"] == "allow", str(found["permissionDecisionReason"])[:_WHY])
        except (ValueError, LookupError, TypeError, RecursionError):
            return Word(False, "Fleet gave no clear answer, so this call is refused")

    async def after(self, said: Mapping[str, Any], ok: bool) -> None:
        """Note that the call came back."""
        event = "PostToolUse" if ok else "PostToolUseFailure"
        await self._ask("after", {**said, "hook_event_name": event}, _BACK_SECONDS)

    async def _ask(self, phase: str, said: Mapping[str, Any], seconds: int) -> tuple[int | None, str, str]:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._argv, phase, stdin=PIPE, stdout=PIPE if phase == "before" else DEVNULL, stderr=PIPE
            )
        except OSError as error:
            return None, "", f"Fleet could not look at this call, so it is refused: {error}"
        try:
            told = json.dumps(said).encode()
            out, err = await asyncio.wait_for(process.communicate(told), seconds)
        except TimeoutError:
            return None, "", "nobody answered in time, so this call is refused"
        finally:
            if process.returncode is None:
                process.kill()
        return process.returncode, (out or b"").decode("utf-8", "replace"), err.decode("utf-8", "replace")
