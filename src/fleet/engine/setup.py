"""Making a new workspace ready: by the operator's command, or by what it left the last time.

The command is a session, as a check is: it outlives the watcher, has a ceiling, and is not run again where it
came to a good end. What it left is kept only where it was run on the base branch's own commit: what an agent
wrote into the files that it reads must reach no other workspace. That a workspace is ready is noted beside
it: what a command that failed has left in it looks the same as what a good one leaves.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp

from fleet.engine.ended import ended
from fleet.engine.environment import base_environment
from fleet.engine.parts import Ground, Parts
from fleet.engine.rooms import room_of, sandbox_of
from fleet.engine.said import last_words, mask_what_it_said
from fleet.model.errors import Permanent, Temporary
from fleet.model.fleet import Sandboxing
from fleet.model.setup import Setup
from fleet.ports.sandbox import SIGNALS_FROM
from fleet.ports.session import Command, Exit

_KEPT = 3  # caches of a project
_READ = 32 * 1024 * 1024
_COPY_SECONDS = 600
_SHOWN = 60  # characters of the command in an error


async def set_up(parts: Parts, ground: Ground, workspace: str, start: str, wanted: Sandboxing) -> None:
    """Make the workspace, which was made at commit `start`, ready. Does nothing where that was done before.

    Raises Permanent, with the last of what the command said, where it fails.
    """
    setup = parts.fleet.setup
    if setup is None:
        return
    loop = asyncio.get_running_loop()
    if await loop.run_in_executor(parts.threads, _restored, parts, ground, setup, workspace, start):
        return
    key = await loop.run_in_executor(parts.threads, _begun, parts, ground, setup, workspace, wanted)
    if key:
        found = await ended(parts, key)
        await loop.run_in_executor(parts.threads, mask_what_it_said, parts, key)
        if not _is_good(found):
            said = await loop.run_in_executor(parts.threads, last_words, parts, key)
            raise Permanent(
                f"The workspace can't be set up: {_shown(parts, setup)} {_how(found, setup)}",
                why=said or "it said nothing",
                do="Put that right (after a change of fleet.yaml: fleet watcher restart), then: fleet retry",
            )
        await loop.run_in_executor(parts.threads, _keep, parts, ground, setup, workspace, start)
    await loop.run_in_executor(parts.threads, _note, parts, ground, workspace)


def _begun(parts: Parts, ground: Ground, setup: Setup, workspace: str, wanted: Sandboxing) -> str:
    """The session of the command: one that lives, or a new one; "" where one has come to a good end."""
    name = Path(workspace).name
    of_this = f"setup-{name}-{ground.workspaces.made(name)}"
    attempt = 1
    while (found := parts.sessions.exit(f"{of_this}-{attempt}")) is not None:
        if _is_good(found):
            return ""
        attempt += 1
    key = f"{of_this}-{attempt}"
    sandbox = sandbox_of(parts, wanted)
    env = base_environment(parts)
    argv: tuple[str, ...] = ("sh", "-c", setup.command)
    if sandbox is not None:
        argv = sandbox.wrap(argv, room_of(parts, ground, workspace, wanted, env["PATH"]))
    command = Command(
        argv=argv,
        env=env,
        cwd=workspace,
        seconds=max(1, setup.time_ms // 1000),
        grace_seconds=2.0,
        signals_from=SIGNALS_FROM if sandbox else 0,
    )
    parts.sessions.start(key, command)
    return key


def _restored(parts: Parts, ground: Ground, setup: Setup, workspace: str, start: str) -> bool:
    """Whether all that the command makes is there: from before, or copied from what it left the last time."""
    into = Path(workspace)
    noted = _noted(parts, ground, workspace)
    missing = [name for name in setup.cache if not (into / name).exists()]
    if noted and not missing:
        return True
    if not noted and len(missing) < len(setup.cache):
        return False  # what is there was left by a command that failed, or is the repository's own
    kept = _folder(parts, ground, setup, start) if missing else None
    if kept is None or not kept.is_dir():
        return False
    with _draft(kept.parent) as draft:
        for name in missing:
            _copy(kept / name, draft / name)
        for name in missing:
            (into / name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            (draft / name).rename(into / name)
    kept.touch()
    _note(parts, ground, workspace)
    return True


def _note(parts: Parts, ground: Ground, workspace: str) -> None:
    """That this workspace is ready; notes on those that are no more go."""
    note = _note_of(parts, workspace)
    note.parent.mkdir(exist_ok=True, mode=0o700)
    draft = note.with_name(f".{note.name}")
    draft.write_text(ground.workspaces.made(note.name))
    draft.replace(note)
    for other in note.parent.glob("[!.]*"):
        if not ground.workspaces.path(other.name).exists():
            other.unlink(missing_ok=True)


def _noted(parts: Parts, ground: Ground, workspace: str) -> bool:
    note = _note_of(parts, workspace)
    return note.is_file() and note.read_text() == ground.workspaces.made(note.name)


def _note_of(parts: Parts, workspace: str) -> Path:
    return parts.runs.parent / "ready" / Path(workspace).name


def _keep(parts: Parts, ground: Ground, setup: Setup, workspace: str, start: str) -> None:
    kept = _folder(parts, ground, setup, start)
    if not setup.cache or kept.exists() or start != ground.repository.base_sha():
        return
    made = [Path(workspace) / name for name in setup.cache]
    if not all(each.is_dir() and not each.is_symlink() for each in made):
        return
    kept.parent.mkdir(exist_ok=True, mode=0o700)
    with _draft(kept.parent) as draft:
        for name, each in zip(setup.cache, made, strict=True):
            _copy(each, draft / name)
        try:
            draft.rename(kept)
        except OSError:
            if not kept.is_dir():  # else another workspace was faster
                raise
    others = sorted(kept.parent.glob("[!.]*"), key=lambda each: each.stat().st_mtime, reverse=True)
    for old in others[_KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def _folder(parts: Parts, ground: Ground, setup: Setup, start: str) -> Path:
    """Where what the command makes is kept, by all that it depends on as far as fleet.yaml says."""
    digest = sha256(setup.command.encode())
    for name in setup.key:
        text = ground.repository.read(start, name, limit=_READ)
        digest.update(f"\0{name}\0{'-' if text is None else len(text)}\0".encode() + (text or b""))
    return parts.runs.parent / "cache" / digest.hexdigest()[:24]


@contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    """A folder of one's own for what nobody may see before it is complete. What one that was killed has left
    of these goes.
    """
    for left in folder.glob(".*"):
        try:
            old = time.time() - left.stat().st_mtime > 2 * _COPY_SECONDS
        except FileNotFoundError:
            continue  # its maker is done with it
        if old:
            shutil.rmtree(left, ignore_errors=True)
    draft = Path(mkdtemp(prefix=".", dir=folder))
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    """Copy a folder as it is; where the file system can, without copying the data."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    argv = ["cp", "-a", "--reflink=auto", "--", str(source), str(target)]
    done = subprocess.run(
        argv, capture_output=True, encoding="utf-8", errors="replace", timeout=_COPY_SECONDS, check=False
    )
    if done.returncode != 0:
        raise Temporary(f"{source.name} can't be copied", why=done.stderr.strip()[:500])


def _is_good(found: Exit) -> bool:
    return found.reason == "exited" and found.code == 0


def _shown(parts: Parts, setup: Setup) -> str:
    """The command, as far as it stands in one line."""
    words = " ".join(parts.secrets.mask(setup.command).split())
    return f"`{words}`" if len(words) <= _SHOWN else f"`{words[:_SHOWN]}…`"


def _how(found: Exit, setup: Setup) -> str:
    if found.reason == "ceiling":
        return f"was ended after {setup.time_ms / 1000:g} s (workspace.time)"
    if found.reason != "exited":
        return f"ended: {found.reason} {found.error}".strip()
    return f"ended by signal {found.signal}" if found.signal else f"ended with exit code {found.code}"
