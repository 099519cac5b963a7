"""Rules for files: which files a pattern such as `.github/**` or `~/.ssh` is about."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache

from fleet.policy.pattern import may_fit
from fleet.policy.shell import UNKNOWN


def covers(pattern: str, path: str, workspace: str, home: str) -> bool:
    """Whether the pattern is about this file, or about a folder that it lies in.

    `//x` is absolute, `~/x` in the home, everything else in the workspace: a name without a slash at any
    depth. `*` stays within a folder, `**` does not. A path with unknown parts is covered if it may be.
    """
    wanted = anchored(pattern, workspace, home)
    if UNKNOWN in path:
        loose = re.sub(r"/\*\*(?=/|$)", "*", wanted).replace("**", "*").replace("?", "*")
        return may_fit(loose, path) or may_fit(f"{loose}/*", path)
    return _compiled(wanted).fullmatch(path) is not None


def anchored(pattern: str, workspace: str, home: str) -> str:
    """The pattern as an absolute one."""
    if pattern.startswith("//"):
        return pattern[1:]
    if pattern == "~" or pattern.startswith("~/"):
        return f"{home}{pattern[1:]}"
    bare = pattern.rstrip("/")
    if "/" not in bare and bare not in (".", "*", "**"):
        return f"{workspace}/**/{bare}"
    inside = bare.removeprefix("./").removeprefix("/")
    return workspace if inside in ("", ".") else f"{workspace}/{inside}"


def absolute(word: str, folder: str, home: str) -> str:
    """The file that a word of a command names there, `..` included; "" where it can't be one."""
    if not word or word.startswith("-") or "\n" in word or "://" in word:
        return ""
    if word == "~" or word.startswith("~/"):
        word = f"{home}{word[1:]}"
    return posixpath.join(folder, word)


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    made, at = [], 0
    while at < len(pattern):
        if pattern.startswith("**/", at):
            made.append("(?:[^/]+/)*")
            at += 3
        elif pattern.startswith("**", at):
            made.append(".*")
            at += 2
        elif pattern[at] == "*":
            made.append("[^/]*")
            at += 1
        elif pattern[at] == "?":
            made.append("[^/]")
            at += 1
        else:
            made.append(re.escape(pattern[at]))
            at += 1
    text = "".join(made)
    # `dir/**` is about the folder itself, too: who may not touch what is in it may not remove it either.
    text = re.sub(r"/\.\*$", "(?:/.*)?", text)
    return re.compile(f"{text}(?:/.*)?", re.DOTALL)
