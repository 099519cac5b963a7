"""From nothing to a running harness, as fast as it can be done and with no instant at which it could be
forgotten.

The harness is forked but held before its exec by a gate (a pipe) until `session.json` names it. A shim that
is killed earlier closes the gate unopened, and the child ends without having run anything: so a run was
either recorded or never started. Only `os` and builtin modules are imported here, as each millisecond delays
the harness.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # what `signal` wraps; the wrapper takes 5 ms
import errno
import os
import sys
import time

from fleet.shim import tree

HANDSHAKE_FD = 3
"""Where the starter waits for `+` (spawned) or `!` and an error."""
LOCK_FD = 4
"""The starter's lock on this key; it stays locked for as long as the shim has it open, whatever becomes of
the starter.
"""
DOOR_FD = 5
"""Where calls to the gateway arrive, in runs that have such a door: a listening socket."""
EXIT_BYTES = 8192
"""Room for the exit record, taken at the start so that a full disk cannot keep the end of a run from being
told.
"""

_INHERITED = 4096
_PR_SET_CHILD_SUBREAPER = 36


class Launched:
    """The harness and the shim's ends of its pipes. `error` says why there is none; `started` is ms since the
    epoch.
    """

    __slots__ = ("control", "error", "pid", "started", "stderr", "stdin", "stdout")

    def __init__(self, pid: int, pipes: tuple[int, int, int], control: int, started: int, error: str) -> None:
        self.pid = pid
        self.stdin, self.stdout, self.stderr = pipes
        self.control = control
        self.started = started
        self.error = error


def launch(run: str) -> Launched:
    """Start what `run`/launch says. Raises OSError when nothing was started; a missing program is no
    exception but a `Launched` with its `error` set, as that run has then been tried and has ended.
    """
    _stand_alone(run)
    cwd, argv, env = _read_launch()
    control = os.open("control", os.O_RDWR | os.O_NONBLOCK)
    _make_room()
    stdin, stdout, stderr, gate, failure = (os.pipe() for _ in range(5))
    pid = os.fork()
    if pid == 0:
        _become_harness(cwd, argv, env, (stdin[0], stdout[1], stderr[1]), gate, failure[1])
    for fd in (stdin[0], stdout[1], stderr[1], gate[0], failure[1]):
        os.close(fd)
    os.setpgid(pid, pid)
    _adopt_orphans()
    started = time.time_ns() // 1_000_000
    _write_session(pid, started)
    failed = _let_go(gate[1], failure[0])
    answer("+")
    error = _explain(failed, cwd, argv[0]) if failed else ""
    return Launched(pid, (stdin[1], stdout[0], stderr[0]), control, started, error)


def answer(text: str) -> None:
    """Tell the starter and let others start this key. A starter that is gone does not matter: the files say
    it all.
    """
    try:
        os.write(HANDSHAKE_FD, text.encode(errors="backslashreplace")[:4096])
    except BrokenPipeError:
        pass
    os.close(HANDSHAKE_FD)
    os.close(LOCK_FD)


def _let_go(gate: int, failure: int) -> bytes:
    """Open the gate; returns what kept the harness from its exec. Never raises: from here on it counts as
    started.
    """
    try:
        os.write(gate, b"+")
    except BrokenPipeError:
        pass  # it was killed behind the gate, which its exit status tells
    os.close(gate)
    failed = os.read(failure, 64)
    os.close(failure)
    try:
        os.unlink("launch")  # it holds the environment, and so keys: on disk only until the harness has them
    except OSError:
        pass
    return failed


def _stand_alone(run: str) -> None:
    """Depend on no one: own session, own folder, no descriptor of the starter's but the two meant for us. An
    order to stop (SIGTERM) waits until it can be carried out.
    """
    _signal.pthread_sigmask(_signal.SIG_BLOCK, (_signal.SIGTERM,))
    _signal.signal(_signal.SIGHUP, _signal.SIG_IGN)
    _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
    for fd in (HANDSHAKE_FD, LOCK_FD):
        os.set_inheritable(fd, False)
    try:
        os.set_inheritable(DOOR_FD, False)
    except OSError:
        pass  # this run has none
    os.closerange(DOOR_FD + 1, _INHERITED)
    os.setsid()
    os.chdir(run)


def _read_launch() -> tuple[bytes, list[bytes], dict[bytes, bytes]]:
    """The file `launch`: cwd, number of arguments, arguments, NAME=value …, each ended by NUL as the kernel
    keeps them. (None of them can hold a NUL; reading JSON instead would cost as much again as Python's own
    start.)
    """
    with open("launch", "rb") as file:
        cwd, count, *rest = file.read().split(b"\0")[:-1]
    argv, env = rest[: int(count)], {}
    for pair in rest[int(count) :]:
        name, _, value = pair.partition(b"=")
        env[name] = value
    return cwd, argv, env


def _make_room() -> None:
    """Have the transcript, and the place of the exit record, on the disk before anything can fill it."""
    with open("exit.tmp", "wb", opener=_private) as room:
        room.write(b" " * EXIT_BYTES)
    os.close(os.open("transcript.jsonl", os.O_WRONLY | os.O_CREAT, 0o600))


def _become_harness(
    cwd: bytes,
    argv: list[bytes],
    env: dict[bytes, bytes],
    pipes: tuple[int, int, int],
    gate: tuple[int, int],
    failure: int,
) -> None:
    """In the child: wait for the gate, then exec. Never returns; a failure is sent as `STAGE ERRNO`."""
    stage = "setup"
    try:
        os.setpgid(0, 0)
        _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
        for number in (_signal.SIGHUP, _signal.SIGINT, _signal.SIGPIPE, _signal.SIGXFSZ):
            _signal.signal(number, _signal.SIG_DFL)  # an ignored signal stays ignored through exec
        for target, fd in enumerate(pipes):
            os.dup2(fd, target)
        os.close(gate[1])
        if os.read(gate[0], 1) == b"+":
            stage = "cwd"
            os.chdir(cwd)
            stage = "exec"
            _execute(argv, env)
    except OSError as error:
        os.write(failure, f"{stage} {error.errno}".encode())
    finally:
        os._exit(127)


def _execute(argv: list[bytes], env: dict[bytes, bytes]) -> None:
    """Exec, looking along the harness's own PATH. Relative folders in it are passed over: they would name
    files of the repository under work, which is data.
    """
    if b"/" in argv[0]:
        os.execve(argv[0], argv, env)  # noqa: S606
    refused: OSError = FileNotFoundError(errno.ENOENT, "not found on PATH")
    for folder in env.get(b"PATH", b"/usr/local/bin:/usr/bin:/bin").split(b":"):
        if not folder.startswith(b"/"):
            continue
        try:
            os.execve(folder + b"/" + argv[0], argv, env)  # noqa: S606
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            refused = error
    raise refused


def _adopt_orphans() -> None:
    """Become the parent of every process that the harness's tree leaves behind (Linux), so that none gets
    away.

    Must precede the gate: a harness may leave a daemon within its first milliseconds. Elsewhere the process
    group is all there is to go by.
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _write_session(child: int, started: int) -> None:
    """Write `session.json` by hand (it holds numbers and plain words) and whole (by rename)."""
    shim = os.getpid()
    text = (
        f'{{"shim": {{"pid": {shim}, "start": "{tree.start_of(shim)}"}},'
        f' "child": {{"pid": {child}, "start": "{tree.start_of(child)}"}},'
        f' "boot": "{tree.boot_id()}", "started": {started}}}\n'
    )
    with open("session.tmp", "w", opener=_private) as file:
        file.write(text)
    os.rename("session.tmp", "session.json")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _explain(failed: bytes, cwd: bytes, program: bytes) -> str:
    """What kept the harness from starting, for the person who has to mend it."""
    stage, _, number = failed.decode().partition(" ")
    why = os.strerror(int(number))
    name, folder = (text.decode(errors="backslashreplace") for text in (program, cwd))
    if stage == "cwd":
        return f"the working directory {folder} cannot be entered: {why}"
    if stage == "setup":
        return f"the process could not be set up: {why}"
    if int(number) == errno.ENOENT:
        there = b"/" in program and os.path.exists(os.path.join(cwd, program))
        if there:
            return f"the interpreter named in the first line of {name} does not exist"
        return f"the program {name} does not exist" + ("" if b"/" in program else " in any folder of PATH")
    if int(number) == errno.EACCES:
        return f"the program {name} is not executable: {why}"
    if int(number) == errno.ENOEXEC:
        return f"the program {name} is neither a binary of this machine nor a script with a #! line"
    return f"the program {name} could not be started: {why}"
