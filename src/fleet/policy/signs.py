"""What kind of act a tool call is, and what tells two of them apart: short hashes of texts, without what
changes by itself from one time to the next.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from fleet.model.acts import ActKind

_LONGEST = 64 * 1024
_SHELLS = re.compile(r"bash|shell|command|terminal|exec|run_?in|^run$|process", re.IGNORECASE)
_EDITS = re.compile(
    r"edit|write|patch|replace|create|append|file_change|notebook|insert|delete", re.IGNORECASE
)
_READS = re.compile(
    r"read|grep|glob|search|list|^ls$|^find|fetch|view|cat$|look|think|context|todo|plan|task", re.IGNORECASE
)
_REPORTS = re.compile(r"(?:^|_)(?:done|review|ask|emit|propose)$")
_TEST = re.compile(
    r"\b(?:pytest|unittest|nosetests|tox|nox|jest|vitest|mocha|ava|karma|playwright test|cypress|rspec"
    r"|minitest|phpunit|ctest|gotestsum|busted|bats|exunit|mix test|flutter test|deno test|bun test"
    r"|node --test"
    r"|(?:npm|pnpm|yarn|cargo|go|gradle|gradlew|mvn|mvnw|dotnet|bazel|zig|swift|sbt|lein|stack|cabal|rake|rails"
    r"|make|just|task|composer|poetry run|uv run|hatch|meson|ninja|python\d?(?:\.\d+)? -m)\b[^|;&\n]{0,60}"
    r"\b(?:tests?|check|verify|spec))\b"
)
_TEST_FILE = re.compile(r"(?:^|[\s/])(?:run[-_]?tests?|tests?)(?:\.(?:sh|py|js|ts|rb|pl))?(?:\s|$)")
_BUILD = re.compile(
    r"\b(?:make|ninja|cmake|cargo (?:build|check|clippy)|go (?:build|vet)|tsc|webpack|vite build|gradle|mvn"
    r"|javac|gcc|g\+\+|clang|rustc|docker build|(?:npm|pnpm|yarn)(?: run)? (?:build|lint)|ruff|mypy"
    r"|eslint|pyright|flake8|pylint|msbuild|dotnet build|bazel build)\b"
)
_COMMIT = re.compile(r"\bgit\s+(?:-\S+\s+)*(?:commit|merge|rebase|cherry-pick|revert|am)\b")
_WRITES = re.compile(
    r"(?:^|[^0-9&>-])>{1,2}\s*(?!/dev/null|&)[\w./$\"'~-]"  # a redirection into a file
    r"|\b(?:sed -i|perl -p?i|tee|mv|cp|rm|mkdir|touch|git (?:apply|checkout|restore|reset|stash|mv|rm)|patch"
    r"|ruff format|prettier --write|black|gofmt -w|npm i(?:nstall)?|pip install|cargo add)\b"
)
_POLLS = re.compile(
    r"\b(?:sleep|wait|watch|poll|until|curl|wget|nc|ping|tail|ps|pgrep|jobs|lsof|ss|netstat|logs?|status"
    r"|kubectl|docker ps|systemctl|gh (?:run|pr|api)|bashoutput|taskoutput|write_stdin)\b",
    re.IGNORECASE,
)
_VOLATILE = (
    "description",
    "timeout",
    "timeout_ms",
    "run_in_background",
    "yield_time_ms",
    "id",
    "explanation",
)
_FAILURE = re.compile(
    r"\b(?:fail(?:ed|ure|ures|ing|s)?|errors?|exception|panic(?:ked)?|assert(?:ion)?|expected|undefined|cannot"
    r"|can't|not found|no such|denied|refused|traceback|mismatch|unresolved|fatal|segfault|killed)\b"
    r"|^\s*E\s{2,}|✗|✕|×|\bnot ok\b|\bFAIL\b",
    re.IGNORECASE,
)
_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\x1b\[[0-9;?]*[A-Za-z]"), ""),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]?\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"\b\d{1,2}:\d\d:\d\d(?:[.,]\d+)?\b"), "<time>"),
    (re.compile(r"\b\d+(?:[.,]\d+)?\s?(?:ms|µs|us|ns|s|sec|secs|seconds?|minutes?|min|m)\b"), "<span>"),
    (re.compile(r"0x[0-9a-fA-F]+"), "<addr>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}\b"), "<hash>"),
    (re.compile(r"(?:/tmp|/var/folders|/var/tmp)/[\w./-]+"), "<tmp>"),
    (re.compile(r"(\.\w{1,5}):\d+(?::\d+)?"), r"\1:#"),
    (re.compile(r"\b(line|pid|port|process|thread|seed)[ =:]+\d+", re.IGNORECASE), r"\1 #"),
    (re.compile(r"[ \t]+"), " "),
)


def kind_of(tool: str, given: Mapping[str, Any], line: str = "") -> ActKind:
    """What kind of act this call of a tool is. `line` is its summary, for a tool that tells no input."""
    command = command_of(tool, given)
    if command:
        return _kind_of_command(command)
    name = tool.rpartition("__")[2] or tool
    if _REPORTS.search(name):
        return "report"
    if _EDITS.search(name) and not _READS.match(name):
        return "edit"
    if _READS.search(name):
        return "read"
    return _kind_of_command(line) if _SHELLS.search(name) and line else "other"


def command_of(tool: str, given: Mapping[str, Any]) -> str:
    """The line that a call gives to a shell, "" for any other tool."""
    if not _SHELLS.search(tool):
        return ""
    for name in ("command", "cmd", "script", "run", "commit", "agent"):
        value = given.get(name)
        if isinstance(value, str) and value:
            return f"git commit -m {value}" if name == "commit" else value
        if isinstance(value, list) and value:
            words = " ".join(str(each) for each in value)
            return f"fleet agent {words}" if name == "agent" else words
    return ""


def _kind_of_command(command: str) -> ActKind:
    if re.search(r"\bfleet agent (?:done|review|ask|emit|propose)\b", command):
        return "report"
    if _COMMIT.search(command):
        return "commit"
    if _TEST.search(command) or _TEST_FILE.search(command):
        return "test"
    if _BUILD.search(command):
        return "build"
    return "edit" if _WRITES.search(command) else "run"


def polls(tool: str, given: Mapping[str, Any]) -> bool:
    """Whether the call looks if something is there by now, so that doing it again is no wonder."""
    return bool(_POLLS.search(command_of(tool, given) or tool))


def call_sign(tool: str, given: Mapping[str, Any]) -> str:
    """What tells this call from another one."""
    told = {name: value for name, value in given.items() if name not in _VOLATILE}
    try:
        text = json.dumps(told, sort_keys=True, default=str)
    except (ValueError, RecursionError):
        text = str(sorted(told))
    return _hash(f"{tool} {text}")


def outcome_sign(kind: str, ok: bool, text: str) -> str:
    """What tells this result from another one. Of a failure only the lines that say what failed, so that the
    same failure is known again when other things were printed beside it.
    """
    text = text[-_LONGEST:]
    lines = [steady(line) for line in text.splitlines()]
    if not ok:
        telling = [line for line in lines if _FAILURE.search(line)]
        lines = sorted(set(telling)) or lines
    return _hash(f"{ok} {'test' if kind == 'test' else ''} " + "\n".join(lines))


def text_sign(text: str) -> str:
    """What tells a message from another one: its words, whatever their case and the numbers among them."""
    return _hash(re.sub(r"[\W\d_]+", " ", text.lower()).strip())


def steady(text: str) -> str:
    """The text without what changes by itself: times, durations, addresses, hashes, line numbers."""
    for shape, instead in _SHAPES:
        text = shape.sub(instead, text)
    return text.strip()


def telling_line(text: str) -> str:
    """The line of an output that says best what failed, "" when it has none."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if _FAILURE.search(line)]
    return (telling or lines or [""])[-1]


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "replace"), digest_size=6).hexdigest()
