"""Reading and writing inside an agent's `.git`, where every file may be a trap.

Git itself is never started on it, since git would obey the configuration that it finds there. Python opens
what is needed, each step relative to the directory before it and never through a link, so neither a link that
is there nor one that is put there meanwhile leads outside; only regular files are read, and only so much of
them.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fleet.model.errors import Permanent

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_SHA = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64})\s*")
_PACKED = 64 * 1024 * 1024
_DO = "let the agent start again in a new workspace"


@contextmanager
def opened_git_dir(workspace: Path) -> Iterator[int]:
    """A descriptor of the workspace's own `.git`. Raises Permanent when that is not a plain directory."""
    try:
        outer = os.open(workspace, _DIRECTORY)
    except OSError as error:
        raise Permanent(f"there is no workspace at {workspace}", why=str(error.strerror), do=_DO) from error
    try:
        inner = os.open(".git", _DIRECTORY, dir_fd=outer)
    except OSError as error:
        raise Permanent(
            f"the workspace {workspace.name} has no .git directory of its own",
            why=str(error.strerror),
            do=_DO,
        ) from error
    finally:
        os.close(outer)
    try:
        yield inner
    finally:
        os.close(inner)


@contextmanager
def opened_directory(top: int, *parts: str, make: bool = False) -> Iterator[int | None]:
    """A descriptor of a directory below `top`, None when it is not there. Raises Permanent for a link or a
    file.
    """
    here = os.dup(top)
    try:
        for part in parts:
            if make:
                try:
                    os.mkdir(part, dir_fd=here)
                except FileExistsError:
                    pass
            below = os.open(part, _DIRECTORY, dir_fd=here)
            os.close(here)
            here = below
        found: int | None = here
    except FileNotFoundError:
        found = None
    except OSError as error:
        os.close(here)
        where = "/".join(parts)
        raise Permanent(f".git/{where} is not a directory", why=str(error.strerror), do=_DO) from error
    try:
        yield found
    finally:
        os.close(here)


def read_file(top: int, path: str, limit: int) -> bytes | None:
    """The content of a regular file below `top`; None when it is missing, special, a link, or over `limit`
    bytes.
    """
    *parts, name = path.split("/")
    with opened_directory(top, *parts) as folder:
        if folder is None:
            return None
        try:
            # Without O_NONBLOCK a pipe in the place of the file would hold Fleet up for ever.
            handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        except OSError:
            return None
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return None
            content = file.read(limit + 1)
    return content if len(content) <= limit else None


def write_file(top: int, path: str, content: bytes) -> None:
    """Put a file below `top`, whole or not at all. What was there is replaced, never written through."""
    *parts, name = path.split("/")
    draft = f"fleet-{secrets.token_hex(6)}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644, dir_fd=top)
    moved = False
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        with opened_directory(top, *parts, make=True) as folder:
            os.rename(draft, name, src_dir_fd=top, dst_dir_fd=folder)
            moved = True
    except OSError as error:
        raise Permanent(f"cannot write .git/{path}", why=str(error.strerror), do=_DO) from error
    finally:
        if not moved:
            os.unlink(draft, dir_fd=top)


def remove_file(top: int, path: str) -> None:
    """Remove a file (or a link, itself) below `top`, if there is one."""
    *parts, name = path.split("/")
    with opened_directory(top, *parts) as folder:
        try:
            if folder is not None:
                os.unlink(name, dir_fd=folder)
        except (FileNotFoundError, IsADirectoryError):
            pass


def read_ref(top: int, ref: str) -> str | None:
    """The object a ref like `refs/heads/x` names, from its own file or from packed-refs; None when there is
    none.
    """
    own = read_file(top, ref, 4096)
    if own is not None:
        found = _SHA.fullmatch(own)
        return found[1].decode() if found else None
    packed = read_file(top, "packed-refs", _PACKED) or b""
    wanted = re.compile(rb"^([0-9a-f]{40,64}) " + re.escape(ref.encode()) + rb"$", re.MULTILINE)
    line = wanted.search(packed)
    return line[1].decode() if line else None


def read_head(top: int) -> tuple[str | None, str | None]:
    """What is checked out: (branch, commit). No branch: detached. No commit: nothing committed yet."""
    content = read_file(top, "HEAD", 4096) or b""
    found = _SHA.fullmatch(content)
    if found:
        return None, found[1].decode()
    text = content.decode("utf-8", "surrogateescape").strip()
    ref = text.removeprefix("ref:").strip()
    if not text.startswith("ref:") or not ref.startswith("refs/heads/") or ".." in ref:
        return None, None
    return ref.removeprefix("refs/heads/"), read_ref(top, ref)
