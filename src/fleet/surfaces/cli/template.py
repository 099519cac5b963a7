"""`fleet template`: agents' templates, built-in and the project's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from fleet.model.errors import FleetError, UsageError
from fleet.surfaces.cli.options import Json
from fleet.surfaces.cli.output import clean, print_json, say, style
from fleet.surfaces.cli.people_only import people_only
from fleet.surfaces.cli.table import Column, print_table

app = typer.Typer(help="List, show, make and check agents' templates.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A template's name, or a path that ends in .md.")]


@app.command("list")
def list_(json: Json = False) -> None:
    """List the templates that fleet.yaml may name here."""
    from fleet.config.templates import find, names

    root, found = _root(), []
    for name in names(root):
        try:
            each = find(name, root)
            found.append(_about(each) | {"problem": ""})
        except UsageError as error:
            found.append({"name": name, "duty": "", "source": "project", "problem": str(error)})
    if json:
        print_json(found)
        return
    print_table(
        ["name", "duty", "from", Column("description", least=20)],
        [
            [each["name"], each["duty"] or "-", each["source"], each["problem"] or each["description"]]
            for each in found
        ],
    )


@app.command()
def show(name: Name, json: Json = False) -> None:
    """Show a template: what it says of itself, and its text."""
    from fleet.config.templates import find

    template = find(name, _root())
    if json:
        print_json(_about(template) | {"body": template.body})
        return
    say(style(clean(template.name), "bold") + f"  {template.duty or 'no duty'}  {clean(str(template.path))}")
    if template.description:
        say(clean(template.description))
    if template.model or template.tools:
        say(clean(f"model {template.model or '(any)'}, tools {', '.join(template.tools) or '(all)'}"))
    say()
    say(clean(template.body, keep_lines=True))


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name: a-z, 0-9 and -.")],
    like: Annotated[
        str, typer.Option("--like", metavar="NAME", help="The template that it begins as a copy of.")
    ] = "developer",
    json: Json = False,
) -> None:
    """Make a template of the project's own, in .claude/agents, as a copy of another one."""
    people_only("template new")
    import re

    from fleet.config.starter import write_new
    from fleet.config.templates import OWN, find

    root = _root()
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", name):
        raise UsageError(f"{name!r} is no name of a template", do="Use a-z, 0-9 and -, a letter first.")
    before = find(like, root)
    text = before.path.read_text(encoding="utf-8-sig")
    if re.search(r"^name:.*$", text, re.MULTILINE):
        text = re.sub(r"^name:.*$", f"name: {name}", text, count=1, flags=re.MULTILINE)
    path = root / OWN / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_new(path, text)
    if json:
        print_json({"name": name, "path": str(path), "like": before.name})
    else:
        say(f"Wrote {clean(str(path))}, a copy of {before.name}. In fleet.yaml: template: {name}")


@app.command()
def lint(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="One file; else the project's own.")
    ] = None,
    json: Json = False,
) -> int:
    """Check a template, or all of the project's own: what keeps them from working, what could be better."""
    from fleet.config.lint import lint as look
    from fleet.config.templates import OWN

    paths = [file] if file else sorted((_root() / OWN).glob("*.md"))
    found = []
    for path in paths:
        try:
            findings = look(path)
        except UsageError as error:
            if file:
                raise
            found.append({"file": str(path), "ok": False, "problems": [str(error)], "advice": []})
            continue
        problems, advice = [str(each) for each in findings.problems], [str(each) for each in findings.advice]
        found.append({"file": str(path), "ok": not problems, "problems": problems, "advice": advice})
    if json:
        print_json(found)
    else:
        _tell(found)
    return 0 if all(each["ok"] for each in found) else FleetError.exit_code


def _tell(found: list[dict[str, Any]]) -> None:
    if not found:
        say("The project has no templates of its own (.claude/agents). Make one: fleet template new NAME")
    for each in found:
        mark = style("ok", "green") if each["ok"] else style("wrong", "red")
        say(f"{mark}  {clean(each['file'])}")
        for problem in each["problems"]:
            say(f"  {style('error:', 'red')} {clean(problem)}")
        for advice in each["advice"]:
            say(f"  {style('advice:', 'yellow')} {clean(advice)}")


def _about(template: Any) -> dict[str, Any]:
    return {
        "name": template.name,
        "duty": template.duty,
        "source": template.source,
        "description": template.description,
        "model": template.model,
        "tools": list(template.tools),
        "path": str(template.path),
    }


def _root() -> Path:
    """The project's folder; outside of one, where we are: the built-in templates can be seen anywhere."""
    from fleet.wiring import find_place

    try:
        return find_place().root
    except UsageError:
        return Path.cwd()
