"""Programs that run another program: what is run in the end, and under which names a rule may know it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from fleet.policy.shell import UNKNOWN, Simple, Unreadable, simple_commands

_SHELLS = ("sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "busybox", "rbash")
# Options that take the next word as their value.
_VALUED: Mapping[str, frozenset[str]] = {
    "timeout": frozenset({"-s", "--signal", "-k", "--kill-after"}),
    "nice": frozenset({"-n", "--adjustment"}),
    "ionice": frozenset({"-c", "-n", "-p"}),
    "stdbuf": frozenset({"-i", "-o", "-e"}),
    "env": frozenset({"-u", "--unset", "-C", "--chdir"}),
    "xargs": frozenset({"-a", "-d", "-E", "-I", "-L", "-n", "-P", "-s", "--max-args", "--max-procs"}),
    "sudo": frozenset({"-u", "-g", "-h", "-p", "-C", "-T", "-r", "-t", "-D", "-R", "-U"}),
    "doas": frozenset({"-u", "-C"}),
    "setsid": frozenset(),
    "nohup": frozenset(),
    "time": frozenset({"-f", "-o"}),
    "command": frozenset(),
    "builtin": frozenset(),
    "exec": frozenset({"-a"}),
    "noglob": frozenset(),
    "nocorrect": frozenset(),
    "unshare": frozenset({"-S", "-G", "-R", "-w"}),
    "chroot": frozenset(),
    "strace": frozenset({"-e", "-o", "-p", "-s"}),
    "flock": frozenset({"-w", "-E"}),
}
# They hand a text to a shell, now or later.
_TEXTS = frozenset("alias at batch crontab parallel runuser script su watch".split())  # noqa: SIM905
_FURTHEST = 40  # words of a launcher's own
# They start what some word of theirs names, after options that nobody here knows.
_LAUNCHERS = frozenset(
    """
    bind bundle bwrap chronic chrt compgen complete cpulimit dbus-run-session direnv entr fakeroot
    firejail gdb linux32 linux64 ltrace mapfile mise npx nsenter perf pipenv pipx pkexec poetry
    prlimit proxychains proxychains4 readarray runcon screen setarch setpriv ssh start-stop-daemon
    systemd-run taskset tmux torsocks ts unbuffer uv uvx valgrind xvfb-run
    """.split()  # noqa: SIM905
)
_FED = ("/dev/stdin", "/dev/fd/", "/proc/")
_SHELL_VALUED = frozenset({"-o", "+o", "-O", "+O", "--rcfile", "--init-file"})
_FLAGS = frozenset({"--foreground", "--preserve-status", "--verbose", "--null", "--no-run-if-empty"})
_BEFORE: Mapping[str, int] = {"timeout": 1, "chroot": 1, "flock": 1}  # words of its own before the program
# They change nothing but time and order, so that whoever may run the inner one may run it by them.
_PLAIN = frozenset({"timeout", "nice", "ionice", "stdbuf", "nohup", "time", "command", "builtin", "noglob"})
_HARMLESS = frozenset(
    """
    CI COLUMNS DEBUG FORCE_COLOR LANG LINES NO_COLOR NODE_ENV PYTHONUNBUFFERED RUST_BACKTRACE RUST_LOG
    TERM TZ
    """.split()  # noqa: SIM905
)
_GIT_VALUED = frozenset(
    "-C -c --git-dir --work-tree --namespace --super-prefix --config-env --exec-path".split()  # noqa: SIM905
)


def program(simple: Simple) -> str:
    """The name of its program, without the folder that it lies in."""
    return simple.words[0].rpartition("/")[2] if simple.words else ""


def inner(simple: Simple) -> list[Simple]:
    """What this command runs besides itself. Raises `Unreadable` where that can't be told."""
    name, words = program(simple).lower(), simple.words
    if name == "busybox":
        return [Simple(words=words[1:])] if len(words) > 1 else []
    if name in _SHELLS:
        return _of_shell(words[1:])
    if name in (".", "source") and any(word.startswith(_FED) or UNKNOWN in word for word in words[1:]):
        raise Unreadable("a shell reads what it runs from elsewhere")
    if name == "hash" and len(words) > 2:
        raise Unreadable("hash gives a program another name")
    if name == "git":
        _check_git(words)
    if name in _TEXTS:
        raise Unreadable(f"{name} runs a text")
    if name in ("eval", "trap"):
        return _read(" ".join(words[1:]) if name == "eval" else "".join(words[1:2]))
    if name in ("find", "fd", "fdfind"):
        return _of_find(words[1:])
    if name == "xargs":
        return _of_xargs(words)
    return _of_wrapper(name, words) if name in _VALUED else []


def _of_wrapper(name: str, words: Sequence[str]) -> list[Simple]:
    if name == "env" and any(each.startswith(("-S", "--split-string")) for each in words[1:]):
        raise Unreadable("env splits a text into words")
    rest, sets = _after_options(words[1:], _VALUED[name])[_BEFORE.get(name, 0) :], []
    if any(UNKNOWN in each for each in words[1 : len(words) - len(rest)]):
        raise Unreadable(f"the shell makes up the options of {name}")
    while name in ("env", "sudo", "doas") and rest and "=" in rest[0]:
        sets.append(rest.pop(0))
    if not rest:
        return []
    if UNKNOWN in rest[0]:
        raise Unreadable("the shell makes up the program's name")
    return [Simple(words=rest, sets=sets)]


def is_plain(simple: Simple) -> bool:
    """Whether whoever may run what is within may run it in this way, too."""
    name = program(simple)
    if name != simple.words[0]:
        return False
    if name == "env":
        return _after_options(simple.words[1:], frozenset()) == simple.words[1:]
    if name in ("sh", "bash", "dash", "zsh"):
        return len(simple.words) == 3 and simple.words[1] == "-c"
    return (name in _PLAIN or name == "xargs") and _is_certain(name, simple.words[1:])


def _is_certain(name: str, words: Sequence[str]) -> bool:
    """Whether it can be told where the options of this program end: one that is not known could take the next
    word, which then is not the program.
    """
    valued, at = _VALUED[name], 0
    while at < len(words) and words[at].startswith("-") and words[at] != "--":
        word = words[at]
        whole = word in valued or word in _FLAGS or len(word) == 2 or (word.startswith("--") and "=" in word)
        attached = not word.startswith("--") and (f"-{word[1:2]}" in valued or word[1:].isdigit())
        if not whole and not attached:
            return False
        at += 2 if word in valued else 1
    return True


def is_harmless(setting: str) -> bool:
    """Whether this variable, set for a command, can't make it do something else."""
    name = setting.partition("=")[0]
    return name in _HARMLESS or name.startswith("LC_")


def names(simple: Simple) -> list[str]:
    """The command as texts that a rule may know it by: whole, without its folder, without git's options; of
    one that starts another, all that its words may be.
    """
    found = _names(simple.words)
    if program(simple).lower() in (*_LAUNCHERS, *_VALUED):
        for at in range(1, min(len(simple.words), _FURTHEST)):
            found += _names(simple.words[at:])
            found += _names(simple.words[at].split())  # a text that it hands to a shell
    return list(dict.fromkeys(found))


def _names(words: Sequence[str]) -> list[str]:
    name = words[0].rpartition("/")[2].lower() if words else ""
    found = [" ".join(words), " ".join((name, *words[1:]))]
    if name == "git":
        found.append(" ".join(("git", *_after_options(words[1:], _GIT_VALUED))))
    return found


def _of_shell(words: Sequence[str]) -> list[Simple]:
    at, texts = 0, False
    while at < len(words) and words[at].startswith(("-", "+")) and len(words[at]) > 1:
        if UNKNOWN in words[at]:
            raise Unreadable("the shell makes up what another shell runs")
        if words[at] == "--":
            at += 1
            break
        short = not words[at].startswith("--")
        texts = texts or (short and words[at].startswith("-") and "c" in words[at])
        if short and "s" in words[at][1:] and not texts:
            raise Unreadable("a shell reads what it runs from elsewhere")
        # The last letter of several may take the next word, as in -eo pipefail.
        at += 2 if words[at] in _SHELL_VALUED or (short and words[at][-1] in "oO") else 1
    if at >= len(words) or words[at] == "-" or (not texts and words[at].startswith(_FED)):
        raise Unreadable("a shell reads what it runs from elsewhere")
    if UNKNOWN in words[at]:
        raise Unreadable("the shell makes up what another shell runs")
    return _read(words[at]) if texts else []  # a file: what is in it is its own matter


def _check_git(words: Sequence[str]) -> None:
    """Raises Unreadable for a word of git's that the call itself makes up."""
    for flag, value in pairwise(words):
        if flag == "-c" and value.lower().startswith(("alias.", UNKNOWN)):
            raise Unreadable("git is given a command of its own making")
    if any(word.startswith("--config-env") and "alias." in word.lower() for word in words):
        raise Unreadable("git is given a command of its own making")


def _of_find(words: Sequence[str]) -> list[Simple]:
    found, at = [], 0
    while at < len(words):
        if words[at] in ("-exec", "-execdir", "-ok", "-okdir", "-x", "-X", "--exec", "--exec-batch"):
            stop = next((end for end in range(at, len(words)) if words[end] in (";", "+")), len(words))
            inside = [UNKNOWN if "{}" in each else each for each in words[at + 1 : stop]]
            if not inside or UNKNOWN in inside[0]:
                raise Unreadable("find makes up the program's name")
            found.append(Simple(words=inside))
            at = stop
        at += 1
    return found


def _of_xargs(words: Sequence[str]) -> list[Simple]:
    rest = _after_options(words[1:], _VALUED["xargs"])
    if any(UNKNOWN in each for each in words[1 : len(words) - len(rest)]):
        raise Unreadable("the shell makes up the options of xargs")
    if not rest:
        return [Simple(words=["echo", UNKNOWN])]
    mark = _placeholder(words)
    rest = [UNKNOWN if mark and mark in word else word for word in rest]
    if UNKNOWN in rest[0]:
        raise Unreadable("xargs makes up the program's name")
    return [Simple(words=[*rest, UNKNOWN])]


def _placeholder(words: Sequence[str]) -> str:
    """What xargs replaces by what it reads, "" for nothing."""
    for at, word in enumerate(words):
        if word in ("-I", "--replace") and at + 1 < len(words):
            return words[at + 1] if word == "-I" else "{}"
        if word.startswith(("-I", "-i", "--replace=")):
            return word.removeprefix("--replace=").removeprefix("-I").removeprefix("-i") or "{}"
    return ""


def _after_options(words: Sequence[str], valued: frozenset[str]) -> list[str]:
    at = 0
    while at < len(words) and words[at].startswith(("-", UNKNOWN)):
        if words[at] == "--":
            return list(words[at + 1 :])
        at += 2 if words[at] in valued else 1
    return list(words[at:])


def _read(text: str) -> list[Simple]:
    if UNKNOWN in text:
        raise Unreadable("the shell makes up what another shell runs")
    return simple_commands(text, 1)


def everything(text: str) -> list[tuple[Simple, list[Simple]]]:
    """Each command of this text with what it runs itself, in whatever depth. Raises `Unreadable`."""
    return nested(simple_commands(text))


def nested(commands: Sequence[Simple]) -> list[tuple[Simple, list[Simple]]]:
    """These commands, and those that they run, each with what it runs itself. Raises `Unreadable`."""
    found: list[tuple[Simple, list[Simple]]] = []
    left: list[tuple[Simple, int]] = [(each, 0) for each in commands]
    while left:
        simple, depth = left.pop()
        if depth > 8 or len(found) > 500:
            raise Unreadable("too much is nested in it")
        within = inner(simple) if simple.words else []
        found.append((simple, within))
        left += [(each, depth + 1) for each in within]
    return found
