"""The table of verbs and the files beside it belong together."""

from __future__ import annotations

from pathlib import Path

from fleet.surfaces.cli import root
from fleet.surfaces.cli.verbs import GROUPS, shown_verbs

FOLDER = Path(root.__file__).parent
VERBS = [verb for _, verbs in GROUPS for verb in verbs]


def test_a_verb_is_shown_only_when_its_file_is_there():
    assert [
        name for name, verb in shown_verbs().items() if not (FOLDER / f"{verb.module}.py").is_file()
    ] == []


def test_a_verb_stands_in_the_table_once():
    names = [verb.name for verb in VERBS]
    assert sorted(set(names)) == sorted(names)


def test_every_file_with_a_verb_has_its_row():
    makes_verb = {
        path.stem
        for path in FOLDER.glob("*.py")
        if any(line.startswith("app = typer.Typer(") for line in path.read_text().splitlines())
    }
    assert makes_verb - {verb.module for verb in VERBS} == set()


def test_every_shown_verb_can_be_loaded():
    for verb in shown_verbs().values():
        assert callable(root.load(verb)), verb.name
