"""Forms: each says where it is from, and its buttons say what they do."""

from __future__ import annotations

from fleet.surfaces.web.html import Child, Html, tag
from fleet.surfaces.web.keys import FIELD


def form(action: str, token: str, *children: Child, class_: str = "act") -> Html:
    """A form that does something. It works without the script too."""
    hidden = tag("input", type="hidden", name=FIELD, value=token)
    return tag("form", hidden, *children, method="post", action=action, class_=class_)


def field(name: str, label: str, *, id: str, lines: int = 3, needed: bool = False, hint: str = "") -> Html:
    """Room for words, with its label above."""
    said = tag("label", label, for_=id)
    if lines == 1:
        room = tag(
            "input", type="text", name=name, id=id, required=needed, placeholder=hint, autocomplete="off"
        )
    else:
        room = tag("textarea", name=name, id=id, rows=lines, required=needed, placeholder=hint)
    return tag("div", said, room, class_="field")


def button(label: str, value: str = "", kind: str = "", *, ask: str = "") -> Html:
    """A button; `value` is sent as `do`. `ask`: the script asks this before it is sent."""
    return tag(
        "button",
        label,
        type="submit",
        name="do" if value else None,
        value=value or None,
        class_=f"button {kind}".strip(),
        data_ask=ask or None,
    )


def folded(title: str, *children: Child, id: str) -> Html:
    """A form that is seldom needed, behind its title."""
    return tag("details", tag("summary", title), *children, class_="fold", id=id)
