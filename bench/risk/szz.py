"""Which commits brought a defect in: the lines that a fix takes away or changes are blamed on who wrote them.

This is SZZ (Śliwerski, Zimmermann and Zeller, 2005) with the usual care: only code is blamed, comments, blank
lines and changes of white space are left out, and so are fixes and commits so large that they are something
else.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fleet.adapters.git.walk import Step
from fleet.policy.fixes import is_fix
from fleet.policy.risk.paths import is_code

_MOST_FILES = 15
_MOST_LINES = 300
_COMMENT = re.compile(
    r"^\s*(#(?!\s*(include|define|if|else|endif|pragma))|//|/\*|\*($|[\s/])|--|;|%|\"\"\"|''')"
)
_NOTHING = re.compile(r"^[\s{}()\[\];,]*(end|else|fi|done|pass|begin|do|try)?[\s{}()\[\];,:]*$")
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? ")


@dataclass(frozen=True, slots=True)
class Blamed:
    """A commit that wrote lines which a fix took away: both by their id, and when the fix was made."""

    inducing: str
    fix: str
    fixed_ms: int


def blamed(git_dir: Path, step: Step) -> Iterator[Blamed]:
    """Who brought in what this commit mends; nothing for a commit that is no fix."""
    files = [file for file in step.files if file.status in "MRD" and file.deleted and is_code(file.path)]
    if not is_fix(step.message) or not files or len(step.files) > _MOST_FILES:
        return
    if sum(file.deleted for file in files) > _MOST_LINES:
        return
    found: set[str] = set()
    for file in files:
        old = file.old_path or file.path
        lines = list(_gone(git_dir, step.sha, old, file.path))
        if lines:
            found.update(_wrote(git_dir, f"{step.sha}^", old, lines))
    for each in sorted(found):
        yield Blamed(each, step.sha, step.when_ms)


def _gone(git_dir: Path, sha: str, old: str, new: str) -> Iterator[int]:
    """The numbers of the lines of code that the commit takes from the file, in the file as it was."""
    options = ["-U0", "-w", "--ignore-blank-lines", "-M", "--no-ext-diff", "--no-textconv", "--no-color"]
    patch = _git(git_dir, "diff", *options, f"{sha}^", sha, "--", *dict.fromkeys((old, new)))
    at = 0
    for line in patch.splitlines():
        hunk = _HUNK.match(line)
        if hunk:
            at = int(hunk[1])
        elif at and line.startswith("-") and not line.startswith("--- "):
            text = line[1:]
            if not _COMMENT.match(text) and not _NOTHING.match(text):
                yield at
            at += 1


def _wrote(git_dir: Path, commit: str, path: str, lines: list[int]) -> set[str]:
    ranges: list[tuple[int, int]] = []
    for line in lines:
        if ranges and line == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], line)
        else:
            ranges.append((line, line))
    options = [f"-L{first},{last}" for first, last in ranges]
    out = _git(git_dir, "blame", "-w", "-l", "-s", "--root", "--porcelain", *options, commit, "--", path)
    return set(re.findall(r"^([0-9a-f]{40,64}) \d+ \d+", out, re.MULTILINE))


def _git(git_dir: Path, *args: str) -> str:
    command = ["git", f"--git-dir={git_dir}", "--no-pager", "--literal-pathspecs", *args]
    done = subprocess.run(command, capture_output=True, check=False)
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""
