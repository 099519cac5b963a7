"""What an agent did, from its harness's events into the facts that rules look at: calls and what came of them
under short signs, times, and how full its model's window is.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from fleet.engine.news import Lines
from fleet.model import events
from fleet.model.acts import ActKind
from fleet.model.price import Price
from fleet.policy import signs
from fleet.policy.commands import moves, writes
from fleet.policy.prices import price_of
from fleet.policy.resting import rests, serves
from fleet.policy.success import succeeded
from fleet.policy.windows import window_of
from fleet.ports.harness import (
    AgentEvent,
    Conversation,
    Message,
    ModelUsage,
    Retrying,
    ToolCalled,
    ToolReturned,
    Usage,
)

_ACTION, _SAID = 160, 200
_KEPT_CALLS = 64
_SHORT_WAIT_MS = 1_000  # a pause that is not worth a word in the log


class _Open(NamedTuple):
    """A call that is under way."""

    name: str = ""
    kind: ActKind = "other"
    command: str = ""
    written: Sequence[str] = ()  # what it gives to be written
    polls: bool = False
    hollow: int = 0


class Acts:
    """Makes facts of one run's events, in their order. It holds the calls that are under way."""

    def __init__(self, run: str, model: str, prices: Iterable[tuple[str, Price]] = ()) -> None:
        self._run = run
        self._model = model
        self._prices = tuple(prices)
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._lines = Lines()
        self._last = ""
        self._usage = Usage()
        self._calls = 0

    def facts(self, event: AgentEvent, at: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """The type and the data of each fact that this event is, but for its session's end."""
        if isinstance(event, ToolCalled):
            yield self._called(event, at)
        elif isinstance(event, ToolReturned):
            yield from self._returned(event, at)
        elif isinstance(event, Message):
            yield from self._said(event, at)
        elif isinstance(event, Usage):
            yield self._spent(event, at)
        elif isinstance(event, Conversation):
            self._model = event.model or self._model
            opened = {"conversation": event.id, "model": event.model, "version": event.version}
            yield events.RUN_CONVERSED, {"run": self._run, **opened}
        elif isinstance(event, Retrying):
            yield from self._waits(event, at)

    def _called(self, event: ToolCalled, at: int) -> tuple[str, dict[str, Any]]:
        kind = signs.kind_of(event.name, event.input, event.summary)
        self._calls += 1
        name = f"c{self._calls}"
        command = signs.command_of(event.name, event.input)
        written = signs.written_texts(event.input) if kind == "edit" and not command else ()
        polls = signs.polls(event.name, event.input)
        hollow = signs.weight_of_nothing(event.name, event.input)
        self._open[event.id] = _Open(name, kind, command, written, polls, hollow)
        if len(self._open) > _KEPT_CALLS:
            self._open.popitem(last=False)
        self._last = " ".join((event.summary or event.name).split())[:_ACTION]
        given = event.input
        if kind == "edit" and not command and not signs.tells_content(given):
            given = {**given, "nth": self._calls}
        data = {
            "run": self._run,
            "action": self._last,
            "tool": event.name,
            "at": at,
            "id": name,
            "kind": kind,
            "call": signs.call_sign(event.name, given),
            "form": signs.form_sign(event.name, event.input),
            "polls": polls,
        }
        seldom = {
            "rests": rests(command),
            "moves": moves(command),
            "hollow": hollow,
            "serves": serves(command),
            "file": signs.file_sign(event.name, event.input) if kind == "edit" or writes(command) else "",
        }
        return events.RUN_ACTED, data | {key: value for key, value in seldom.items() if value}

    def _returned(self, event: ToolReturned, at: int) -> Iterator[tuple[str, dict[str, Any]]]:
        call = self._open.pop(event.id, _Open())
        name, kind, command = call[:3]
        if not name:
            return
        text = event.output or event.summary
        lines = signs.steady_lines(text if event.ok else signs.unquoted(text, call.written))
        lines = signs.steady_states(lines) if call.polls else lines
        fresh = 0 if call.hollow and command else self._lines.fresh(lines)
        ok = succeeded(kind, command, event.ok, text) if command else event.ok
        yield (
            events.RUN_RETURNED,
            {
                "run": self._run,
                "id": name,
                "at": at,
                "ok": ok,
                "out": signs.outcome_sign(kind, ok, lines),
                "said": "" if ok else signs.telling_line(text)[:_SAID],
                "lines": len(lines),
                "fresh": fresh,
            },
        )

    def _said(self, event: Message, at: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each message is told, also one that says the same again: that is a sign."""
        action = " ".join(event.text.split())[:_ACTION]
        if not action:
            return
        self._calls += 1
        data = {"run": self._run, "action": action, "tool": "", "at": at, "id": f"c{self._calls}"}
        yield events.RUN_ACTED, {**data, "kind": "say", "call": signs.text_sign(event.text)}

    def _spent(self, event: Usage, at: int) -> tuple[str, dict[str, Any]]:
        before, self._usage = self._usage, event
        given = _given(event) - _given(before)
        data: dict[str, Any] = {
            "run": self._run,
            "cost_micros": event.cost_micros if event.cost_micros is not None else self._priced(event),
            "tokens": _given(event) + event.output_tokens,
            "turns": event.turns,
            "at": at,
        }
        # One turn more: what it was given is what is in the window. Else it cannot be told apart.
        if event.turns == before.turns + 1 and (before.turns or event.turns == 1):
            data |= {"context": given, "window": window_of(self._model)}
        return events.RUN_SPENT, data

    def _priced(self, event: Usage) -> int | None:
        """What those tokens cost by the table of prices; None where one of the models is not in it."""
        parts: Iterable[Usage | ModelUsage] = event.by_model or (event,)
        cost = 0
        for part in parts:
            price = price_of(part.model if isinstance(part, ModelUsage) else self._model, self._prices)
            if price is None:
                return None
            cost += price.micros(
                part.input_tokens, part.output_tokens, part.cache_read_tokens, part.cache_write_tokens
            )
        return cost if event.turns or _given(event) + event.output_tokens else None

    def _waits(self, event: Retrying, at: int) -> Iterator[tuple[str, dict[str, Any]]]:
        text = f"waits {event.wait_ms / 1000:g} s: {event.reason}"[:_ACTION]
        yield events.RUN_ACTED, {"run": self._run, "action": text, "tool": ""}
        if event.wait_ms >= _SHORT_WAIT_MS:
            data = {"run": self._run, "kind": "rate limit", "reason": event.reason[:_SAID], "at": at}
            yield events.RUN_WAITS, {**data, "until": at + event.wait_ms}


def _given(usage: Usage) -> int:
    return usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
