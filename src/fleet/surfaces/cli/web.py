"""`fleet web`: the project as a page in the browser, live, for seeing and for answering."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.surfaces.web.site import Site

app = typer.Typer()


@app.command()
def web(
    port: Annotated[
        int | None,
        typer.Option("--port", metavar="N", min=0, max=65535, help="Serve on this port; 0 for any free one."),
    ] = None,
    host: Annotated[
        str, typer.Option("--host", metavar="NAME", help="127.0.0.1 or localhost; no other is served.")
    ] = "127.0.0.1",
    open_: Annotated[bool, typer.Option("--open", help="Open it in your browser.")] = False,
) -> None:
    """Serve the project as a page: agents, approvals, runs, budgets, the log; live, and to answer.

    It prints a link that lets one browser in and is good once; when it is used, the next one is printed. It
    serves until Ctrl-C or SIGTERM. Agents and the watcher do not need it.
    """
    import asyncio

    from fleet.surfaces.cli.acting import actor
    from fleet.surfaces.cli.output import print_note
    from fleet.surfaces.cli.people_only import people_only
    from fleet.surfaces.cli.project import open_project
    from fleet.surfaces.web.projection import Projection
    from fleet.surfaces.web.serve import listen, serve
    from fleet.surfaces.web.site import Site
    from fleet.wiring import clock, load_fleet, watcher_status

    people_only("web")
    with open_project() as project, listen(host, port) as listener:
        place = project.place
        projection = Projection(project.log, lambda: load_fleet(place), lambda: watcher_status(place), clock)
        head = project.log.head().seq
        if head > 20_000:
            print_note(f"Reading {head} events …")
        projection.load()
        site = Site(place, projection, actor())
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        waiting = place.dot / "web-enter.html"

        def ready() -> None:
            _print_link(site, address)
            if open_:
                _open(waiting, f"{address}/enter?key={site.keys.once}")

        def entered() -> None:
            waiting.unlink(missing_ok=True)
            _print_link(site, address, again=True)

        site.entered = entered
        try:
            asyncio.run(serve(site, listener, ready))
        finally:
            waiting.unlink(missing_ok=True)


def _print_link(site: Site, address: str, *, again: bool = False) -> None:
    import sys

    from fleet.surfaces.cli.output import say, style

    if again:
        say(
            style("A browser was let in. If it was not yours, press Ctrl-C. The link for another one:", "dim")
        )
    else:
        say("Open this link; it is good once. Ctrl-C ends it.")
    say(f"  {address}/enter?key={site.keys.once}")
    sys.stdout.flush()


def _open(page: Path, link: str) -> None:
    """Open the link through a file that only its owner can read: all can see the words of a command."""
    import os
    import webbrowser

    page.unlink(missing_ok=True)
    descriptor = os.open(page, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(
            f'<!doctype html><meta http-equiv="refresh" content="0; url={link}"><title>Fleet</title>\n'
        )
    webbrowser.open(page.absolute().as_uri())
