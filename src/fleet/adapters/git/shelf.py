"""Seals in the repository: checkpoints as a chain of small commits under a ref of their own, attestations as
notes of git.

Neither is a branch: nothing checks them out, and a clone takes them only when it is asked to
(`git fetch origin 'refs/fleet/*:refs/fleet/*' 'refs/notes/fleet:refs/notes/fleet'`).
"""

from __future__ import annotations

from pathlib import Path

from fleet.adapters.git.command import GitBusy, GitFailed, Place, git, run
from fleet.adapters.git.names import commit_id
from fleet.adapters.git.refs import read, unlocked
from fleet.adapters.git.remote import reach
from fleet.model.errors import Permanent
from fleet.ports.seal import Filed

CHECKPOINTS = "refs/fleet/checkpoints"
NOTES = "refs/notes/fleet"
_WHO = {
    "GIT_AUTHOR_NAME": "Fleet",
    "GIT_AUTHOR_EMAIL": "fleet@fleet.invalid",
    "GIT_COMMITTER_NAME": "Fleet",
    "GIT_COMMITTER_EMAIL": "fleet@fleet.invalid",
}


class GitShelf:
    """The shelf in one repository. See `fleet.ports.seal.Shelf`. With `url` it mirrors that one."""

    def __init__(self, git_dir: Path, url: str = "") -> None:
        self._git_dir = git_dir
        self._url = url

    def checkpoints(self) -> list[Filed]:
        """See the port. Two processes, however many there are."""
        if read(self._git_dir, CHECKPOINTS) is None:
            return []
        return self._filed(git(self._git_dir, "rev-list", "--reverse", "--first-parent", CHECKPOINTS).split())

    def newest(self) -> Filed | None:
        """See the port."""
        found = read(self._git_dir, CHECKPOINTS)
        return self._filed([found])[0] if found is not None else None

    def key(self) -> str:
        """The public key beside the newest checkpoint, "" where there is none."""
        found = run(self._git_dir, "cat-file", "blob", f"{CHECKPOINTS}:key.pub", ok=(0, 128))
        return found.text.strip() if found.code == 0 else ""

    def file(self, note: str, marks: bytes, key: str, *, when_ms: int, behind: str) -> str:
        """See the port. One process, which moves the ref only forward."""
        title = f"Checkpoint of {note.splitlines()[1]} events\n"
        stream = (
            f"commit {CHECKPOINTS}\ncommitter Fleet <fleet@fleet.invalid> {when_ms // 1000} +0000\n".encode()
        )
        stream += _data(title.encode())
        stream += f"from {commit_id(behind)}\n".encode() if behind else b""
        files = (("checkpoint", note.encode()), ("marks", marks), ("key.pub", f"{key}\n".encode()))
        for name, content in files:
            stream += f"M 100644 inline {name}\n".encode() + _data(content)
        if (read(self._git_dir, CHECKPOINTS) or "") != behind:
            raise Permanent("The log was not sealed.", why="another checkpoint was made meanwhile")
        self._write(CHECKPOINTS, "fast-import", "--quiet", "--date-format=raw", input=stream + b"done\n")
        made = read(self._git_dir, CHECKPOINTS)
        if made is None or made == behind:
            raise Permanent("The log was not sealed.", why=f"git did not move {CHECKPOINTS}")
        return made

    def attach(self, commit: str, text: str) -> None:
        """See the port."""
        self._write(
            NOTES,
            "notes",
            f"--ref={NOTES}",
            "add",
            "--force",
            "--file=-",
            commit_id(commit),
            input=text.encode(),
        )

    def attached(self, commit: str) -> str | None:
        """See the port."""
        found = run(
            Place(self._git_dir), "notes", f"--ref={NOTES}", "show", commit_id(commit), ok=(0, 1, 128)
        )
        return found.text if found.code == 0 else None

    def commit(self, name: str) -> str:
        """The commit that a person means by this name. Raises `Permanent` when there is none."""
        found = run(
            Place(self._git_dir),
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            f"{name}^{{commit}}",
            ok=(0, 1),
        )
        if found.code:
            raise Permanent(
                f"There is no commit {name[:80]!r}", do="name one as git does: main, HEAD, 1a2b3c4"
            )
        return found.text.strip()

    def push(self, remote: str) -> None:
        """Bring checkpoints and attestations to a remote, as the user. Raises as git does."""
        refs = [ref for ref in (CHECKPOINTS, NOTES) if read(self._git_dir, ref) is not None]
        if refs:
            url = self._url or git(self._git_dir, "remote", "get-url", "--", remote)
            reach(self._git_dir, url, "push", "--quiet", url, *(f"{ref}:{ref}" for ref in refs), timeout=60)

    def theirs(self, remote: str) -> str:
        """The newest checkpoint that lies on a remote, "" where there is none. Raises as git does."""
        url = git(self._git_dir, "remote", "get-url", remote)
        found = reach(self._git_dir, url, "ls-remote", url, CHECKPOINTS, timeout=60).text.split()
        if not found:
            return ""
        there = commit_id(found[0])
        reach(self._git_dir, url, "fetch", "--quiet", "--no-write-fetch-head", url, CHECKPOINTS, timeout=60)
        return self._filed([there])[0].note

    def _write(self, ref: str, *args: str, input: bytes) -> None:
        """Run git, which moves this ref; once more where a git that was killed had left its lock."""
        try:
            git(self._git_dir, *args, input=input, env=_WHO)
        except GitBusy:
            if not unlocked(self._git_dir, ref):
                raise
            git(self._git_dir, *args, input=input, env=_WHO)

    def _filed(self, names: list[str]) -> list[Filed]:
        asked = "".join(f"{name}:checkpoint\n{name}:marks\n" for name in names)
        blobs = _blobs(run(self._git_dir, "cat-file", "--batch", input=asked).out)
        if len(blobs) != 2 * len(names):
            raise GitFailed("The checkpoints cannot be read.", why=f"{CHECKPOINTS} holds something else")
        pairs = zip(blobs[::2], blobs[1::2], strict=True)
        return [
            Filed(name, note.decode("utf-8", "replace"), marks)
            for name, (note, marks) in zip(names, pairs, strict=True)
        ]


def _data(content: bytes) -> bytes:
    return f"data {len(content)}\n".encode() + content + b"\n"


def _blobs(answer: bytes) -> list[bytes]:
    """What `cat-file --batch` said, up to the first object that it did not find."""
    found: list[bytes] = []
    at = 0
    while at < len(answer):
        end = answer.index(b"\n", at)
        head = answer[at:end].split(b" ")
        if len(head) != 3:
            return found
        size = int(head[2])
        found.append(answer[end + 1 : end + 1 + size])
        at = end + 2 + size
    return found
