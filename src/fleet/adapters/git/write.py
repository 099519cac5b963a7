"""A commit that gives one file other contents, made without a checkout, on a branch of its own."""

from __future__ import annotations

import tempfile
from pathlib import Path

from fleet.adapters.git import refs
from fleet.adapters.git.command import Place, git
from fleet.adapters.git.merge import Note, by
from fleet.adapters.git.names import branch_ref, commit_id
from fleet.model.errors import Permanent


def write(git_dir: Path, branch: str, *, base: str, path: str, data: bytes, note: Note) -> str:
    """The commit, at which the branch is now. Permanent where the branch is there at another one."""
    ref = branch_ref(branch)
    with tempfile.TemporaryDirectory(prefix="fleet-write-") as folder:
        place = Place(git_dir, index=Path(folder) / "index")
        git(place, "read-tree", commit_id(base))
        entry = git(place, "ls-files", "--stage", "-z", "--", path)
        mode = entry.split(" ", 1)[0]
        if not mode.startswith("100"):
            raise Permanent(f"{path} is no plain file in {base[:12]}", do="Make it one there.")
        blob = git(place, "hash-object", "-w", "--stdin", input=data)
        git(place, "update-index", "--cacheinfo", f"{mode},{blob},{path}")
        tree = git(place, "write-tree")
    message = note.message.replace("\0", "").rstrip("\n") + "\n"
    env = by(note.author, (note.when_ms or 0) // 1000)
    made = git(git_dir, "commit-tree", tree, "-p", base, input=message, env=env)
    if not refs.move(Place(git_dir), ref, made, None, "fleet: write") and refs.read(git_dir, ref) != made:
        raise Permanent(
            f"There is a branch {branch} already", why="it is at another commit", do=f"git branch -D {branch}"
        )
    return made
