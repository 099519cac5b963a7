"""Wishes for effects, and how they came out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.model.event import Event
from fleet.model.state import State, Wish
from fleet.policy.folds.reading import record, text, whole


def effect_wanted(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """An effect is wished for, under its key."""
    args = record(data, "args")
    key = text(data, "key")
    state.wishes[key] = Wish(key, text(data, "kind"), args, event.time, cause=event.id)
    run = state.runs.get(text(args, "run"))
    if run is not None and data.get("kind") == "say":
        run.unsaid.pop(key.removeprefix("say/"), None)
    elif run is not None and data.get("kind") == "stop":
        run.stopping = True


def effect_done(state: State, _event: Event, data: Mapping[str, Any]) -> None:
    """It is done."""
    wish = state.wishes.pop(text(data, "key"), None)
    if wish is not None and wish.kind == "post":
        state.posted[text(wish.args, "run")] = None


def forge_shown(state: State, _event: Event, data: Mapping[str, Any]) -> None:
    """The forge shows an item like this. What was finished when that was worked out needs no more looking
    after.
    """
    item = whole(data, "item")
    state.shown[item] = text(data, "digest")
    if data.get("final") is True:
        state.to_show.pop(item, None)


def effect_failed(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """It failed: for good, or it is tried again later."""
    wish = state.wishes.get(text(data, "key"))
    if wish is None:
        return
    if data.get("permanent") is True:
        del state.wishes[wish.key]
        if wish.kind == "post":  # what the forge does not take is not sent to it again and again
            state.posted[text(wish.args, "run")] = None
        return
    wish.attempt = whole(data, "attempt")
    wish.retry_at = whole(data, "retry_at")
    wish.error = text(data, "error")
    wish.cause = event.id
