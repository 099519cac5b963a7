"""What a head changes since it left its base: as a patch, and file by file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fleet.adapters.git.command import Place, run
from fleet.adapters.git.merge import merge_tree
from fleet.adapters.git.names import commit_id, shown
from fleet.model.errors import Permanent
from fleet.ports.repository import FileChange

# Whatever the user's configuration says: no program is run for a diff, and every line counts once.
_PLAIN = ("-r", "-M", "--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=none")
_STAT_BYTES = 64 * 1024 * 1024
ABSENT = "000000"
SUBMODULE = "160000"


def patch(git_dir: Path, base: str, head: str, limit: int) -> str:
    """The change as a patch of at most `limit` bytes; a last line says when it was cut."""
    sides = _sides(git_dir, base, head)
    found = run(git_dir, "diff-tree", "-p", *_PLAIN, "--submodule=short", *sides, limit=limit)
    text = found.out.decode("utf-8", "replace")
    return f"{text}\n[the patch is longer than {limit} bytes and was cut here]\n" if found.cut else text


def file_changes(git_dir: Path, base: str, head: str) -> tuple[FileChange, ...]:
    """Each file of the change with its lines added and deleted. Raises Permanent where there are too many: a
    list that leaves some out must not be taken for all.

    Where the base has moved on, a merge may put the lines elsewhere: into the name that the base has given
    the file meanwhile. Such files are named too.
    """
    sides = _sides(git_dir, base, head)
    own = _listed(git_dir, head, sides)
    if base in sides:
        return own
    tree = merge_tree(git_dir, base, head).tree if own else None
    if tree is None:
        return own
    names = {each.path for each in own}
    return (*own, *(each for each in _listed(git_dir, head, (base, tree)) if each.path not in names))


def _listed(git_dir: Path, head: str, sides: tuple[str, str]) -> tuple[FileChange, ...]:
    found = run(git_dir, "diff-tree", "--raw", "--numstat", "-z", *_PLAIN, *sides, limit=_STAT_BYTES)
    if found.cut:
        raise Permanent(
            f"{head[:12]} changes more files than can be looked at",
            why=f"their list is longer than {_STAT_BYTES} bytes",
            do="Split it into smaller changes.",
        )
    return tuple(read_files(found.text))


def content(git_dir: Path, commit: str, path: str, limit: int) -> bytes | None:
    """The first `limit` bytes of a file in this commit, None when there is no such file."""
    found = run(git_dir, "ls-tree", "-z", commit_id(commit), "--", path).text
    _, kind, blob = [*found.partition("\t")[0].split(" "), "", "", ""][:3]
    return run(git_dir, "cat-file", "blob", commit_id(blob), limit=limit).out if kind == "blob" else None


def read_files(text: str) -> Iterator[FileChange]:
    """The files of what git says with `--raw --numstat -z`; with `--raw` alone, without their lines."""
    fields = iter(text.split("\0"))
    raw: list[tuple[str, str, str | None, str]] = []
    counts: dict[str, tuple[str, str]] = {}
    for each in fields:
        field = each.lstrip("\n")
        if field.startswith(":"):
            _, mode, _, _, status = field.split(" ")
            path, old = next(fields), None
            if status[0] in "RC":
                old, path = path, next(fields)
            raw.append((status[0], mode, old, path))
        elif field:
            added, deleted, path = field.split("\t", 2)
            if not path:
                next(fields)
                path = next(fields)
            counts[path] = (added, deleted)
    for entry in raw:
        yield _change(*entry, *counts.get(entry[3], ("0", "0")))


def _change(status: str, mode: str, old: str | None, path: str, added: str, deleted: str) -> FileChange:
    binary = added == "-"
    return FileChange(
        path=shown(path),
        added=0 if binary else int(added),
        deleted=0 if binary else int(deleted),
        binary=binary,
        status=status,
        mode=mode,
        old_path=None if old is None else shown(old),
    )


class Sides:
    """One path in two commits: its mode and object in the `old` and in the `new` one (mode ABSENT: not
    there).
    """

    __slots__ = ("new", "old", "path")

    def __init__(self, path: str, old: tuple[str, str], new: tuple[str, str]) -> None:
        self.path = path
        self.old = old
        self.new = new


def paths_between(place: Place, old: str, new: str) -> Iterator[Sides]:
    """Every path that differs between two commits, renames as one that goes and one that comes."""
    found = run(place, "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", old, new)
    fields = iter(found.text.split("\0"))
    for field in fields:
        if field:
            old_mode, new_mode, old_sha, new_sha, _ = field.removeprefix(":").split(" ")
            yield Sides(next(fields), (old_mode, old_sha), (new_mode, new_sha))


def _sides(git_dir: Path, base: str, head: str) -> tuple[str, str]:
    """The two sides whose difference is what the change brings to `base`: where `head` left it, and `head`.

    Where they met more than once no such commit tells all of it: what differs from one of them may be the
    same in another, and be taken back by the merge unseen. Then it is `base` and what the merge makes of it,
    or, in a conflict, `head` itself.
    """
    found = run(git_dir, "merge-base", "--all", commit_id(base), commit_id(head), ok=(0, 1)).text.split()
    if len(found) <= 1:
        return (found[0] if found else base), head
    return base, merge_tree(git_dir, base, head).tree or head
