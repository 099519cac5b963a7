"""Wishes for effects, and how they came out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.model.event import Event
from fleet.model.state import Passage, State, Wish
from fleet.policy.folds.reading import record, records, text, texts, whole


def effect_wanted(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """An effect is wished for, under its key."""
    args = record(data, "args")
    key = text(data, "key")
    state.wishes[key] = Wish(key, text(data, "kind"), args, event.time, cause=event.id)
    if data.get("kind") == "answer" and args.get("trusted") is not True:
        state.turned_away[text(args, "ref")] = None
    run = state.runs.get(text(args, "run"))
    if run is not None and data.get("kind") == "say":
        run.unsaid.pop(key.removeprefix("say/"), None)
    elif run is not None and data.get("kind") == "stop":
        run.stopping = True
    elif run is not None and data.get("kind") == "allow":
        run.allowed_ms = whole(args, "ms")


def passage_evaluated(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """An action is held back by its gates; what of them is met."""
    key = text(data, "passage")
    if not key or text(data, "instance") not in state.instances:
        return
    passage = state.passages.setdefault(key, Passage(key))
    passage.kinds, passage.lines = texts(data, "kinds"), records(data, "requirements")
    passage.change, passage.run, passage.head = whole(data, "change"), text(data, "run"), text(data, "head")
    passage.instance, passage.cause = text(data, "instance"), event.id


def effect_done(state: State, _event: Event, data: Mapping[str, Any]) -> None:
    """It is done."""
    wish = state.wishes.pop(text(data, "key"), None)
    state.passages.pop(text(data, "key"), None)
    if wish is not None and wish.kind == "post":
        state.posted[text(wish.args, "run")] = None


def forge_shown(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """The forge shows an item like this. What was finished when that was worked out needs no more looking
    after.
    """
    item = whole(data, "item")
    state.shown[item] = text(data, "digest")
    state.shown_at[item] = event.time
    state.shown_brief[item] = text(data, "brief")
    if data.get("final") is True:
        state.to_show.pop(item, None)


def effect_failed(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """It failed: for good, or it is tried again later."""
    wish = state.wishes.get(text(data, "key"))
    if wish is None:
        return
    if data.get("withdrawn") is True:  # its gate, with the approvals that it has, is as it was
        del state.wishes[wish.key]
        return
    if data.get("permanent") is True:
        del state.wishes[wish.key]
        state.passages.pop(wish.key, None)
        if wish.kind == "post":  # what the forge does not take is not sent to it again and again
            state.posted[text(wish.args, "run")] = None
        return
    wish.attempt = whole(data, "attempt")
    wish.retry_at = whole(data, "retry_at")
    wish.error = text(data, "error")
    wish.cause = event.id
