"""What has to be known of the project's repository to make a clone beside it: its place and formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fleet.adapters.git.command import OLDEST, GitFailed, Place, git, git_version, run
from fleet.model.errors import Permanent

_COPIED = ("core.filemode", "core.symlinks", "core.ignorecase", "core.precomposeunicode")


@dataclass(frozen=True, slots=True)
class Project:
    """The project's repository.

    `git_dir` is the directory that all its checkouts share, `checkout` the main one of them (None: bare),
    wherever it was found from, `sha256` its object format, `core` the settings of its file system, which a
    clone beside it should have too.
    """

    git_dir: Path
    checkout: Path | None
    sha256: bool
    core: tuple[tuple[str, str], ...]

    @property
    def objects(self) -> Path:
        """The directory of its objects, which clones borrow from."""
        return self.git_dir / "objects"

    def stores(self) -> tuple[Path, ...]:
        """All directories of objects that git reads here: its own, and those it borrows from."""
        found = [self.objects]
        for store in found:  # grows as it goes
            try:
                lines = (store / "info/alternates").read_text(errors="surrogateescape").splitlines()
            except OSError:
                continue
            lent = ((store / line).resolve() for line in lines if line and not line.startswith("#"))
            found += [each for each in lent if each not in found]
        return tuple(found)

    def shallow(self) -> bytes | None:
        """The commits whose parents are not here, in git's own form, when the repository is a shallow
        clone.
        """
        try:
            return (self.git_dir / "shallow").read_bytes()
        except FileNotFoundError:
            return None

    def config(self, *, author: tuple[str, str] | None = None) -> str:
        """A configuration for a clone of it: no remote, no gc, nothing of the user's. `author`: name and
        e-mail.
        """
        lines = ["[core]", f"\trepositoryformatversion = {int(self.sha256)}", "\tbare = false"]
        lines += ["\tlogAllRefUpdates = true"]
        lines += [f"\t{name.removeprefix('core.')} = {value}" for name, value in self.core]
        if self.sha256:
            lines += ["[extensions]", "\tobjectFormat = sha256"]
        if author is not None:
            name, email = (_quoted(part) for part in author)
            lines += ["[user]", f"\tname = {name}", f"\temail = {email}"]
        lines += ["[gc]", "\tauto = 0", "[maintenance]", "\tauto = false"]
        lines += ["[commit]", "\tgpgSign = false", "[tag]", "\tgpgSign = false"]
        return "\n".join(lines) + "\n"


def find_project(path: Path) -> Project:
    """The repository at (or above) `path`. Raises Permanent when there is none or git is too old."""
    version = git_version()
    if version < OLDEST:
        raise Permanent(
            f"git {'.'.join(map(str, version))} is too old",
            why="merging without a checkout needs `git merge-tree --write-tree`",
            do=f"install git {OLDEST[0]}.{OLDEST[1]} or newer",
        )
    own = _discovered(path.resolve())
    try:
        common = Path(git(own, "rev-parse", "--path-format=absolute", "--git-common-dir")).resolve()
    except GitFailed as error:
        raise Permanent(
            f"{path} is not a git repository", why=error.why, do="run `git init` there, or go to your project"
        ) from error
    listed = run(common, "config", "--null", "--get-regexp", r"^(core|extensions)\.", ok=(0, 1)).records()
    settings = dict(item.split("\n", 1) for item in listed if "\n" in item)
    return Project(
        git_dir=common,
        checkout=_main_checkout(own, common, settings),
        sha256=settings.get("extensions.objectformat") == "sha256",
        core=tuple((name, settings[name]) for name in _COPIED if settings.get(name) in ("true", "false")),
    )


def _main_checkout(own: Place, common: Path, settings: Mapping[str, str]) -> Path | None:
    if settings.get("core.bare") == "true":
        return None
    if "core.worktree" in settings:
        return (common / settings["core.worktree"]).resolve()
    if own.git_dir.resolve() == common:
        return own.work_tree
    return common.parent if common.name == ".git" else None


def _discovered(path: Path) -> Place:
    """The git directory that belongs to `path`, found as git does: upwards, through `.git` files of
    worktrees.
    """
    for folder in (path, *path.parents):
        dot = folder / ".git"
        if dot.is_dir():
            return Place(dot, work_tree=folder)
        if dot.is_file():
            target = dot.read_text().removeprefix("gitdir:").strip()
            return Place((folder / target).resolve(), work_tree=folder)
        if (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir():
            return Place(folder)
    raise Permanent(f"{path} is not a git repository", do="run `git init` there, or go to your project")


def _quoted(value: str) -> str:
    plain = "".join(char for char in value if char.isprintable())
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
