"""What a repository tells of itself, for its first fleet.yaml: root, base branch, how it is tested."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fleet.model.errors import FleetError, UsageError

_SECONDS = 20
_MOST = 256 * 1024


@dataclass(frozen=True, slots=True)
class Survey:
    """A repository. `base` is the branch that changes will go into; `checks` are commands by name."""

    root: Path
    base: str
    has_commit: bool
    checks: Mapping[str, str] = field(default_factory=dict)


def survey(start: Path) -> Survey:
    """Look at the repository at or above `start`. Raises `UsageError` where there is none to work in."""
    root = find_root(start)
    head = ask_git(root, "symbolic-ref", "--quiet", "--short", "HEAD")
    has_commit = bool(ask_git(root, "rev-parse", "--verify", "--quiet", "HEAD"))
    return Survey(root, _base(root, head), has_commit, find_checks(root))


def find_root(start: Path) -> Path:
    """The top folder of the checkout. Raises `UsageError` outside of one, `FleetError` without git."""
    done = _run(start, "rev-parse", "--show-toplevel")
    top = done.stdout.rstrip("\n")
    if done.returncode == 0 and top:
        return Path(top)
    said = " ".join(done.stderr.replace("fatal: ", "").split())[:300]
    if "work tree" in said:
        raise UsageError(
            "This repository has no checkout here", why=said, do="Go to a checkout of it, or clone it."
        )
    raise UsageError(
        f"{start} is not in a git repository", why=said, do="Go to your project, or begin one: git init"
    )


def find_checks(root: Path) -> dict[str, str]:
    """How the project is tested, by its own files: a `test` target goes before the tools of its languages."""
    for name, pattern, command in _TARGETS:
        text = _text(root / name)
        if re.search(pattern, text, re.MULTILINE):
            return {"test": command}
    found = {name: command for name, find in _LANGUAGES.items() if (command := find(root))}
    if len(found) == 1:
        return {"test": next(iter(found.values()))}
    return {f"test-{name}": command for name, command in found.items()}


def _base(root: Path, head: str) -> str:
    """The branch that others build on: the remote's default if it is here too, main, master, the current."""
    remote = ask_git(root, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
    for name in (remote.removeprefix("origin/"), "main", "master"):
        if name and ask_git(root, "rev-parse", "--verify", "--quiet", f"refs/heads/{name}"):
            return name
    return head or "main"


_TARGETS = (
    ("Makefile", r"^test\s*:(?!=)", "make test"),
    ("GNUmakefile", r"^test\s*:(?!=)", "make test"),
    ("makefile", r"^test\s*:(?!=)", "make test"),
    ("justfile", r"^test\b[^\n=]*:(?!=)", "just test"),
    ("Taskfile.yml", r"^  test:", "task test"),
)


def _node(root: Path) -> str:
    try:
        found = json.loads(_text(root / "package.json"))
        script = found["scripts"]["test"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    if not isinstance(script, str) or "no test specified" in script:
        return ""
    # A check runs in a fresh clone, where nothing is installed.
    for lock, command in (
        ("pnpm-lock.yaml", "pnpm install --frozen-lockfile && pnpm test"),
        ("yarn.lock", "yarn install --frozen-lockfile && yarn test"),
        ("bun.lock", "bun install --frozen-lockfile && bun run test"),
        ("package-lock.json", "npm ci --no-audit --no-fund && npm test"),
    ):
        if (root / lock).is_file():
            return command
    bare = not (found.get("dependencies") or found.get("devDependencies"))
    return "npm test" if bare else "npm install --no-audit --no-fund && npm test"


def _python(root: Path) -> str:
    settings = (
        "pyproject.toml",
        "setup.cfg",
        "setup.py",
        "tox.ini",
        "requirements.txt",
        "requirements-dev.txt",
    )
    says = "\n".join(_text(root / name) for name in settings)
    own = any((root / name).is_file() for name in ("pytest.ini", "conftest.py", "tests/conftest.py"))
    if "pytest" in says or own:
        for lock, command in (("uv.lock", "uv run pytest -q"), ("poetry.lock", "poetry run pytest -q")):
            if (root / lock).is_file():
                return command
        return "python3 -m pytest -q"
    for folder in ("tests", "test", "."):
        if any("unittest" in _text(path) for path in sorted((root / folder).glob("test*.py"))[:20]):
            return f"python3 -m unittest discover -s {folder}"
    return ""


def _having(name: str, command: str) -> Callable[[Path], str]:
    return lambda root: command if (root / name).is_file() else ""


_LANGUAGES: Mapping[str, Callable[[Path], str]] = {
    "node": _node,
    "python": _python,
    "rust": _having("Cargo.toml", "cargo test"),
    "go": _having("go.mod", "go test ./..."),
    "maven": _having("pom.xml", "mvn -q test"),
    "gradle": _having("gradlew", "./gradlew test"),
    "elixir": _having("mix.exs", "mix deps.get && mix test"),
}


def _text(path: Path) -> str:
    """The beginning of a file, "" when it can't be read."""
    try:
        with path.open("rb") as file:
            return file.read(_MOST).decode("utf-8", "replace")
    except OSError:
        return ""


def ask_git(root: Path, *words: str) -> str:
    """What git answers there, "" when it refuses. Raises `FleetError` without git."""
    done = _run(root, *words)
    return done.stdout.strip() if done.returncode == 0 else ""


def _run(where: Path, *words: str) -> subprocess.CompletedProcess[str]:
    # A GIT_DIR left over from a hook would lead to another repository than the one we stand in.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        return subprocess.run(
            ["git", "-c", "core.fsmonitor=false", *words],
            cwd=where,
            env=environment | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise FleetError(
            "There is no git on PATH", do="Install it: apt-get install git (or your system's way)."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise FleetError(f"git {words[0]} took longer than {_SECONDS} s") from error
