"""What an agent's rules say about one call of a tool. Pure.

As in Claude Code's own settings: a rule that denies goes before one that asks, and that before one that
allows; what no rule names is treated as `otherwise` says. One of `always` allows what a rule would ask about
(of the same tool, where it is a command), and nothing that is denied.

A rule that denies or asks is heard if any part of the call fits, or may fit; one that allows only if every
part of it fits for certain.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from fleet.model.permissions import Call, Permissions, Permit, Ruling
from fleet.policy.paths import absolute, covers
from fleet.policy.pattern import command_patterns, fits, may_fit
from fleet.policy.shell import UNKNOWN, Simple, Unreadable, simple_commands
from fleet.policy.unwrap import inner, is_harmless, is_plain, names, nested, program

RULE = re.compile(r"([A-Za-z_][\w-]*\*?)(?:\((.+)\))?", re.DOTALL)
_EDITS = frozenset({"Edit", "Write", "MultiEdit", "NotebookEdit"})
_READS = frozenset({"Read", "Glob", "Grep", "LS"})
_DOOR = "mcp__fleet"
_FREE_FILES = frozenset({"/dev/null", "/dev/stdout", "/dev/stderr"})
# They do nothing outside of the shell that they are in.
_HARMLESS = frozenset({"[", ":", "echo", "exit", "false", "pwd", "sleep", "test", "true", "wait"})
_LOOKERS = frozenset(
    "[ cat cd cmp diff du file find grep head less ls more od pwd rg sort stat tail test wc".split()  # noqa: SIM905
)
_NOT_FILES = frozenset({"echo", "printf", "exit", "sleep", "true", "export", "kill"})
_NETWORK = frozenset("curl wget ssh scp sftp nc ncat netcat telnet ping rsync http xh ftp".split())  # noqa: SIM905
_URL = re.compile(r"(?:^|=)[a-z][a-z0-9+.-]*://(?:[^/@\s]*@)?(\[[^\]]*\]|[^/:?#\s]+)", re.IGNORECASE)
_LOGIN = re.compile(r"^[\w.-]+@([\w.-]+):")


Resolve = Callable[[str], str]
"""An absolute path without links and `..`, as it is on the disk."""


@dataclass(frozen=True, slots=True)
class _Where:
    """A command's call, the folders that it may be in, and how paths are resolved."""

    call: Call
    folders: tuple[str, ...]
    resolve: Resolve

    def files(self, word: str) -> Iterator[str]:
        """The files that a word may name, by its letters and as they are on the disk."""
        for folder in self.folders:
            if path := absolute(word, folder, self.call.home):
                yield posixpath.normpath(path)
                if UNKNOWN not in path:
                    yield self.resolve(path)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, taken apart: its tool, and what it says about the call ("" for every call)."""

    text: str
    tool: str
    about: str


def parse(text: str) -> Rule | None:
    """The rule that this text is, None for none."""
    found = RULE.fullmatch(text.strip())
    return Rule(text, found[1], (found[2] or "").strip()) if found else None


def by_letters(path: str) -> str:
    """A path without `..`, for where there is no disk to ask."""
    return posixpath.normpath(path)


def rule_on(permissions: Permissions, call: Call, resolve: Resolve = by_letters) -> Ruling:
    """What is decided about this call, by which rule, and why. `resolve` is asked for files that words of a
    command name.
    """
    if call.tool.startswith(f"{_DOOR}__"):
        return Ruling("allow", "", "the gateway looks at it itself")
    if call.command:
        return _on_command(permissions, call, resolve)
    lists: tuple[tuple[Permit, tuple[str, ...], Callable[[Rule, Call], bool]], ...] = (
        ("deny", permissions.deny, _touches),
        ("allow", permissions.always, _is_within),
        ("ask", permissions.ask, _touches),
        ("allow", permissions.allow, _is_within),
    )
    for permit, texts, fits_call in lists:
        for rule in _rules(texts):
            if _is_for(rule, call.tool) and fits_call(rule, call):
                return _said(permit, rule.text)
    return _said(permissions.otherwise, "")


def _on_command(permissions: Permissions, call: Call, resolve: Resolve) -> Ruling:
    allowing = _allowing(permissions)
    bare = {rule for rule in allowing if _is_for(rule, call.tool) and not rule.about}
    try:
        written = simple_commands(call.command)
        found = [simple for simple, _ in nested(written)]
    except Unreadable as unreadable:
        return _on_riddle(permissions, call, str(unreadable))
    where = _Where(call, _folders(found, call), resolve)
    open_ones = [each for each in written if not _is_settled(each, permissions, call)]
    asking = [simple for simple, _ in nested(open_ones)]
    for permit, texts in _before_allow(permissions):
        for rule in _rules(texts):
            mine = _is_for(rule, call.tool)
            heard = asking if mine and permit == "ask" else found
            whole = mine and not rule.about and bool(heard or not written)
            if whole or any(_meets(rule, each, where) for each in heard):
                return _said(permit, rule.text)
    if bare:
        return _said("allow", next(iter(bare)).text)
    if all(_is_allowed(each, where, permissions) for each in written):
        naming = (rule for rule in allowing if any(_is_named(rule, each, call) for each in found))
        first = next(naming, None)
        return _said("allow", first.text if first else "")
    return _said(permissions.otherwise, "")


def _before_allow(permissions: Permissions) -> tuple[tuple[Permit, tuple[str, ...]], ...]:
    return ("deny", permissions.deny), ("ask", permissions.ask)


def _allowing(permissions: Permissions) -> list[Rule]:
    return _rules((*permissions.always, *permissions.allow))


def _is_settled(simple: Simple, permissions: Permissions, call: Call) -> bool:
    """Whether nobody is asked about this command any more: it is one of those that are always done, and
    nothing about it is otherwise.
    """
    if simple.sets or simple.writes or simple.reads:
        return False
    return any(_is_named(rule, simple, call) for rule in _rules(permissions.always))


def _on_riddle(permissions: Permissions, call: Call, why: str) -> Ruling:
    """A command that can't be read is allowed only where no rule could be about a part of it."""
    for permit, texts in _before_allow(permissions):
        whole = next((rule for rule in _rules(texts) if _is_for(rule, call.tool) and not rule.about), None)
        if whole is not None:
            return _said(permit, whole.text)
    bare = next(
        (rule for rule in _rules(permissions.allow) if _is_for(rule, call.tool) and not rule.about), None
    )
    if not permissions.deny and not permissions.ask and (bare or permissions.otherwise == "allow"):
        return _said("allow", bare.text if bare else "")
    told = f"it can't be told what this command runs: {why}. Write it plainly, one step at a time."
    return Ruling("deny", "", told)


def _folders(found: Iterable[Simple], call: Call) -> tuple[str, ...]:
    """The folders that the command may be in when it names a file: where it begins, and where it goes."""
    known = [call.cwd or call.workspace]
    for simple in found:
        if program(simple) in ("cd", "pushd") and len(simple.words) > 1:
            word = simple.words[-1]
            known += [each for folder in tuple(known[:8]) if (each := absolute(word, folder, call.home))]
        if any(word in ("-C", "--chdir", "--directory") for word in simple.words):
            known += [
                path
                for flag, word in pairwise(simple.words)
                if flag in ("-C", "--chdir", "--directory") and (path := absolute(word, known[0], call.home))
            ]
    return tuple(dict.fromkeys(known[:64]))


def _meets(rule: Rule, simple: Simple, where: _Where) -> bool:
    """Whether a rule that denies or asks is about this command, or may be."""
    call = where.call
    if _is_for(rule, call.tool) and rule.about:
        return any(may_fit(each, name) for each in command_patterns(rule.about) for name in names(simple))
    if rule.tool in _EDITS or rule.tool in _READS:
        return rule.about != "" and any(
            covers(rule.about, path, call.workspace, call.home) for path in _files(rule.tool, simple, where)
        )
    if rule.tool == "WebFetch" and rule.about.startswith("domain:"):
        return any(UNKNOWN in host or _is_host(rule.about, host) for host in hosts_of(simple))
    return False


def _files(tool: str, simple: Simple, where: _Where) -> Iterator[str]:
    """The files that a command may write or read, as far as its words tell."""
    name = program(simple)
    words = [] if name in _NOT_FILES or (tool in _EDITS and name in _LOOKERS) else simple.words[1:]
    led = [*simple.writes, *(simple.reads if tool in _READS else ())]
    for word in (*words, *led):
        for each in (word, word.partition("=")[2]):
            if each == UNKNOWN and name not in _LOOKERS and word not in led:
                continue  # such as the text of a commit
            yield from where.files(each)


def hosts_of(simple: Simple) -> list[str]:
    """Hosts that a command names; one that the shell makes up is unknown."""
    found = []
    networked = program(simple).lower() in _NETWORK
    for word in simple.words[1:]:
        named = _URL.search(word) or _LOGIN.search(word)
        if named:
            found.append(named[1].lower())
        elif (
            networked and not word.startswith("-") and ("." in word or UNKNOWN in word or word == "localhost")
        ):
            found.append(
                UNKNOWN if UNKNOWN in word else re.split(r"[:/]", word.rpartition("@")[2])[0].lower()
            )
    return found


def _is_allowed(simple: Simple, where: _Where, permissions: Permissions) -> bool:
    """Whether everything that this command is and runs is allowed for certain."""
    if not all(is_harmless(each) for each in simple.sets):
        return False
    if not all(_may_touch("Write", each, where, permissions) for each in simple.writes):
        return False
    if not all(_may_touch("Read", each, where, permissions) for each in simple.reads):
        return False
    domains = [rule for rule in _allowing(permissions) if rule.tool == "WebFetch" and rule.about]
    if domains and not all(any(_is_host(rule.about, host) for rule in domains) for host in hosts_of(simple)):
        return False
    if not simple.words or _is_harmless(simple, where.call):
        return True
    if any(_is_named(rule, simple, where.call) for rule in _allowing(permissions)):
        return True
    within = inner(simple) if is_plain(simple) else []
    return bool(within) and all(_is_allowed(each, where, permissions) for each in within)


def _is_named(rule: Rule, simple: Simple, call: Call) -> bool:
    text = " ".join(simple.words)
    return _is_for(rule, call.tool) and any(fits(each, text) for each in command_patterns(rule.about))


def _is_harmless(simple: Simple, call: Call) -> bool:
    name, words = simple.words[0], simple.words
    if name == "cd":
        return len(words) == 2 and UNKNOWN not in words[1] and _is_inside(words[1], call)
    return name in _HARMLESS or words[:2] == ["fleet", "agent"]


def _is_inside(word: str, call: Call) -> bool:
    path = posixpath.normpath(absolute(word, call.cwd or call.workspace, call.home) or "/")
    return path == call.workspace or path.startswith(f"{call.workspace}/")


def _may_touch(tool: str, word: str, where: _Where, permissions: Permissions) -> bool:
    if word in _FREE_FILES:
        return True
    paths = tuple(where.files(word))
    if not paths or any(UNKNOWN in path for path in paths):
        return False
    call = replace(where.call, tool=tool, command="", paths=paths)
    return rule_on(permissions, call).permit == "allow"


def _touches(rule: Rule, call: Call) -> bool:
    if not rule.about:
        return True
    if rule.about.startswith("domain:"):
        return any(_is_host(rule.about, host) for host in call.hosts)
    if call.paths:
        return any(covers(rule.about, path, call.workspace, call.home) for path in call.paths)
    return False


def _is_within(rule: Rule, call: Call) -> bool:
    if not rule.about:
        return True
    if rule.about.startswith("domain:"):
        return bool(call.hosts) and all(_is_host(rule.about, host) for host in call.hosts)
    return bool(call.paths) and all(
        covers(rule.about, path, call.workspace, call.home) for path in call.paths
    )


def _is_host(about: str, host: str) -> bool:
    wanted = about.removeprefix("domain:").strip().lower()
    return fits(wanted, host.lower().rstrip("."))


def _is_for(rule: Rule, tool: str) -> bool:
    """Whether the rule's tool is this one. One for edits is for all that edit, one for reads likewise."""
    if rule.tool == tool or rule.tool == "*":
        return True
    if rule.tool.endswith("*") and tool.startswith(rule.tool[:-1]):
        return True
    if rule.tool in _EDITS or rule.tool in ("Read",):
        return tool in (_EDITS if rule.tool in _EDITS else _READS)
    return rule.tool.startswith("mcp__") and tool.startswith(f"{rule.tool}__")


def _rules(texts: Iterable[str]) -> list[Rule]:
    return [rule for text in texts if (rule := parse(text)) is not None]


def _said(permit: Permit, rule: str) -> Ruling:
    words = {"allow": "is allowed", "deny": "is not allowed", "ask": "waits for a person"}
    by = f"by the rule {rule}" if rule else "since no rule names it"
    return Ruling(permit, rule, f"it {words[permit]} {by}")
