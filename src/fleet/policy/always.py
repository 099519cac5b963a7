"""The narrowest rules by which a call that waits for a person would be allowed for good. Pure.

They name exactly this command, these files, this host; whether they do it is tried with the rules
themselves, so what is offered is what comes of it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from fleet.model.permissions import Call, Permissions
from fleet.policy.permit import Resolve, by_letters, parse, rule_on
from fleet.policy.shell import UNKNOWN, Unreadable, simple_commands

Where = Literal["allow", "always"]
MOST = 5
_LONGEST = 200
_WILD = "*?"
_EDITS = ("Edit", "Write", "MultiEdit", "NotebookEdit")
_READS = ("Read", "Glob", "Grep", "LS")


@dataclass(frozen=True, slots=True)
class Offer:
    """Rules to add to this list of an agent's permissions."""

    where: Where
    rules: tuple[str, ...]


def offer_for(permissions: Permissions, call: Call, resolve: Resolve = by_letters) -> Offer | None:
    """What would allow the call from now on: rules of `allow` where no rule asks about it, else of `always`.
    None where nothing narrow would: what the shell makes up, a `*` of its own, too many parts.
    """
    wanted = _rules(call)
    if not wanted or any(parse(each) is None for each in wanted):
        return None
    lists: tuple[Where, ...] = ("allow", "always")
    for where in lists:
        if _does(permissions, where, wanted, call, resolve):
            needed = list(wanted)
            for each in wanted:
                fewer = [one for one in needed if one != each]
                if _does(permissions, where, fewer, call, resolve):
                    needed = fewer
            return Offer(where, tuple(needed)) if 0 < len(needed) <= MOST else None
    return None


def with_rules(permissions: Permissions, where: Where, rules: Sequence[str]) -> Permissions:
    """The permissions with these rules too."""
    if where == "allow":
        return replace(permissions, allow=(*permissions.allow, *rules))
    return replace(permissions, always=(*permissions.always, *rules))


def _does(permissions: Permissions, where: Where, rules: Sequence[str], call: Call, resolve: Resolve) -> bool:
    return rule_on(with_rules(permissions, where, rules), call, resolve).permit == "allow"


def _rules(call: Call) -> list[str]:
    """A rule for each part of the call; none where one of them can't be named."""
    if call.command:
        found = _of_command(call)
    elif call.paths:
        tool = "Edit" if call.tool in _EDITS else "Read" if call.tool in _READS else call.tool
        found = [_about(tool, _path(each, call)) for each in call.paths]
    elif call.hosts:
        found = [_about(call.tool, f"domain:{each}") for each in call.hosts]
    else:
        found = [call.tool]
    return list(dict.fromkeys(found)) if all(found) else []


def _of_command(call: Call) -> list[str]:
    try:
        parts = simple_commands(call.command)
    except Unreadable:
        return []
    return [_about(call.tool, " ".join(each.words)) for each in parts if each.words]


def _about(tool: str, about: str) -> str:
    """The rule, or "" where it would be about more than this, or can't be written on a line."""
    wild = any(sign in about for sign in (_WILD if tool in ("Edit", "Read") else "*"))
    plain = about and about == about.strip() and about.isprintable() and UNKNOWN not in about
    return f"{tool}({about})" if plain and not wild and len(about) <= _LONGEST else ""


def _path(path: str, call: Call) -> str:
    """The path as a rule names it: from the workspace, from the home, or absolute."""
    clean = posixpath.normpath(path)
    if call.workspace and clean == call.workspace:
        return "."
    if call.workspace and clean.startswith(f"{call.workspace}/"):
        return f"./{clean.removeprefix(f'{call.workspace}/')}"
    if call.home and clean.startswith(f"{call.home}/"):
        return f"~/{clean.removeprefix(f'{call.home}/')}"
    return f"/{clean}"
