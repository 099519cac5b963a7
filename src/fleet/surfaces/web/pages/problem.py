"""What went wrong, said in a page."""

from __future__ import annotations

from fleet.model.errors import FleetError
from fleet.surfaces.web.canvas import Canvas
from fleet.surfaces.web.draw.shell import heading
from fleet.surfaces.web.html import tag
from fleet.surfaces.web.look import Page


def problem(error: FleetError, *, acting: bool) -> Page:
    """The page for an error: what, why, and what to do. `acting`: something was to be done, and was not."""
    main = tag(
        "div",
        heading("This was not done" if acting else "There is nothing to show"),
        tag(
            "section",
            tag("p", tag("strong", error.what)),
            tag("p", error.why) if error.why else None,
            tag("p", error.do, class_="dim") if error.do else None,
            tag("p", "Go back to try again, or to the ", tag("a", "overview", href="/"), ".", class_="dim"),
            class_="panel",
        ),
    )
    return Page("Not done" if acting else "Nothing here", "", main, Canvas())
