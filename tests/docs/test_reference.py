"""The pages that are made from the code are up to date, and leave nothing out."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from fleet.model import events
from fleet.surfaces.cli.verbs import shown_verbs

DOCS = Path(__file__).parents[2] / "docs"
STALE = "run: make docs-reference"


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_reference", DOCS / "reference.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["commands.md", "fleet-yaml.md", "events.md"])
def test_the_page_is_as_the_code_says(name: str, reference: ModuleType):
    made = reference.pages()[DOCS / name]
    assert (DOCS / name).read_text(encoding="utf-8") == made, STALE


def test_every_verb_is_documented():
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    assert [name for name in shown_verbs() if f"### fleet {name}\n" not in text] == [], STALE


def test_every_key_of_fleet_yaml_has_a_meaning(reference: ModuleType):
    assert [
        path for path, field, kind in reference.fleet_keys() if not reference.meaning(path, field, kind)
    ] == []


def test_no_meaning_is_kept_for_a_key_that_is_gone(reference: ModuleType):
    assert set(reference.MEANINGS) - {path for path, _, _ in reference.fleet_keys()} == set()


def test_every_type_of_event_is_documented(reference: ModuleType):
    known = {value for name, value in vars(events).items() if name.isupper()}
    assert {kind for _, found in reference.sections() for kind, _ in found} == known
