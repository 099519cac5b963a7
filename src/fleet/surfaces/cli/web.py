"""`fleet web`: the project as a page in the browser, live, for seeing and for answering."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fleet.surfaces.cli import web_token

if TYPE_CHECKING:
    from fleet.surfaces.web.site import Site
    from fleet.surfaces.web.where import Where

_ANY = ("0.0.0.0", "::")  # noqa: S104  # to be told apart, and only served by TLS or behind a proxy

app = typer.Typer(invoke_without_command=True)
app.add_typer(web_token.tokens, name="token")


@app.callback()
def web(
    context: typer.Context,
    port: Annotated[
        int | None,
        typer.Option("--port", metavar="N", min=0, max=65535, help="Serve on this port; 0 for any free one."),
    ] = None,
    host: Annotated[
        str,
        typer.Option(
            "--host",
            metavar="NAME",
            help="The address to serve on; another than this machine's own needs --cert or --behind-proxy.",
        ),
    ] = "127.0.0.1",
    cert: Annotated[
        Path | None, typer.Option("--cert", metavar="FILE", help="A certificate (PEM), to serve by TLS.")
    ] = None,
    key: Annotated[Path | None, typer.Option("--key", metavar="FILE", help="Its key (PEM).")] = None,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="A proxy of yours speaks TLS and hands on what it gets.")
    ] = False,
    url: Annotated[
        str,
        typer.Option("--url", metavar="URL", help="How browsers reach it: https://fleet.example.org"),
    ] = "",
    open_: Annotated[bool, typer.Option("--open", help="Open it in your browser.")] = False,
) -> None:
    """Serve the project as a page: agents, approvals, runs, budgets, insight, the log; live, and to answer.

    It prints a link that lets one browser in and is good once; when it is used, the next one is printed.
    Others enter with a token of theirs: fleet web token add. It serves until Ctrl-C or SIGTERM. Agents and
    the watcher do not need it.
    """
    if context.invoked_subcommand is not None:
        return
    import asyncio

    from fleet.surfaces.cli.acting import actor
    from fleet.surfaces.cli.output import print_note
    from fleet.surfaces.cli.people_only import people_only
    from fleet.surfaces.cli.project import open_project
    from fleet.surfaces.web.projection import Projection
    from fleet.surfaces.web.serve import Tls, listen, serve
    from fleet.surfaces.web.site import Site
    from fleet.wiring import clock, load_fleet, watcher_status

    people_only("web")
    where = _where(host, port, cert, key, url, behind_proxy=behind_proxy)
    tls = Tls(cert, key) if cert and key else None
    with open_project() as project, listen(host, port, open_=bool(tls or behind_proxy)) as listener:
        place = project.place
        projection = Projection(project.log, lambda: load_fleet(place), lambda: watcher_status(place), clock)
        head = project.log.head().seq
        if head > 20_000:
            print_note(f"Reading {head} events …")
        projection.load()
        site = Site(place, projection, actor(), where)
        address = where.url or f"http://127.0.0.1:{listener.getsockname()[1]}"
        waiting, noted = place.dot / "web-enter.html", place.dot / "web.url"

        def ready() -> None:
            noted.write_text(address + "\n", encoding="utf-8")
            _print_link(site, address)
            if open_:
                _open(waiting, f"{address}/enter?key={site.keys.once}")

        def entered() -> None:
            waiting.unlink(missing_ok=True)
            _print_link(site, address, again=True)

        site.entered = entered
        try:
            asyncio.run(serve(site, listener, ready, tls))
        finally:
            waiting.unlink(missing_ok=True)
            noted.unlink(missing_ok=True)


def _where(
    host: str, port: int | None, cert: Path | None, key: Path | None, url: str, *, behind_proxy: bool
) -> Where:
    """By which names it is reached. Raises `UsageError` for words that do not go together."""
    from fleet.model.errors import UsageError
    from fleet.surfaces.web.serve import DEFAULT_PORT
    from fleet.surfaces.web.where import Where, public

    if bool(cert) != bool(key):
        raise UsageError("A certificate needs its key", do="Give both: --cert FILE --key FILE")
    if cert and behind_proxy:
        raise UsageError("Either it speaks TLS or a proxy does", do="Leave out --cert, or --behind-proxy.")
    if behind_proxy and not url:
        raise UsageError(
            "Behind a proxy it has to know how browsers reach it",
            do="Say it: --url https://fleet.example.org",
        )
    if not cert and not behind_proxy:
        if url:
            raise UsageError("--url is for --cert and --behind-proxy")
        return Where()
    if not url and host in _ANY:
        raise UsageError(
            "On all addresses it has to know its name", do="Say it: --url https://fleet.example.org"
        )
    name = f"[{host}]" if ":" in host else host
    return public(url or f"https://{name}:{DEFAULT_PORT if port is None else port}")


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
