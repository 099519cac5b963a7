"""An agent's own options, as harnesses read them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from fleet.model.errors import UsageError

PROXIES = tuple(
    name
    for proxy in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
    for name in (proxy, proxy.lower())
)
"""Variables of the user's that say how the network is reached."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\*?")


def only_known(options: Mapping[str, str], known: Iterable[str]) -> None:
    """Raise `UsageError` for an option that the harness does not have."""
    known = tuple(known)
    for name in options:
        if name not in known:
            raise UsageError(
                f"An agent has an option {name!r} that its harness does not know",
                do=f"In fleet.yaml it may have: {', '.join(known)}.",
            )


def variables(options: Mapping[str, str]) -> tuple[str, ...]:
    """The variables of the user that the option `env` lets an agent see (`NAME` or `PREFIX_*`)."""
    wanted = tuple(options.get("env", "").replace(",", " ").split())
    for name in wanted:
        if not _VARIABLE.fullmatch(name):
            raise UsageError(
                f"An agent's option env names {name!r}, which is no variable",
                do='Name variables, or a prefix of several: env: "MY_KEY, OTHER_*".',
            )
    return wanted
