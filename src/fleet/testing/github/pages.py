"""Lists go out in pages, with links to the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlencode

from fleet.testing.github.wire import Answer, Ask

_T = TypeVar("_T")
_MOST = 100


def page(
    ask: Ask,
    items: Sequence[_T],
    shape: Callable[[_T], object],
    *,
    wrap: str = "",
    per_page: int = 30,
    most: int = 0,
) -> Answer:
    """The page that the query asks for. Only its items are shaped.

    `wrap` names the list inside of a document with `total_count`; past `most` items (0: no end) there is
    nothing to see.
    """
    size = min(_count(ask, "per_page", per_page), _MOST)
    number = _count(ask, "page", 1)
    total = min(len(items), most) if most else len(items)
    last = max(1, -(-total // size))
    shown = [shape(item) for item in items[(number - 1) * size : min(number * size, total)]]
    links = []
    if number > 1:
        links += [("prev", min(number - 1, last)), ("first", 1)]
    if number < last:
        links += [("next", number + 1), ("last", last)]
    headers = {"Link": ", ".join(f'<{_address(ask, at)}>; rel="{rel}"' for rel, at in links)} if links else {}
    return Answer({"total_count": total, wrap: shown} if wrap else shown, headers=headers)


def _address(ask: Ask, number: int) -> str:
    """GitHub's links go by the repository's id, so that they survive a new name."""
    path = ask.path
    if ask.found is not None and path.startswith("/repos/"):
        rest = "/".join(path.split("/")[4:])
        path = f"/repositories/{ask.found.id}" + (f"/{rest}" if rest else "")
    return f"{ask.roots.api}{path}?{urlencode({**ask.query, 'page': number})}"


def _count(ask: Ask, name: str, otherwise: int) -> int:
    text = ask.query.get(name, "")
    return max(1, int(text)) if text.isdigit() else otherwise
