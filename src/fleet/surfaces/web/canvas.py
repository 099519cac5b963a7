"""A page while it is drawn: pieces of it that may change have ids, so that the changed ones can be sent."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from fleet.surfaces.web.html import Child, Html, tag


class Row(NamedTuple):
    """One child of a list. `html` is an element with the id `id`."""

    id: str
    html: Html


class Canvas:
    """Collects pieces and lists. Pieces do not lie within each other; the children of a list are pieces."""

    def __init__(self) -> None:
        self.pieces: dict[str, Html] = {}
        self.lists: dict[str, list[str]] = {}

    def live(self, id: str, element: str, *children: Child, **attributes: str | int | bool | None) -> Html:
        """An element that may change as a whole."""
        made = tag(element, *children, id=id, **attributes)
        self.pieces[id] = made
        return made

    def many(self, id: str, element: str, rows: Sequence[Row], **attributes: str | int | bool | None) -> Html:
        """An element whose children come, go, move and change each by itself."""
        self.lists[id] = [row.id for row in rows]
        self.pieces.update({row.id: row.html for row in rows})
        return tag(element, [row.html for row in rows], id=id, **attributes)

    def digest(self) -> str:
        """A short name for just these pieces and lists."""
        parts = [f"{id}\0{html}" for id, html in self.pieces.items()]
        parts += [f"{id}\0{','.join(ids)}" for id, ids in self.lists.items()]
        return blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=12).hexdigest()


def row(id: str, element: str, *children: Child, **attributes: str | int | bool | None) -> Row:
    """A child for `Canvas.many`."""
    return Row(id, tag(element, *children, id=id, **attributes))


def difference(old: Canvas | None, new: Canvas) -> dict[str, Any]:
    """What turns a page that shows `old` into one that shows `new`; empty where nothing has changed."""
    before = old.pieces if old is not None else {}
    lists = old.lists if old is not None else {}
    pieces = {id: html for id, html in new.pieces.items() if before.get(id) != html}
    moved = {id: ids for id, ids in new.lists.items() if lists.get(id) != ids}
    return {name: value for name, value in (("pieces", pieces), ("lists", moved)) if value}
