"""A bare git repository, as the stand-in reads and writes it with the real git.

References are read from their files, since a request may not cost a process when nothing moved. What git
says of commits never changes, so it is asked once.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from fleet.model.errors import Permanent

_T = TypeVar("_T")
_SETTLED_NS = 60_000_000
_FORMAT = "%x00".join(("%H", "%T", "%P", "%an", "%ae", "%at", "%cn", "%ce", "%ct", "%B")) + "%x00%x01"


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit. Times are epoch seconds."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: tuple[str, str, int]
    committer: tuple[str, str, int]
    message: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who a commit is by, and when."""

    name: str
    email: str
    at: int


class Bare:
    """One bare repository."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[Hashable, Any] = {}
        self._seen: tuple[object, dict[str, str]] | None = None

    @staticmethod
    def create(path: Path, branch: str = "main") -> Bare:
        """A new empty repository."""
        path.parent.mkdir(parents=True, exist_ok=True)
        bare = Bare(path)
        bare.git("init", "--quiet", "--bare", f"--initial-branch={branch}", str(path), inside=False)
        return bare

    def git(
        self,
        *words: str,
        feed: bytes = b"",
        by: Person | None = None,
        committer: Person | None = None,
        fine: tuple[int, ...] = (0,),
        inside: bool = True,
    ) -> bytes:
        """What git prints; `Permanent` with its own words when the exit code is none of `fine`."""
        argv = ["git", *(("--git-dir", str(self.path)) if inside else ()), *words]
        done = subprocess.run(
            argv,
            input=feed,
            capture_output=True,
            env=_environment(by, committer or by),
            timeout=60,
            check=False,
        )
        if done.returncode not in fine:
            raise Permanent(f"git {words[0]} failed", why=done.stderr.decode(errors="replace").strip())
        return done.stdout

    # ---------------------------------------------------------------- references

    def branches(self) -> dict[str, str]:
        """The commit of every branch, by name. Read again only when a file of them changed."""
        signature = self._signature()
        if self._seen is not None and signature is not None and self._seen[0] == signature:
            return self._seen[1]
        found = self.references("refs/heads/")
        self._seen = (signature, found)
        return found

    def references(self, under: str) -> dict[str, str]:
        """Name (without `under`) and object of every reference below."""
        found = {n[len(under) :]: sha for n, sha in self._packed().items() if n.startswith(under)}
        top = self.path / under
        for folder, _, files in os.walk(top):
            for name in files:
                file = Path(folder) / name
                sha = _first_line(file)
                if not name.endswith(".lock") and len(sha) == 40:
                    found[file.relative_to(top).as_posix()] = sha
        return found

    def reference(self, name: str) -> str:
        """The object of `refs/…`, "" when there is none."""
        if ".." in name or name.startswith("/"):
            return ""
        loose = _first_line(self.path / name)
        return loose if len(loose) == 40 else self._packed().get(name, "")

    def set_reference(self, name: str, sha: str, old: str | None = None) -> None:
        """Move, make, or (sha "") delete a reference; `Permanent` when it is not at `old` any more."""
        known = () if old is None else (old or "0" * 40,)
        if sha:
            self.git("update-ref", name, sha, *known)
        else:
            self.git("update-ref", "-d", name, *known)
        self._seen = None

    def resolve(self, name: str) -> str:
        """The commit that a branch, a tag or a sha means; "" when none."""
        if not name or name.startswith("-"):
            return ""
        if sha := self.reference(f"refs/heads/{name.removeprefix('refs/heads/').removeprefix('heads/')}"):
            return sha
        full = len(name) == 40 and all(c in "0123456789abcdef" for c in name)
        if full and ("commit", name) in self._known:
            return name
        out = self.git("rev-parse", "--quiet", "--verify", f"{name}^{{commit}}", fine=(0, 1, 128))
        return out.decode().strip()

    # ---------------------------------------------------------------- commits

    def commit(self, sha: str) -> Commit:
        """A commit by its full sha."""
        return self._once(("commit", sha), lambda: self._log("-1", sha)[0])

    def commits(self, base: str, head: str) -> list[Commit]:
        """The commits of head that base does not have, oldest first."""
        return self._once(
            ("range", base, head), lambda: self._log("--reverse", "--topo-order", head, f"^{base}")
        )

    def history(self, head: str, most: int, path: str = "") -> list[Commit]:
        """The last commits, newest first (those that touched `path`, when given)."""
        return self._log(f"-{most}", head, "--", *((path,) if path else ()))

    def merge_base(self, one: str, two: str) -> str:
        """The best common ancestor, "" when there is none."""
        return self._once(
            ("base", one, two), lambda: self.git("merge-base", one, two, fine=(0, 1)).decode().strip()
        )

    def contains(self, tip: str, sha: str) -> bool:
        """Whether `sha` is `tip` or one of its ancestors."""
        return tip == sha or self.merge_base(tip, sha) == sha

    def merge_tree(self, base: str, head: str) -> tuple[str, tuple[str, ...]]:
        """The tree of merging head into base, and the files in conflict (then the tree is "")."""

        def compute() -> tuple[str, tuple[str, ...]]:
            words = ("merge-tree", "--write-tree", "--no-messages", "--name-only", "-z", base, head)
            first, *rest = self.git(*words, fine=(0, 1)).decode().split("\0")
            conflicts = tuple(dict.fromkeys(name for name in rest if name))
            return ("" if conflicts else first.strip()), conflicts

        return self._once(("merge", base, head), compute)

    def write_commit(
        self, tree: str, parents: Sequence[str], message: str, by: Person, committer: Person | None = None
    ) -> str:
        """Write a commit object; its sha."""
        flags = [word for parent in parents for word in ("-p", parent)]
        out = self.git("commit-tree", tree, *flags, feed=message.encode(), by=by, committer=committer)
        return out.decode().strip()

    def with_files(self, base: str, files: dict[str, bytes | None]) -> str:
        """The tree of `base` ("" for nothing) with these files written, or (None) removed."""
        index = self.path / f"index.{os.getpid()}.{time.monotonic_ns()}"
        try:
            index_arg = {"GIT_INDEX_FILE": str(index)}
            if base:
                self._indexed(index_arg, "read-tree", base)
            for name, data in files.items():
                if data is None:
                    self._indexed(index_arg, "rm", "--cached", "--quiet", "--", name)
                    continue
                blob = self.git("hash-object", "-w", "--stdin", feed=data).decode().strip()
                self._indexed(index_arg, "update-index", "--add", "--cacheinfo", f"100644,{blob},{name}")
            return self._indexed(index_arg, "write-tree").decode().strip()
        finally:
            index.unlink(missing_ok=True)

    def once(self, key: Hashable, compute: Callable[[], _T]) -> _T:
        """Remember what can never change under a key made of shas."""
        return self._once(key, compute)

    def _indexed(self, more: dict[str, str], *words: str) -> bytes:
        argv = ["git", "--git-dir", str(self.path), *words]
        return subprocess.run(
            argv, capture_output=True, env=_environment(None, None) | more, timeout=60, check=True
        ).stdout

    def _once(self, key: Hashable, compute: Callable[[], _T]) -> _T:
        if key not in self._known:
            self._known[key] = compute()
        found: _T = self._known[key]
        return found

    def _log(self, *words: str) -> list[Commit]:
        out = self.git("log", f"--format=tformat:{_FORMAT}", *words).decode(errors="replace")
        found = [_commit(part.lstrip("\n")) for part in out.split("\x01") if part.strip("\n")]
        for commit in found:
            self._known.setdefault(("commit", commit.sha), commit)
        return found

    def _packed(self) -> dict[str, str]:
        try:
            text = (self.path / "packed-refs").read_text()
        except FileNotFoundError:
            return {}
        lines = (line.split(" ", 1) for line in text.splitlines() if line[:1] not in ("#", "^", ""))
        return {name: sha for sha, name in lines}

    def _signature(self) -> object | None:
        """Changes with every update of a branch; None while the last one is too young for its time to tell.

        A reference is written by renaming a lock file into place, which touches the folder.
        """
        times = [_mtime(self.path / "packed-refs")]
        times += [_mtime(Path(folder)) for folder, _, _ in os.walk(self.path / "refs" / "heads")]
        return tuple(times) if time.time_ns() - max(times) > _SETTLED_NS else None


def _commit(text: str) -> Commit:
    sha, tree, parents, an, ae, at, cn, ce, ct, message = text.split("\0")[:10]
    author, committer = (an, ae, int(at)), (cn, ce, int(ct))
    return Commit(sha, tree, tuple(parents.split()), author, committer, message.rstrip("\n"))


def _mtime(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _first_line(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _environment(author: Person | None, committer: Person | None) -> dict[str, str]:
    """Nothing of the user's git configuration reaches the stand-in."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    kept |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C"}
    # The files may belong to another user than the one who runs the stand-in.
    safe = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    for role, person in (("AUTHOR", author), ("COMMITTER", committer)):
        if person is not None:
            kept |= {f"GIT_{role}_NAME": person.name, f"GIT_{role}_EMAIL": person.email}
            kept |= {f"GIT_{role}_DATE": f"{person.at} +0000"}
    return kept | safe
