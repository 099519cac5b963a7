"""Values of fleet.yaml that are more than their type: what they may be, and their short forms.

Each function takes the value as YAML gave it and returns what the schema goes on with; a wrong one raises
`Unexpected`, which carries what was expected and a hint to the place where errors are worded.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pydantic_core import PydanticCustomError

from fleet.config.conditions import OF_A_GATE, OF_AN_EVENT, OF_QUARANTINE, Known, condition_problem
from fleet.config.explain import did_you_mean
from fleet.config.remote import GITHUB, REPO, parse_address
from fleet.config.units import byte_count, cost_micros, duration_ms, split_tools, token_count
from fleet.model import events

FORGES = ("local", "github")
SANDBOXES = ("auto", "required", "off")

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_EVENT = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
_BRANCH = re.compile(r"(?!.*(\.\.|@\{|//|\.lock(/|$)|/\.))[A-Za-z0-9_][^\s~^:?*\[\\\x00-\x20\x7f]*(?<![/.])")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+")
_ADDRESS = re.compile(r"(https|ssh|file)://\S+|/\S+|[^/@:\s-][^/@:\s]*@[^/@:\s-][^/@:\s]*:\S+")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,200}(:[0-9]{1,5})?")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}(\[bot\])?")
_IN_TAGS = ("change", "date", "item", "sha")
_OURS = frozenset(value for name, value in vars(events).items() if name.isupper())


def unexpected(expected: str, hint: str = "", *, within: tuple[int, int] = (1, 1)) -> PydanticCustomError:
    """The error that a value is not what was expected; `within` is the line and column inside it."""
    about = {"expected": expected, "hint": hint, "within": within}
    return PydanticCustomError("unexpected", "unexpected", about)


def name(value: Any) -> Any:
    """A name of an agent, a workflow, a job, a check: it becomes part of branches, files and URLs."""
    if isinstance(value, str) and not _NAME.fullmatch(value):
        better = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-0123456789")[:40]
        hint = f"did you mean {better!r}?" if better else ""
        raise unexpected("a name of a-z, 0-9 and -, beginning with a letter, of 40 signs at most", hint)
    return value


def listed(value: Any) -> Any:
    """One thing instead of a list of one."""
    return [value] if isinstance(value, str | dict) else value


def sandbox(value: Any) -> Any:
    """When one is used, instead of all about it."""
    if not isinstance(value, str):
        return value
    if value not in SANDBOXES:
        raise unexpected("auto, required or off", did_you_mean(value, SANDBOXES))
    return {"use": value}


def tools(value: Any) -> Any:
    """`Read, Grep, Bash(git *)` as in subagent files, or a list."""
    return split_tools(value)


def duration(value: Any) -> int:
    """A duration in milliseconds; `none` is 0."""
    return _measured(value, duration_ms, "a duration such as 45m or 2h30m", (str, int))


def cost(value: Any) -> int:
    """A sum in micro-dollars; `none` is 0."""
    return _measured(value, cost_micros, "dollars such as 5 or 0.5", (str, int, float))


def tokens(value: Any) -> int:
    """A number of tokens; `none` is 0."""
    return _measured(value, token_count, "a number of tokens such as 200k", (str, int))


def size(value: Any) -> int:
    """A number of bytes; `none` is 0."""
    return _measured(value, byte_count, "a size such as 500MB or 20GB", (str,))


def cron(value: Any) -> Any:
    """A cron line that fires some day."""
    from cronsim import CronSim, CronSimError

    if not isinstance(value, str):
        return value
    expected = 'a cron line such as "0 6 * * 1-5"'
    try:
        fires = next(CronSim(value, datetime(2024, 1, 1, tzinfo=UTC)), None)
    except CronSimError as error:
        raise unexpected(expected, str(error).lower()) from error
    if fires is None:
        raise unexpected(expected, "this one never comes")
    return value


def event_condition(value: Any) -> Any:
    """A condition over `event`."""
    return _condition(value, OF_AN_EVENT)


def gate_condition(value: Any) -> Any:
    """A condition of a gate."""
    return _condition(value, OF_A_GATE)


def quarantine_condition(value: Any) -> Any:
    """A condition over an agent and one of its runs."""
    return _condition(value, OF_QUARANTINE)


def forge(value: Any) -> Any:
    """The forges of this version."""
    if value not in FORGES:
        raise unexpected(" or ".join(FORGES), did_you_mean(str(value), FORGES))
    return value


def repo(value: Any) -> Any:
    """`owner/name`."""
    if isinstance(value, str) and not REPO.fullmatch(value):
        led = parse_address(value) or parse_address(f"https://{value}")
        raise unexpected("OWNER/NAME, such as acme/shop", f"did you mean {led[1]!r}?" if led else "")
    return value


def repository(value: Any) -> Any:
    """`- acme/shop` in a list of repositories."""
    return {"repo": value} if isinstance(value, str) else value


def address(value: Any) -> Any:
    """Where git finds a repository."""
    expected = "an address for git: https://…, ssh://…, file://… or user@host:path"
    if not isinstance(value, str):
        return value
    if re.match(r"https://[^/@\s]+@", value):
        raise unexpected("an address without a login", "git has its own ways to keep a password")
    if not _ADDRESS.fullmatch(value):
        raise unexpected(expected)
    return value


def host(value: Any) -> Any:
    """The host of a forge of one's own; the forge's public one is the default, hence ""."""
    if not isinstance(value, str):
        return value
    if not _HOST.fullmatch(value):
        better = re.sub(r"^\w+://|/.*$", "", value)
        hint = f"did you mean {better!r}?" if _HOST.fullmatch(better) else ""
        raise unexpected("the name of a host, such as github.acme.example", hint)
    return "" if value.lower() == GITHUB else value.lower()


def login(value: Any) -> Any:
    """The login of a person or a machine account."""
    if isinstance(value, str) and not _LOGIN.fullmatch(value):
        better = value.lstrip("@")
        raise unexpected("a login", f"did you mean {better!r}?" if _LOGIN.fullmatch(better) else "")
    return value


def branch(value: Any) -> Any:
    """A name that git takes for a branch."""
    if isinstance(value, str) and not _BRANCH.fullmatch(value):
        raise unexpected("the name of a branch, such as main")
    return value


def tag(value: Any) -> Any:
    """A form of the name of a tag, which is another one for each merge."""
    if not isinstance(value, str):
        return value
    names = set(re.findall(r"\{(\w*)\}", value))
    strange = sorted(names - set(_IN_TAGS))
    if strange:
        raise unexpected(f"one of {', '.join(_IN_TAGS)} in braces", did_you_mean(strange[0], _IN_TAGS))
    if not names & {"change", "sha"}:
        raise unexpected("a tag with {change} or {sha} in it, so that each release has one of its own")
    if not _BRANCH.fullmatch(re.sub(r"\{\w+\}", "1", value)):
        raise unexpected("a name that git takes for a tag, such as v{date}-{change}")
    return value


def event_type(value: Any) -> Any:
    """A type of event; one of Fleet's own has to be there."""
    if not isinstance(value, str):
        return value
    if not _EVENT.fullmatch(value):
        raise unexpected("a type of event such as docs.outdated")
    if value.startswith("fleet.") and value not in _OURS:
        raise unexpected("a type of event that Fleet knows", did_you_mean(value, _OURS))
    return value


def issue(value: Any) -> Any:
    """`issue: opened`."""
    if isinstance(value, str):
        if value != "opened":
            near = did_you_mean(value, ["opened", "labeled"])
            raise unexpected("opened, labeled, or {labeled: LABEL}", near)
        return {"opened": True}
    return value


def event(value: Any) -> Any:
    """`event: TYPE`."""
    return {"type": value} if isinstance(value, str) else value


def merge(value: Any) -> Any:
    """`merge: true`."""
    if isinstance(value, dict):
        return value
    if value is not True:
        raise unexpected("true, or {when: CONDITION}")
    return {}


def check(value: Any) -> Any:
    """`test: make test`."""
    return {"run": value} if isinstance(value, str) else value


def human(value: Any) -> Any:
    """`human: always`."""
    if isinstance(value, dict):
        return value
    if value != "always":
        raise unexpected("always, or {when: CONDITION}", did_you_mean(str(value), ["always"]))
    return {}


def version(value: Any) -> int:
    """The version of the form of this file."""
    if value is True or value != 1:
        raise unexpected("1", "this version of Fleet reads version 1 of fleet.yaml")
    return 1


def url(value: Any) -> Any:
    """A URL of some scheme."""
    if isinstance(value, str) and not _URL.fullmatch(value):
        raise unexpected("a URL such as slack://…")
    return value


def _measured(value: Any, read: Callable[[Any], int], expected: str, kinds: tuple[type, ...]) -> int:
    if value == "none":
        return 0
    if isinstance(value, bool) or not isinstance(value, kinds):
        raise unexpected(expected)
    try:
        return read(str(value) if read is duration_ms else value)
    except ValueError as error:
        raise unexpected(expected, str(error)) from error


def _condition(value: Any, known: Known) -> Any:
    if isinstance(value, str):
        wrong = condition_problem(value, known)
        if wrong is not None:
            raise unexpected(wrong.expected, wrong.hint, within=(wrong.line, wrong.column))
    return value
