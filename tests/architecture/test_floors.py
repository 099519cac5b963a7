"""The floors of the architecture: who may use whom, and what stays out of a start that must be fast."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src"
HEAVY = ("pydantic", "typer", "rich", "starlette", "uvicorn", "mcp", "yaml", "celpy", "sqlite3", "asyncio")


def test_no_floor_uses_what_is_above_it():
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as l; l()",
        "--no-cache",
    ]
    done = subprocess.run(command, cwd=SRC.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def loaded_by(statement: str) -> set[str]:
    """The top-level names of all modules that a fresh interpreter has after this statement."""
    code = (
        f"import sys, json; {statement}; print(json.dumps(sorted({{n.split('.')[0] for n in sys.modules}})))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=SRC, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "statement",
    [
        "import fleet.surfaces.cli.root",
        "from fleet.surfaces.cli.root import run; run(['--help'])",
        "import fleet.surfaces.cli.agent",
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(statement: str):
    assert loaded_by(statement) & set(HEAVY) == set()


def test_a_heavy_module_would_be_noticed():
    assert "sqlite3" in loaded_by("import fleet.adapters.logs.sqlite")


def imports_of(path: Path) -> set[str]:
    """The top-level modules that a file names in its imports, wherever in it they stand."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", sorted((SRC / "fleet" / "shim").glob("*.py")), ids=lambda path: path.stem)
def test_the_shim_is_made_of_the_standard_library_alone(path: Path):
    own = {name for name in imports_of(path) if name.startswith("fleet.shim") or name == "__future__"}
    others = {name.partition(".")[0] for name in imports_of(path) - own}
    assert {name for name in others if name not in sys.stdlib_module_names} == set()


@pytest.mark.parametrize("floor", ["model", "policy"])
def test_the_pure_floors_are_plain_functions(floor: str):
    asynchronous = [
        path.relative_to(SRC).as_posix()
        for path in sorted((SRC / "fleet" / floor).rglob("*.py"))
        if any(isinstance(node, ast.AsyncFunctionDef) for node in ast.walk(ast.parse(path.read_text())))
    ]
    assert asynchronous == []
