"""HTML as a kind of text of its own: whatever is not `Html` is escaped, so nothing is forgotten.

tag("p", "5 < 7", class_="note")  ->  <p class="note">5 &lt; 7</p>
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias
from urllib.parse import quote

Child: TypeAlias = "str | int | float | Iterable[Child] | None"

_VOID = frozenset({"input", "meta", "link"})
_SHAPES = frozenset({"path", "rect", "circle"})
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
# Control signs, signs that turn the direction of writing, and halves of characters, as in fleet.model.text;
# and the private sign that marks a place to be filled in later (`draw.times`), which no text may bring along.
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ue0f0]")


class Html(str):
    """Text that is HTML already: made here, and nowhere from outside text."""

    __slots__ = ()


NOTHING = Html("")


def escape(text: str) -> Html:
    """Any text, fit to stand between tags or in an attribute."""
    return Html(_UNFIT.sub("", text).translate(_ENTITIES))


def join(*children: Child) -> Html:
    """Children one after the other; None is nothing."""
    return Html("".join(_parts(children)))


def tag(element: str, /, *children: Child, **attributes: str | int | float | bool | None) -> Html:
    """An element. `class_` is written class, `aria_label` aria-label; True is a bare attribute, None or
    False none.
    """
    head = "".join(_attribute(key, value) for key, value in attributes.items())
    if element in _VOID:
        return Html(f"<{element}{head}>")
    if element in _SHAPES:
        return Html(f"<{element}{head}/>")
    return Html(f"<{element}{head}>{''.join(_parts(children))}</{element}>")


def url(*parts: str | int, **query: str | int) -> str:
    """A path of this page: each part is one step, whatever signs it has."""
    path = "/" + "/".join(quote(str(part), safe="") for part in parts)
    asked = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in query.items() if value != "")
    return f"{path}?{asked}" if asked else path


def _attribute(key: str, value: str | int | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'


def _parts(children: Iterable[Child]) -> Iterable[str]:
    for child in children:
        if child is None:
            continue
        if isinstance(child, Html):
            yield child
        elif isinstance(child, str):
            yield escape(child)
        elif isinstance(child, int | float):
            yield str(child)
        else:
            yield from _parts(child)
