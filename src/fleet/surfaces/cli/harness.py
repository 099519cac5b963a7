"""`fleet harness`: which harnesses there are, and whether one keeps the law of its port."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fleet.model.errors import FleetError, UsageError
from fleet.surfaces.cli.finding import find_run
from fleet.surfaces.cli.options import Json
from fleet.surfaces.cli.output import clean, print_json, say, style
from fleet.surfaces.cli.table import Column, print_table

if TYPE_CHECKING:
    from fleet.ports.harness import Harness
    from fleet.testing.harness_law import Lines, Subject

app = typer.Typer(help="List harnesses, put one to the law.", no_args_is_help=True)

_NEED_A_RUN = ("who_is_steered_listens", "a_good_run_is_read")


@app.command("list")
def list_(json: Json = False) -> None:
    """List the harnesses that fleet.yaml may name: Fleet's own, and those of other packages."""
    from fleet.engine.fit import detected
    from fleet.wiring import broken_harnesses, harnesses

    path, broken, known = os.environ.get("PATH", os.defpath), broken_harnesses(), sorted(harnesses().items())
    found: list[dict[str, Any]] = []
    with ThreadPoolExecutor(8) as pool:
        looked = pool.map(lambda pair: detected(pair[1], path), known)
        for (name, each), seen in zip(known, looked, strict=True):
            about = {"name": name, "found": seen.found, "version": seen.version, "can": _can(each)}
            found.append(about | {"problem": seen.problem, "fix": seen.fix})
    for name, why in sorted(broken.items()):
        about = {"name": name, "found": False, "version": "", "can": []}
        about["problem"] = f"it can't be loaded: {why}"
        found.append(about | {"fix": "Install the package that brings it again."})
    if json:
        print_json(found)
        return
    print_table(
        ["name", "there", "version", "can", Column("problem", least=20)],
        [
            [
                *(each["name"], "yes" if each["found"] else "no", each["version"] or "-"),
                *(", ".join(each["can"]) or "-", each["problem"] or "-"),
            ]
            for each in found
        ],
    )


def _can(harness: Harness) -> list[str]:
    """What people can do with its runs: tell them something while they work, go on with them by hand."""
    from fleet.ports.harness import Interactive

    hears = harness.steer("a word") is not None
    return [*(["say"] if hears else []), *(["takeover"] if isinstance(harness, Interactive) else [])]


@app.command("test")
def put_to_the_law(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The harness, as in fleet.yaml.")],
    run: Annotated[
        str,
        typer.Option(
            "--run", metavar="RUN|FILE", help="A run of it that went well, or a file of its stdout."
        ),
    ] = "",
    option: Annotated[
        list[str] | None, typer.Option("--option", metavar="NAME=VALUE", help="An option that it needs.")
    ] = None,
    tools: Annotated[
        str, typer.Option("--tools", metavar="TOOLS", help="Tools that it can be limited to, in its words.")
    ] = "Read,Bash(git *)",
    silent: Annotated[
        bool, typer.Option("--silent", help="Its output tells neither its end nor what was spent.")
    ] = False,
    deaf: Annotated[
        bool, typer.Option("--deaf", help="With these options it can't be told anything while it runs.")
    ] = False,
    json: Json = False,
) -> int:
    """Put a harness to the law of its port. No agent is started; --run lets all of it be tried."""
    from fleet.testing.harness_law import LAWS, LawBroken, Subject
    from fleet.wiring import broken_harnesses, harness

    if why := broken_harnesses().get(name):
        raise UsageError(
            f"{name} can't be loaded",
            why=why,
            do="Correct its entry point (NAME = package:Class), or install its package again.",
        )
    found = harness(name)
    subject = Subject(
        lambda: found,
        _lines(run) if run else (),
        environment=dict(os.environ),
        options=_options(option or []),
        tools=tuple(word for word in tools.split(",") if word),
        reports=not silent,
        listens=not deaf,
    )
    _demand_a_plan(subject, name)
    results = []
    for law in LAWS:
        seen, kept = "", None if not run and law.__name__ in _NEED_A_RUN else True
        if kept:
            try:
                law(subject)
            except LawBroken as broken:
                seen, kept = str(broken), False
            except Exception as error:  # noqa: BLE001  # someone else's code, in which anything may go wrong
                seen, kept = f"{type(error).__name__}: {error}", False
        results.append({"law": law.__name__, "kept": kept, "seen": seen})
        if not json:
            _tell(law.__name__, kept, seen)
    broken_laws = [each["law"] for each in results if each["kept"] is False]
    if json:
        print_json({"harness": name, "ok": not broken_laws, "laws": results})
    elif broken_laws:
        say(f"{clean(name)} breaks {len(broken_laws)} of {len(LAWS)} laws.")
    else:
        say(f"{clean(name)} keeps the law." + ("" if run else " With --run the rest can be tried too."))
    return FleetError.exit_code if broken_laws else 0


def _tell(law: str, kept: bool | None, seen: str) -> None:
    sign = {True: style("✓", "green"), False: style("✗", "red"), None: "-"}[kept]
    note = f": {clean(seen)}" if seen else ": needs --run" if kept is None else ""
    say(f"{sign} {law.replace('_', ' ')}{note}")


def _demand_a_plan(subject: Subject, name: str) -> None:
    """Options or tools that it can't follow are a mistake of the caller, not of the harness."""
    try:
        for _ in subject.plans():
            continue
    except FleetError as error:
        raise UsageError(
            f"{name} can't be planned: {error.what}",
            why=error.why,
            do=f"{error.do} (Here: --option NAME=VALUE, --tools WORDS.)".strip(),
        ) from error


def _options(given: list[str]) -> dict[str, str]:
    found = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not name or not equals:
            raise UsageError(f"{each!r} is no option", do="Write it as --option NAME=VALUE.")
        found[name] = value
    return found


def _lines(run: str) -> Lines:
    """The output of a run of this project, or what stands in a file."""
    path = Path(run)
    if path.is_file():
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
        return [("out", line) for line in text.splitlines()]
    from fleet.wiring import find_place, open_sessions, read_state

    place = find_place()
    key = find_run(read_state(place), run).id
    sessions, offset = open_sessions(place), 0
    pieces: dict[str, str] = {"out": "", "err": ""}
    found: list[tuple[str, str]] = []
    try:
        while (page := sessions.read(key, offset))[0]:
            offset = page[1]
            for record in page[0]:
                if record.stream in pieces:
                    pieces[record.stream] += record.text
                    if record.complete:
                        found.append((record.stream, pieces[record.stream]))
                        pieces[record.stream] = ""
    finally:
        sessions.close()
    return [("out" if stream == "out" else "err", line) for stream, line in found]
