"""The environment of a session: an allowlist. What is not named here or by the harness does not reach an
agent.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from fleet.engine.parts import Parts
from fleet.model.state import Run
from fleet.ports.harness import Plan

_BASE = (
    "HOME",
    "LANG",
    "LC_*",
    "LOGNAME",
    "PATH",
    "SHELL",
    "TEMP",
    "TMP",
    "TMPDIR",
    "TZ",
    "USER",
    "XDG_*",
)
# Never, whoever asks for them: with these an agent could act on the forge, or as the user elsewhere.
_NEVER = (
    "GH_*",
    "GITHUB_*",
    "GITLAB_*",
    "GIT_*",
    "GPG_*",
    "SSH_*",
    "FLEET_*",
    "XDG_RUNTIME_DIR",
)


def base_environment(parts: Parts) -> dict[str, str]:
    """What every session has: the user's own places and language, and `fleet` on its PATH."""
    found = _picked(parts.environment, _BASE)
    path = found.get("PATH") or os.defpath
    return found | {
        "PATH": f"{parts.program}{os.pathsep}{path}",
        # The user's own git configuration may name a helper that hands out credentials: here it does not.
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "credential.helper",
        "GIT_CONFIG_VALUE_0": "",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_EDITOR": "true",
        # A workspace whose .git is broken lies in the user's checkout, where git would go on.
        "GIT_CEILING_DIRECTORIES": str(parts.runs.parent / "workspaces"),
    }


def session_environment(parts: Parts, run: Run, plan: Plan, token: str, item: str) -> dict[str, str]:
    """The whole environment of a run's session."""
    passed = _picked(parts.environment, plan.passthrough)
    return (
        base_environment(parts)
        | passed
        | dict(plan.env)
        | {
            "FLEET_SOCKET": str(parts.socket),
            "FLEET_TOKEN": token,
            "FLEET_RUN": run.id,
            "FLEET_AGENT": run.agent,
            "FLEET_ITEM": item,
            "FLEET_ROUND": str(run.round),
        }
    )


def users_environment(parts: Parts, run: Run, item: str) -> Mapping[str, str]:
    """What a harness may look at when it plans: the user's environment, and what the run is about."""
    seen = {name: value for name, value in parts.environment.items() if not _fits(name, _NEVER)}
    return seen | {"FLEET_ITEM": item, "FLEET_ROUND": str(run.round)}


def _picked(environment: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    wanted = tuple(names)
    return {
        name: value for name, value in environment.items() if _fits(name, wanted) and not _fits(name, _NEVER)
    }


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(
        name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern for pattern in patterns
    )
