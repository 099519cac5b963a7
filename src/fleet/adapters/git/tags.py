"""Annotated tags of the project's repository: made once, never moved."""

from __future__ import annotations

from pathlib import Path

from fleet.adapters.git import refs
from fleet.adapters.git.command import GitFailed, Place, git, run
from fleet.adapters.git.names import commit_id, zero
from fleet.model.errors import Permanent
from fleet.ports.repository import Author


def tag(git_dir: Path, name: str, commit: str, *, message: str, author: Author, when_ms: int) -> None:
    """Make it. One that is at this commit already is left; Permanent when it is at another one, or when git
    does not take the name.
    """
    ref = f"refs/tags/{name}"
    if run(git_dir, "check-ref-format", ref, ok=(0, 1)).code != 0:
        raise Permanent(f"{name!r} is no name for a tag", do="correct `tag` in fleet.yaml")
    there = refs.read(git_dir, ref)
    if there is None:
        who = " ".join("".join(c for c in author.name if c.isprintable() and c not in "<>\n").split())
        head = f"object {commit_id(commit)}\ntype commit\ntag {name}\ntagger {who} <{author.email}>"
        body = message.replace("\0", "").rstrip("\n")
        made = git(git_dir, "mktag", input=f"{head} {when_ms // 1000} +0000\n\n{body}\n")
        try:
            git(Place(git_dir), "update-ref", ref, made, zero(made))
        except GitFailed:  # made meanwhile, or another one is in its way
            if refs.read(git_dir, ref) is None:
                raise
        there = refs.read(git_dir, ref)
    if there != commit:
        raise Permanent(
            f"There is a tag {name} already",
            why=f"it is at {(there or '')[:12]}, not at {commit[:12]}",
            do="delete it, or let `tag` in fleet.yaml name another one, then: fleet retry",
        )
