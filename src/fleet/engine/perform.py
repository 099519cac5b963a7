"""From wish to deed: one table, one file an effect. Each looks before it acts, so doing it again does no
harm.

What an effect brings about and that it is done are appended together: there is no moment in which one is
known without the other.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from fleet.engine.effects.allow import allow
from fleet.engine.effects.asked import Withdrawn
from fleet.engine.effects.assess import assess
from fleet.engine.effects.attest import attest
from fleet.engine.effects.check import check
from fleet.engine.effects.collect import collect
from fleet.engine.effects.forge import answer, post, publish, show
from fleet.engine.effects.forget import forget
from fleet.engine.effects.guard import guard
from fleet.engine.effects.inspect import inspect
from fleet.engine.effects.look import look
from fleet.engine.effects.merge import Held, merge
from fleet.engine.effects.notify import notify
from fleet.engine.effects.order import order
from fleet.engine.effects.release import release
from fleet.engine.effects.say import say
from fleet.engine.effects.start import start
from fleet.engine.effects.stop import stop
from fleet.engine.effects.tidy import tidy
from fleet.engine.effects.write import write
from fleet.engine.journal import Journal
from fleet.engine.observe import Observer
from fleet.engine.parts import Parts
from fleet.engine.refused import refused, story_of
from fleet.model import events
from fleet.model.errors import FleetError, Temporary
from fleet.model.event import Event
from fleet.model.state import State, Wish
from fleet.policy.fact import fact

Deed = Callable[[Parts, State, Wish], Awaitable[list[Event]]]

DEEDS: Mapping[str, Deed] = {
    "start": start,
    "stop": stop,
    "look": look,
    "allow": allow,
    "say": say,
    "collect": collect,
    "check": check,
    "assess": assess,
    "inspect": inspect,
    "merge": merge,
    "tidy": tidy,
    "write": write,
    "publish": publish,
    "show": show,
    "post": post,
    "answer": answer,
    "guard": guard,
    "attest": attest,
    "forget": forget,
    "release": release,
    "order": order,
    "notify": notify,
}

_FIRST_PAUSE_MS, _LONGEST_PAUSE_MS = 500, 60_000

logger = logging.getLogger("fleet.engine")


class Performer:
    """Performs the wishes of the state, each in a task of its own, at most one task a key."""

    def __init__(self, parts: Parts, journal: Journal, observer: Observer) -> None:
        self._parts = parts
        self._journal = journal
        self._observer = observer
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._tried: set[str] = set()

    def launch(self) -> None:
        """Begin what is wanted and not under way. A watcher that has just begun waits for no pause of the one
        before: whoever starts it may have put right what was in the way.
        """
        now = self._parts.clock()
        wishes = self._journal.state.wishes.items()
        # Starts come first: somebody waits for them, while a check takes as long as it takes.
        for key, wish in sorted(wishes, key=lambda each: each[1].kind != "start"):
            if self._waits_for_a_start(wish) or _not_before(wish) > now:
                continue
            if key not in self._tasks and (wish.retry_at <= now or key not in self._tried):
                self._tried.add(key)
                task = asyncio.create_task(self._perform(wish), name=key)
                self._tasks[key] = task
                task.add_done_callback(partial(self._ended, key))

    def _waits_for_a_start(self, wish: Wish) -> bool:
        """Whether it shows on the forge an item whose run is just being started: that comes first, and the
        forge can then be told how it went.
        """
        if wish.kind != "show":
            return False
        runs = self._journal.state.runs
        starting = (key.removeprefix("start/") for key in self._tasks if key.startswith("start/"))
        return any(run in runs and runs[run].item == wish.args["item"] for run in starting)

    def next_retry(self) -> int | None:
        """When the next wish that failed may be tried again (ms since the epoch)."""
        waiting = (wish for key, wish in self._journal.state.wishes.items() if key not in self._tasks)
        return min((max(wish.retry_at, _not_before(wish)) for wish in waiting), default=None)

    def busy(self) -> bool:
        """Whether anything is being done."""
        return bool(self._tasks)

    async def finish(self) -> None:
        """Wait for what is under way. Checks and commands are left to their sessions, which live on."""
        for key, task in self._tasks.items():
            if key.startswith(("check/", "order/")):
                task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _ended(self, key: str, _: asyncio.Task[None]) -> None:
        self._tasks.pop(key, None)
        self._journal.wake.set()

    async def _perform(self, wish: Wish) -> None:
        parts, state = self._parts, self._journal.state
        story = story_of(state, wish)
        done = fact(events.EFFECT_DONE, {"key": wish.key}, cause=wish.cause, story=story, subject=wish.key)
        try:
            outcome = await DEEDS[wish.kind](parts, state, wish)
            facts = [*outcome, done]
        except Held as held:
            facts = [*held.events, self._failed(wish, held, story, permanent=False)]
        except Withdrawn as shut:
            gone = {"key": wish.key, "error": str(shut), "permanent": False, "withdrawn": True}
            gone |= {"attempt": wish.attempt, "retry_at": 0}
            told = fact(events.EFFECT_FAILED, gone, cause=wish.cause, story=story, subject=wish.key)
            facts = [*shut.events, told]
        except Temporary as error:
            facts = [self._failed(wish, error, story, permanent=False)]
        except FleetError as error:
            facts = [*refused(state, wish, error), self._failed(wish, error, story, permanent=True)]
        except asyncio.CancelledError:
            raise
        except Exception as error:  # a defect of one deed must not end the watcher
            logger.exception("%s failed", wish.key)
            surprise = Temporary(f"{wish.key} broke inside", why=f"{type(error).__name__}: {error}")
            facts = [self._failed(wish, surprise, story, permanent=False)]
        await self._journal.record(facts)
        if wish.kind == "start":
            self._observer.follow(str(wish.args["run"]))

    def _failed(self, wish: Wish, error: FleetError, story: str, *, permanent: bool) -> Event:
        attempt = wish.attempt + 1
        pause = min(_LONGEST_PAUSE_MS, _FIRST_PAUSE_MS << min(attempt - 1, 16))
        if isinstance(error, Temporary):
            pause = max(pause, error.delay_ms)
        data = {
            "key": wish.key,
            "error": str(error),
            "permanent": permanent,
            "attempt": attempt,
            "retry_at": 0 if permanent else self._parts.clock() + pause,
        }
        return fact(events.EFFECT_FAILED, data, cause=wish.cause, story=story, subject=wish.key)


def _not_before(wish: Wish) -> int:
    """When it may be begun at the earliest (ms since the epoch), 0 for at once."""
    return int(wish.args.get("after", 0))
