"""What tells two acts apart, and two results: short hashes of texts, without what changes by itself from one
time to the next.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from fleet.model.acts import ActKind
from fleet.policy.commands import command_polls, kind_of_command, tool_polls
from fleet.policy.hollow import hollow, lists_work

_LONGEST = 64 * 1024
_SHELLS = re.compile(r"bash|shell|command|terminal|exec|run_?in|^run$|process", re.IGNORECASE)
_EDITS = re.compile(
    r"edit|write|patch|replace|create|append|file_change|notebook|insert|delete", re.IGNORECASE
)
_READS = re.compile(
    r"read|grep|glob|search|list|^ls$|^find|fetch|view|cat$|look|think|context|todo|plan|task", re.IGNORECASE
)
_REPORTS = re.compile(r"(?:^|_)(?:done|review|ask|emit|propose)$")
_VOLATILE = (
    "description",
    "timeout",
    "timeout_ms",
    "run_in_background",
    "yield_time_ms",
    "id",
    "explanation",
    "instruction",
)
_FAILURE = re.compile(
    r"\b(?:fail(?:ed|ure|ures|ing|s)?|errors?|exception|panic(?:ked)?|assert(?:ion)?|expected|undefined|cannot"
    r"|can't|could not|unable|invalid|unexpected|not found|no such|denied|refused|mismatch|unresolved|fatal"
    r"|segfault|killed|rejected|conflict|nothing to)\b"
    r"|\b\w+(?:Error|Exception)\b|^\s*E\s{2,}|✗|✕|×|\bnot ok\b|\bFAIL\b",
    re.IGNORECASE,
)
_COUNTS = re.compile(r"\bran \d+ tests?|\b\d+ (?:passed|passing|ok|tests?)\b|^tests?: ", re.IGNORECASE)
_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\x1b\[[0-9;?]*[A-Za-z]"), ""),
    (
        re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]?\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?"),
        "<time>",
    ),
    (
        re.compile(
            r"\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(?:\d\d? )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct"
            r"|Nov|Dec) +\d+(?: \d{4})?(?= |$)"
        ),
        "<time>",
    ),
    (re.compile(r"\b\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?\b(?! error)"), "<time>"),
    (
        re.compile(
            r"(?:\b\d+ ?(?:h|m|min) ?)?\b\d+(?:[.,]\d+)?\s?"
            r"(?:ms|µs|us|ns|s|secs?|seconds?|minutes?|min|m|h|hours?)\b"
        ),
        "<span>",
    ),
    (re.compile(r"0x[0-9a-fA-F]+"), "<addr>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}\b"), "<hash>"),
    (re.compile(r"\b(?=[A-Za-z]*\d[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{16,}\b"), "<id>"),
    (re.compile(r"(?<=\bID: )(?=\w*\d)(?=\w*[a-z])\w{8,}"), "<id>"),
    (re.compile(r"(?:/tmp|/var/folders|/var/tmp|/dev/shm)/[\w./-]+"), "<tmp>"),
    (re.compile(r"(\.\w{1,5})[:(]\d+(?:[:,]\d+)?\)?"), r"\1:#"),
    (
        re.compile(
            r"\b(line|col(?:umn)?|pid|port|process|shell_?id|thread|goroutine|worker|seed|attempt|request|try)"
            r"([ =:#]+)\d+",
            re.IGNORECASE,
        ),
        r"\1 #",
    ),
    (re.compile(r"[ \t]+"), " "),
)
_NUMBER = re.compile(r"(?<![\w./])\d+(?:\.\d+)?(?![\w./])")
_QUOTED = re.compile(r"(?<=-m )(?:\"[^\"]*\"|'[^']*')")
_TRIMMINGS: tuple[re.Pattern[str], ...] = (
    re.compile(r"\s+#[^\n]*"),
    re.compile(r"^\s*cd\s+\S+\s*(?:&&|;)\s*"),
    re.compile(r"\s*\d?>&\d|\s*2>\s?/dev/null"),
    re.compile(r"(?:\s*\|\s*(?:tail|head|cat)(?:\s+-\S*|\s+\d+)*)+\s*$"),
    re.compile(r"\s*(?:\|\|\s*true|(?:;|&&)\s*echo\b[^;|&]*)\s*$"),
)
_WRAPPED = re.compile(r"^\S*\b(?:ba|z|da)?sh -l?c (?:(['\"])(.*)\1|(\S+))$", re.DOTALL)
_CONTENT = re.compile(
    r"content|text|str|diff|patch|code|source|find|replace|insert|edits|data|new|body", re.IGNORECASE
)
_BAD_STATE = re.compile(
    r"\b(?:\w*BackOff|Error|ERROR|Failed|FAILED|ErrImage\w*|OOMKilled|Evicted|Unhealthy|unhealthy|FATAL"
    r"|CRASHED|crashed|refused|unreachable)\b(?!\W*0\b)"
)
_COMMANDS = ("command", "cmd", "script", "run")
_LEAST_QUOTED = 8
_LEAST_LINE = 3
_PATHS = ("file_path", "filePath", "path", "notebook_path", "filename", "file")
_NAMED = re.compile(r'"(?:path|file_?[pP]ath)": "([^"]+)"')
_PATCHED = re.compile(r"\*\*\* (?:Add|Update|Delete) File: ([^\s\\]+)")
_REDIRECTED = re.compile(r">{1,2}\s*([\w./~-]*\w)")


def kind_of(tool: str, given: Mapping[str, Any], line: str = "") -> ActKind:
    """What kind of act this call of a tool is. `line` is its summary, for a tool that tells no input."""
    command = command_of(tool, given)
    if command:
        return kind_of_command(command)
    name = tool.rpartition("__")[2] or tool
    if _REPORTS.search(name):
        return "report"
    if lists_work(tool):
        return "other"
    if _EDITS.search(name) and not _READS.match(name):
        return "edit"
    if _READS.search(name):
        return "read"
    return kind_of_command(line) if _SHELLS.search(name) and line else "other"


def command_of(tool: str, given: Mapping[str, Any]) -> str:
    """The line that a call gives to a shell, "" for any other tool."""
    if not _SHELLS.search(tool):
        return ""
    for name in (*_COMMANDS, "commit", "agent"):
        value = given.get(name)
        if isinstance(value, str) and value:
            return f"git commit -m {value}" if name == "commit" else _unwrapped(value)
        if isinstance(value, list) and value:
            words = " ".join(str(each) for each in value)
            return f"fleet agent {words}" if name == "agent" else words
    return ""


def _unwrapped(command: str) -> str:
    """What a shell is given that is started for it alone."""
    found = _WRAPPED.match(command)
    return (found[2] or found[3] or "").replace("'\"'\"'", "'") if found else command


def polls(tool: str, given: Mapping[str, Any]) -> bool:
    """Whether the call looks if something is there by now, so that doing it again is no wonder."""
    command = command_of(tool, given)
    return command_polls(command) if command else tool_polls(tool)


def weight_of_nothing(tool: str, given: Mapping[str, Any]) -> int:
    """How much the call weighs as one that does nothing, 0 for one that may do something."""
    has_command = bool(_SHELLS.search(tool)) and any(isinstance(given.get(name), str) for name in _COMMANDS)
    return hollow(
        tool, given, command_of(tool, given) if has_command else None, kind_of(tool, given) == "edit"
    )


def written_texts(given: Mapping[str, Any]) -> list[str]:
    """What a call that changes a file gives to be written or replaced, the longest first."""
    texts = [
        value.strip()
        for name, value in given.items()
        if isinstance(value, str) and _CONTENT.search(name) and name not in _PATHS
    ]
    return sorted((each for each in texts if len(each) >= _LEAST_QUOTED), key=len, reverse=True)


def unquoted(text: str, quoted: Sequence[str]) -> str:
    """A refusal without what it only quotes of the call that it refuses."""
    for each in quoted:
        text = text.replace(each, "<given>")
    return text


def steady_states(lines: Sequence[str]) -> list[str]:
    """The lines of a look whether something is there yet: where one names a bad state, its figures are no
    news.
    """
    return [_NUMBER.sub("#", line) if _BAD_STATE.search(line) else line for line in lines]


def call_sign(tool: str, given: Mapping[str, Any]) -> str:
    """What tells this call from another one."""
    return _hash(f"{tool} {_told(given)}")


def form_sign(tool: str, given: Mapping[str, Any]) -> str:
    """The same, but for what may be spelled in another way: small numbers, and what only trims the output."""
    command = command_of(tool, given) or _told(given)
    for trimming in _TRIMMINGS:
        command = trimming.sub("", command)
    return _hash(f"{tool} {_NUMBER.sub('#', _QUOTED.sub('', command)).strip()}")


def tells_content(given: Mapping[str, Any]) -> bool:
    """Whether a call that changes a file says what it writes; else no two such calls can be told apart."""
    return any(_CONTENT.search(name) for name in given)


def file_sign(tool: str, given: Mapping[str, Any]) -> str:
    """What tells the file that a call changes from another one, "" when it does not say which."""
    paths = [str(given[name]) for name in _PATHS if given.get(name)]
    if not paths:
        text = command_of(tool, given) or _told(given)
        found = _NAMED.search(text) or _PATCHED.search(text) or _REDIRECTED.search(text)
        paths = [found[1]] if found else []
    return _hash(paths[0])[:6] if paths else ""


def _told(given: Mapping[str, Any]) -> str:
    told = {name: value for name, value in given.items() if name not in _VOLATILE}
    try:
        return json.dumps(told, sort_keys=True, default=str)
    except (ValueError, RecursionError):
        return str(sorted(told))


def steady_lines(text: str) -> list[str]:
    """The lines of an output that say anything, without what changes by itself."""
    lines = (line.strip() for line in steady(text[-_LONGEST:]).splitlines())
    return [line for line in lines if len(line) >= _LEAST_LINE]


def outcome_sign(kind: str, ok: bool, lines: list[str]) -> str:
    """What tells this result from another one, by its steady lines. Of a failure only those that say what
    failed, so that the same failure is known again when other things were printed beside it.
    """
    if not ok:
        telling = [
            line for line in lines if _FAILURE.search(line) or (kind == "test" and _COUNTS.search(line))
        ]
        lines = sorted(telling) or lines
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
