"""What holds for every file: its length, its name, and what it must not give away."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 400
TOO_LONG: dict[str, str] = {}  # path → why it may be, for now
SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc", "shared"}


def tracked() -> list[Path]:
    """What is in the repository or about to be; with no repository (a source archive) what lies here."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        folders = ("src", "tests", "bench", "docs")
        found = [*ROOT.glob("*.*"), *(path for name in folders for path in (ROOT / name).rglob("*.*"))]
    else:
        found = [ROOT / name for name in listed.stdout.split("\0") if name]
    return sorted(path for path in found if path.is_file() and path.suffix != ".pyc")


def modules() -> list[Path]:
    return sorted((ROOT / "src" / "fleet").rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_file_is_longer_than_can_be_read_at_once():
    long = {name_of(path): len(path.read_text().splitlines()) for path in modules()}
    assert {name: lines for name, lines in long.items() if lines > LONGEST and name not in TOO_LONG} == {}


def test_files_that_may_be_too_long_still_are():
    grown = {name for name in TOO_LONG if len((ROOT / name).read_text().splitlines()) > LONGEST}
    assert grown == set(TOO_LONG)


def test_every_name_says_what_is_inside():
    assert [name_of(path) for path in modules() if {path.stem, path.parent.name} & SAY_NOTHING] == []


def test_every_module_begins_with_what_it_is_for():
    empty = [path for path in modules() if path.read_text().strip()]
    assert [name_of(path) for path in empty if not path.read_text().lstrip("r").startswith('"""')] == []


def _forbidden() -> dict[str, re.Pattern[str]]:
    """Spelled in pieces, so that this file passes its own test."""
    hosts = [
        ("pypi", "org"),
        ("python", "hosted.org"),
        ("npm", "js.org"),
        ("npm", "js.com"),
        ("yarn", "pkg.com"),
        ("deb.debian", "org"),
        ("archive.ubuntu", "com"),
        ("proxy.golang", "org"),
        ("crates", "io"),
        ("ghcr", "io"),
    ]
    joined = [re.escape(f"{first}{'' if last[0] in 'hjp' else '.'}{last}") for first, last in hosts]
    homes = ["/" + "home" + r"/(?!you\b)\w", "/" + "Users" + r"/(?!you\b)\w", "/" + "root" + r"/\w"]
    found = {"a package registry": "|".join(joined), "somebody's home": "|".join(homes)}
    if len(ROOT.parts) > 2:
        found["where this checkout lies"] = re.escape(ROOT.as_posix()) + r"(?![\w-])"
    return {what: re.compile(pattern) for what, pattern in found.items()}


@pytest.mark.parametrize(("what", "pattern"), _forbidden().items())
def test_no_file_names(what: str, pattern: re.Pattern[str]):
    named = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", "replace")
        named += [f"{name_of(path)}: {found[0]}" for found in pattern.finditer(text)]
    assert named == [], f"{what} is no business of the project"


def _lines_that_give_away() -> list[str]:
    lines = ["index = https://" + "pypi" + ".org/simple", "at /" + "home/" + "mia/fleet"]
    return [*lines, f"{ROOT}/src"] if len(ROOT.parts) > 2 else lines


def test_what_must_not_be_named_would_be_found():
    patterns = _forbidden().values()
    assert all(any(pattern.search(line) for pattern in patterns) for line in _lines_that_give_away())
