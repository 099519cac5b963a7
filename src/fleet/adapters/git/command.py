"""The one place that starts git.

Every call has an argument list (no shell), a time limit, a small environment that is made here and not
inherited, and options that switch off whatever could run a program or reach the network: hooks, fsmonitor,
all transports, automatic gc. Git runs in a session of its own, so Ctrl-C at the watcher does not break it
half-way. Only a place with `transports` is another matter: there git acts as the user, towards a remote.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from fleet.model.errors import Permanent, Temporary

OLDEST = (2, 38)
TIMEOUT_S = 120.0
_WORDS = 600

_OPTIONS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.splitIndex=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.allow=never",
    "submodule.recurse=false",
    "i18n.commitEncoding=UTF-8",
    "log.showSignature=false",
    # Whoever owns the files, the operator has pointed Fleet at this repository by name.
    "safe.directory=*",
    # A merge that the log calls done must still be there after a power cut.
    "core.fsync=objects,reference",
)
_ARGV = ("git", "--no-pager", "--literal-pathspecs", *(x for option in _OPTIONS for x in ("-c", option)))

# What git says of a full disk where it does not tell the kernel's own word.
_UNWRITTEN = re.compile(
    r"[Uu]nable to write (file [^:\n]+|(new[ _]|temporary )?index( file|\.))$", re.MULTILINE
)

_PASSES = (
    "No space left on device",
    "Out of diskspace",
    "Disk quota exceeded",
    "Cannot allocate memory",
    "Resource temporarily unavailable",
    "Too many open files",
    ".lock': File exists",
    "cannot lock ref",
)


class GitFailed(Permanent):
    """Git refused; `why` holds its own words."""


class GitBusy(Temporary):
    """Git could not now (a lock, a full disk, a time limit); `why` holds its own words."""


# What stays of the user's own environment towards a remote, among the variables of git.
_USERS_GIT = ("GIT_SSH", "GIT_CONFIG_", "GIT_SSL_", "GIT_PROXY_", "GIT_HTTP_", "GIT_EXEC_PATH")
# Over these alone, and nobody is there to be asked: git and its helpers fail and say why.
_REMOTE = {
    "GIT_ALLOW_PROTOCOL": "file:https:ssh",
    "GIT_ASKPASS": "true",
    "SSH_ASKPASS_REQUIRE": "never",
    "GCM_INTERACTIVE": "never",
    # A connection that carries less than so many bytes a second for so many seconds is dead.
    "GIT_HTTP_LOW_SPEED_LIMIT": "100",
    "GIT_HTTP_LOW_SPEED_TIME": "60",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a git command works: never discovered, always named.

    `work_tree` and `index` override git's own choice. `users_config` lets git read the user's own global and
    system configuration, as is right when it writes into the user's checkout (line endings, git-lfs). With
    `transports` it may also reach a remote, as the user: with the user's environment, configuration and
    credentials, but never with a question to anybody. The file descriptors in `held` are inherited by git,
    so that a lock on them lives until git has ended, even when Fleet is killed.
    """

    git_dir: Path
    work_tree: Path | None = None
    index: Path | None = None
    users_config: bool = False
    transports: bool = False
    held: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Output:
    """What a git command gave: exit code, output, its complaints, and whether the output was cut at the
    limit.
    """

    code: int
    out: bytes
    err: str
    cut: bool = False

    @property
    def text(self) -> str:
        """The output as text; bytes that are no UTF-8 are kept as surrogates, as Python does for file
        names.
        """
        return self.out.decode("utf-8", "surrogateescape")

    def records(self) -> list[str]:
        """The records of an output that ends each with a NUL."""
        return [record for record in self.text.split("\0") if record]


def git(
    place: Place | Path,
    *args: str,
    input: str | bytes | Path | None = None,
    timeout: float = TIMEOUT_S,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run git and return its output without the last newline. `timeout` is in seconds.

    Raises GitFailed with git's words, GitBusy where a later try may succeed.
    """
    return run(place, *args, input=input, timeout=timeout, env=env).text.removesuffix("\n")


def run(
    place: Place | Path,
    *args: str,
    input: str | bytes | Path | None = None,
    timeout: float = TIMEOUT_S,
    env: Mapping[str, str] | None = None,
    ok: Collection[int] = (0,),
    limit: int | None = None,
) -> Output:
    """Run git and return all it gave. Exit codes outside of `ok` are raised, as in `git`.

    `input` is text, bytes, or the path of a file. `limit` in bytes: git is ended when it has said more than
    that.
    """
    if isinstance(place, Path):
        place = Place(place)
    argv = [*_ARGV, f"--git-dir={place.git_dir}"]
    if place.work_tree is not None:
        argv.append(f"--work-tree={place.work_tree}")
    argv += args
    cwd = place.work_tree or place.git_dir
    output = _start(argv, cwd, _environment(place, env), input, place.held, timeout, limit)
    if output.code not in ok and not output.cut:
        raise _error(args[0], output)
    return output


def git_version(path: str | None = None) -> tuple[int, ...]:
    """The version of the git that is used, as (2, 39, 5). Raises Permanent when there is none."""
    environment = {"PATH": path or os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
    words = _start(["git", "--version"], Path("/"), environment, None, (), 10, None).text.split()
    number = words[2] if len(words) > 2 else "0"
    return tuple(int(part) for part in number.split(".") if part.isdigit())


def _environment(place: Place, more: Mapping[str, str] | None) -> dict[str, str]:
    keep = ["PATH", "TMPDIR"]
    made = {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_EDITOR": "false",
    }
    if place.transports:
        keep = [name for name in os.environ if not name.startswith("GIT_") or name.startswith(_USERS_GIT)]
        made |= _REMOTE
    elif place.users_config:
        keep += ["HOME", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"]
    else:
        made |= {
            "HOME": "/nonexistent",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
        }
    kept = {name: os.environ[name] for name in keep if name in os.environ}
    if place.index is not None:
        made["GIT_INDEX_FILE"] = str(place.index)
    return {"PATH": os.defpath} | kept | made | dict(more or {})


def _start(
    argv: list[str],
    cwd: Path,
    environment: dict[str, str],
    source: str | bytes | Path | None,
    held: tuple[int, ...],
    timeout: float,
    limit: int | None,
) -> Output:
    if isinstance(source, str):
        source = source.encode("utf-8", "surrogateescape")
    stdin: int = subprocess.DEVNULL if source is None else subprocess.PIPE
    opened = os.open(source, os.O_RDONLY | os.O_CLOEXEC) if isinstance(source, Path) else None
    try:
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=environment,
            stdin=stdin if opened is None else opened,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=held,
        )
    except FileNotFoundError as error:
        if not cwd.is_dir():
            raise GitFailed(f"git cannot work in {cwd}", why="there is no such directory") from error
        raise Permanent(
            "git was not found", why="it is not on PATH", do=f"install git {OLDEST[0]}.{OLDEST[1]} or newer"
        ) from error
    finally:
        if opened is not None:
            os.close(opened)
    data = source if isinstance(source, bytes) else None
    if limit is not None:
        return _read_some(process, data, timeout, limit)
    try:
        out, err = process.communicate(data, timeout)
    except subprocess.TimeoutExpired as error:
        _end(process)
        raise GitBusy(f"git was ended after {timeout:g} s", why="it took too long") from error
    return Output(process.returncode, out, err.decode("utf-8", "replace"))


def _read_some(process: subprocess.Popen[bytes], data: bytes | None, timeout: float, limit: int) -> Output:
    """Read at most `limit` bytes. The complaints are drained beside it, so that neither pipe fills up."""
    assert process.stdout is not None
    assert process.stderr is not None
    complaints: list[bytes] = []
    errors = process.stderr
    drain = threading.Thread(target=lambda: complaints.append(errors.read()), daemon=True)
    late = threading.Event()

    def expire() -> None:
        late.set()
        _end(process)

    timer = threading.Timer(timeout, expire)
    with process:
        drain.start()
        timer.start()
        if process.stdin is not None:
            process.stdin.write(data or b"")
            process.stdin.close()
        out = process.stdout.read(limit + 1)
        cut = len(out) > limit
        if cut:
            _end(process)
        drain.join()
        process.wait()
        timer.cancel()
    if late.is_set():
        raise GitBusy(f"git was ended after {timeout:g} s", why="it took too long")
    return Output(process.returncode, out[:limit], b"".join(complaints).decode("utf-8", "replace"), cut)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill git and what it started: it leads a session, hence a process group, of its own."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def _error(verb: str, output: Output) -> GitFailed | GitBusy:
    words = " ".join(output.err.split())[:_WORDS] or f"it ended with {output.code} and no word"
    passes = output.code < 0 or any(sign in output.err for sign in _PASSES) or _UNWRITTEN.search(output.err)
    kind = GitBusy if passes else GitFailed
    return kind(f"git {verb} failed", why=words)
