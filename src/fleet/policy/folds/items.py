"""Issues, and tasks given by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.model.event import Event
from fleet.model.state import Item, State
from fleet.policy.folds.reading import text, texts, whole


def item_opened(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """An issue or a task is there. One without a number gets the next."""
    number = whole(data, "item") or state.number + 1
    state.number = max(state.number, number)
    ref = text(data, "ref")
    if ref:
        state.refs[ref] = number
    state.items[number] = Item(
        id=number,
        title=text(data, "title"),
        body=text(data, "body"),
        author=text(data, "author"),
        trusted=data.get("trusted") is True,
        kind=text(data, "kind") or "issue",
        repo=text(data, "repo"),
        ref=ref,
        labels=texts(data, "labels"),
        opened=whole(data, "at") or event.time,
        cause=event.id,
    )


def item_labeled(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """It has one label more."""
    item, label = state.items.get(whole(data, "item")), text(data, "label")
    if item is not None:
        item.cause = event.id
        if label and label not in item.labels:
            item.labels.append(label)


def item_unlabeled(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """It has one label less."""
    item = state.items.get(whole(data, "item"))
    if item is not None:
        item.labels = [label for label in item.labels if label != text(data, "label")]
        item.cause = event.id


def item_commented(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """Somebody wrote something about it, or about its change."""
    number = whole(data, "item")
    change = state.changes.get(number)
    item = state.items.get(change.item if change is not None else number)
    if item is not None:
        trusted = data.get("trusted") is True
        comment = {"author": text(data, "author"), "text": text(data, "text"), "trusted": trusted}
        comment |= {"path": text(data, "path"), "line": whole(data, "line"), "time": event.time}
        comment["at"] = whole(data, "at") or event.time  # when it was said, where a forge knows
        item.comments.append(comment)
        if change is not None and trusted and (comment["path"] or data.get("review") is True):
            change.remarks.append(comment | {"head": text(data, "head")})
            change.cause = event.id


def item_closed(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """Nobody works on it any more."""
    item = state.items.get(whole(data, "item"))
    if item is not None:
        item.open = False
        item.closed_by = text(data, "actor") or "somebody"
        item.cause = event.id


def item_edited(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """Its author says it otherwise."""
    item = state.items.get(whole(data, "item"))
    if item is not None:
        item.title, item.body = text(data, "title") or item.title, text(data, "body")
        item.cause = event.id


def item_reopened(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """It is to be worked on again."""
    item = state.items.get(whole(data, "item"))
    if item is not None:
        item.open, item.closed_by = True, ""
        item.cause = event.id
