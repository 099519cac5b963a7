"""What has happened in the project's repository: commits, and what was merged by what."""

from __future__ import annotations

from pathlib import Path

from fleet.adapters.git.command import git, run
from fleet.adapters.git.names import commit_id
from fleet.ports.repository import Author, Commit

HEAD_TRAILER = "Fleet-Head"
# How far back is looked: enough to know who works where, and quick in a repository of any age.
LOOK_BACK = 5000
_FIELDS = "%H%x00%P%x00%an%x00%ae%x00%ct%x00%s"
_LOG_BYTES = 32 * 1024 * 1024


def commits(git_dir: Path, n: int, head: str, base: str | None) -> tuple[Commit, ...]:
    """The newest `n` commits of `head` that `base` has not, newest first."""
    without = () if base is None else (f"^{commit_id(base)}",)
    found = run(git_dir, "log", "-z", f"-{n:d}", f"--format={_FIELDS}", commit_id(head), *without, "--")
    fields = found.out.decode("utf-8", "replace").split("\0")
    return tuple(
        Commit(
            sha=fields[at],
            parents=tuple(fields[at + 1].split()),
            author=Author(fields[at + 2], fields[at + 3]),
            when_ms=int(fields[at + 4]) * 1000,
            subject=fields[at + 5],
        )
        for at in range(0, len(fields) - 5, 6)
    )


def brought_by(git_dir: Path, head: str, tip: str) -> str:
    """The commit on the main line of `tip` that brought `head`, which `tip` contains: a merge, or `head`
    itself.
    """
    line = git(git_dir, "rev-list", "--first-parent", "--parents", tip, f"^{head}").splitlines()
    holders = set(git(git_dir, "rev-list", "--ancestry-path", tip, f"^{head}").splitlines())
    found = head
    for entry in line:
        sha, *parents = entry.split()
        if sha not in holders:
            break
        found = head if parents[:1] == [head] else sha
    return found


def squashed_by(git_dir: Path, head: str, tip: str) -> str | None:
    """The squash on the main line of `tip` whose trailer names `head`, the newest one, or None."""
    trailer = f"%(trailers:key={HEAD_TRAILER},valueonly,separator=%x2C)"
    options = (f"-{LOOK_BACK}", "--first-parent", f"--format=%H%x00{trailer}")
    # A squash of `head` came after `head` left the base, so it is not among the commits of `head`.
    found = run(git_dir, "log", "-z", *options, tip, f"^{head}", "--", limit=_LOG_BYTES).text.split("\0")
    for sha, heads in zip(found[::2], found[1::2], strict=False):
        if head in (value.strip() for value in heads.split(",")):
            return sha
    return None
