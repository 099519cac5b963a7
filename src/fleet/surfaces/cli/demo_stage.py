"""The stage of `fleet demo`: a scratch project with a real repository, a real fleet.yaml and a few issues."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, Protocol

import fleet
from fleet.model import events
from fleet.model.errors import FleetError, UsageError
from fleet.surfaces.cli.acting import actor, deed
from fleet.wiring import Place, open_log

if TYPE_CHECKING:
    from fleet.model.event import Event

_DATA = Path(fleet.__file__).parent / "templates" / "demo"
_CALM = (
    "-c",
    "user.name=Fleet demo",
    "-c",
    "user.email=demo@fleet.invalid",
    "-c",
    "commit.gpgsign=false",
    "-c",
    f"core.hooksPath={os.devnull}",
)
_SCRIPT = re.compile(r",? *options: \{script: [^}]*\}")


class Host(Protocol):
    """A forge to play on."""

    def place(self, name: str) -> tuple[str, Path]:
        """What a repository of this name is called there, and where git finds it."""
        ...

    def take(self, root: Path, repo: str, bare: Path) -> None:
        """Put the repository in `root` there."""
        ...

    def open_issues(self, repo: str, issues: Sequence[Mapping[str, Any]]) -> None:
        """Open the issues there."""
        ...


@dataclass(frozen=True, slots=True)
class Stage:
    """A project that is ready to be watched. `begin` is the commit that its base branch was at."""

    place: Place
    base: str
    begin: str
    harness: str
    issues: tuple[str, ...]
    repo: str = ""  # what the forge calls it, "" for the local one
    bare: Path | None = None  # where the forge has it

    @property
    def repository(self) -> Path:
        """Where git has the base branch that is merged into."""
        return self.bare or self.place.root


def set_stage(folder: Path, *, repo: Path | None, harness: str, host: Host | None = None) -> Stage:
    """Make the project in `folder`; with `repo` it is a clone of that, with `host` it lives there. Raises
    `UsageError` for a repository that can't be played on.
    """
    story = _story("guest" if repo else "shop")
    root = folder / _name_of(repo) if repo else folder / story["name"]
    if repo is None:
        _found(root, story["files"])
    else:
        _clone(repo, root)
    base = _base(root)
    there, bare = host.place(root.name) if host is not None else ("", None)
    _write_fleet(root, story, base=base, harness=harness, repo=there, url=str(bare or ""))
    place = Place(root)
    _write_scripts(place, story["scripts"])
    if host is not None and bare is not None:
        host.take(root, there, bare)
        host.open_issues(there, story["issues"])
    else:
        _open_issues(place, story["issues"])
    titles = tuple(str(each["title"]) for each in story["issues"])
    begin = git(bare or root, "rev-parse", f"refs/heads/{base}")
    return Stage(place, base, begin, harness, titles, there, bare)


def git(root: Path, *words: str) -> str:
    """What git says in the scratch repository, without its last line end. Raises `FleetError`."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1"}
    done = subprocess.run(
        ["git", *_CALM, *words],
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise FleetError(f"git {words[0]} failed", why=said[-1] if said else "it did not say why")
    return done.stdout.removesuffix("\n")


def _story(name: str) -> dict[str, Any]:
    import yaml

    found: dict[str, Any] = yaml.safe_load((_DATA / f"{name}.yaml").read_text(encoding="utf-8"))
    return found


def _name_of(repo: Path) -> str:
    """A plain folder name that reminds of the repository's."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", repo.name.removesuffix(".git")).strip("-.") or "guest"


def _found(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    git(root, "init", "--quiet", "--template=", "--initial-branch=main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "-m", "Open the shop")


def _clone(repo: Path, root: Path) -> None:
    """A clone of what is committed there, on the branch that is checked out there. It has no remote."""
    if not repo.is_dir():
        raise UsageError(f"There is no folder {repo}", do="Name a git repository: fleet demo --repo PATH")
    try:
        top = git(repo, "rev-parse", "--show-toplevel") if _has_checkout(repo) else str(repo)
    except FleetError as error:
        raise UsageError(f"{repo} is no git repository", why=error.why, do="Name one: --repo PATH") from error
    # Without hard links: a file that two repositories share could be changed through the clone.
    words = ["--quiet", "--no-hardlinks", "--template=", "--single-branch", "--no-tags"]
    words.append("--no-recurse-submodules")
    try:
        git(root.parent, "clone", *words, "--", top, str(root))
    except FleetError as error:
        raise UsageError(f"{repo} can't be cloned", why=error.why) from error
    git(root, "remote", "remove", "origin")
    try:
        git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    except FleetError as error:
        raise UsageError(f"{repo} has no commit yet", do="Commit something there first.") from error


def _has_checkout(repo: Path) -> bool:
    return git(repo, "rev-parse", "--is-bare-repository") == "false"


def _base(root: Path) -> str:
    """The branch that is checked out; one is made where it is a bare commit."""
    try:
        return git(root, "symbolic-ref", "--quiet", "--short", "HEAD")
    except FleetError:
        git(root, "switch", "--quiet", "--create", "main")
        return "main"


def _write_fleet(
    root: Path, story: dict[str, Any], *, base: str, harness: str, repo: str = "", url: str = ""
) -> None:
    """fleet.yaml, committed, so that the checkout is clean; a repository's own one gives way to it."""
    scripted = harness == "scripted"
    text = Template((_DATA / "fleet.yaml").read_text(encoding="utf-8")).substitute(
        name=_quoted(root.name),
        base=_quoted(base),
        harness=harness,
        time="30s" if scripted else "4m",
        cost="1",
        check_name=story["check"]["name"],
        check=_quoted(story["check"]["command"]),
    )
    if repo:
        text = text.replace(
            "forge: local", f"forge: github, repos: [{{repo: {repo}, url: {_quoted(url)}}}]", 1
        )
    if not scripted:
        text = "\n".join(
            line if line.startswith("    ") else _SCRIPT.sub("", line) if "template:" in line else line
            for line in text.split("\n")
        )
    (root / "fleet.yaml").unlink(missing_ok=True)  # it may be a link
    (root / "fleet.yaml").write_text(text, encoding="utf-8")
    exclude = root / ".git" / "info" / "exclude"
    exclude.parent.mkdir(exist_ok=True)
    exclude.write_text("/.fleet/\n", encoding="utf-8")
    git(root, "add", "--force", "fleet.yaml")
    git(root, "commit", "--quiet", "--no-verify", "-m", "Set up the fleet")


def _quoted(text: str) -> str:
    """A text as YAML that means exactly it, whatever is in it."""
    import json

    return json.dumps(text)


def _write_scripts(place: Place, scripts: dict[str, Any]) -> None:
    import yaml

    folder = place.dot / "scripts"
    folder.mkdir(mode=0o700, parents=True)
    for agent, script in scripts.items():
        (folder / f"{agent}.yaml").write_text(yaml.safe_dump(script, sort_keys=False), encoding="utf-8")


def _open_issues(place: Place, issues: list[dict[str, Any]]) -> None:
    """The issues, as `fleet issue create` opens them. They wait in the log for the watcher."""
    log = open_log(place)
    try:
        log.append([_opened(number, each) for number, each in enumerate(issues, 1)])
    finally:
        log.close()


def _opened(number: int, issue: dict[str, Any]) -> Event:
    data = {
        "item": number,
        "kind": "issue",
        "title": issue["title"],
        "body": issue["body"],
        "labels": list(issue["labels"]),
        "author": actor(),
        "trusted": True,
    }
    return deed(events.ITEM_OPENED, data, subject=f"item/{number}")
