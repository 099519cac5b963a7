"""Programs that run another program: what is run in the end, and under which names a rule may know it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
_TEXTS = ("script", "watch", "parallel", "su", "runuser")  # they hand a text to a shell
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
    if name in _SHELLS:
        return _of_shell(words[1:])
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
    return name in _PLAIN or name == "xargs"


def is_harmless(setting: str) -> bool:
    """Whether this variable, set for a command, can't make it do something else."""
    name = setting.partition("=")[0]
    return name in _HARMLESS or name.startswith("LC_")


def names(simple: Simple) -> list[str]:
    """The command as texts that a rule may know it by: whole, without its folder, without git's options."""
    full = " ".join(simple.words)
    short = " ".join((program(simple).lower(), *simple.words[1:]))
    found = [full, short]
    if program(simple).lower() == "git":
        rest = _after_options(simple.words[1:], _GIT_VALUED)
        found.append(" ".join(("git", *rest)))
    return list(dict.fromkeys(found))


def _of_shell(words: Sequence[str]) -> list[Simple]:
    for at, word in enumerate(words):
        if UNKNOWN in word:
            raise Unreadable("the shell makes up what another shell runs")
        if word.startswith("-") and not word.startswith("--") and "c" in word:
            text = next((each for each in words[at + 1 :] if not each.startswith(("-", "+"))), "")
            return _read(text)
        if not word.startswith(("-", "+")):
            return []  # a file: what is in it is its own matter
    raise Unreadable("a shell reads what it runs from elsewhere")


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
