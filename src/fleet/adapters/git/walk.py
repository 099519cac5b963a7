"""Commits in the order in which they came, each with the files that it changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fleet.adapters.git.changes import read_files
from fleet.adapters.git.command import GitFailed, git, run
from fleet.ports.repository import FileChange

CHUNK = 1000
# How many commits are ever looked at. Older ones say little of today's code.
MOST_COMMITS = 200_000
_CHUNK_BYTES = 512 * 1024 * 1024
_FORMAT = "%x01%H%x00%ae%x00%ct%x00%B%x00"
_COUNTED = ("-M", "-l200", "--no-ext-diff", "--no-textconv", "--raw", "--numstat")
_NAMED = ("--no-renames", "--raw")


@dataclass(frozen=True, slots=True)
class Step:
    """One commit that is no merge: `author` is an e-mail address in small letters."""

    sha: str
    author: str
    when_ms: int
    message: str
    files: tuple[FileChange, ...]


def commits_after(git_dir: Path, old: str, new: str) -> list[str]:
    """The commits that `new` has and `old` ("" for none) has not, oldest first, without merges."""
    span = (new, f"^{old}") if old else (new,)
    listed = git(git_dir, "rev-list", "--no-merges", "--topo-order", f"-{MOST_COMMITS}", *span, "--")
    return listed.split()[::-1]


def walk(git_dir: Path, commits: Sequence[str]) -> Iterator[Step]:
    """These commits with their files, read in chunks, so that no history is too long for the memory."""
    for at in range(0, len(commits), CHUNK):
        yield from _read(git_dir, commits[at : at + CHUNK])


def _read(git_dir: Path, commits: Sequence[str]) -> Iterator[Step]:
    """The commits of one chunk. Where the repository lacks a file's content (a partial clone), the lines of
    the commit that needs it are not counted.
    """
    try:
        found = _log(git_dir, commits, _COUNTED)
    except GitFailed:
        if len(commits) > 1:
            half = len(commits) // 2
            yield from _read(git_dir, commits[:half])
            yield from _read(git_dir, commits[half:])
            return
        found = _log(git_dir, commits, _NAMED)
    for block in found.split("\x01")[1:]:
        sha, author, when, message, rest = [*block.split("\0", 4), "", "", "", ""][:5]
        if when.isdigit():
            yield Step(sha, author.lower(), int(when) * 1000, message, tuple(read_files(rest)))


def _log(git_dir: Path, commits: Sequence[str], options: Sequence[str]) -> str:
    asked = "\n".join(commits) + "\n"
    fixed = ("--stdin", "--no-walk=unsorted", f"--format={_FORMAT}", "-r", "-z", "--no-color")
    return run(git_dir, "log", *fixed, *options, input=asked, limit=_CHUNK_BYTES).text
