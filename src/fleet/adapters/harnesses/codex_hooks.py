"""How Codex is made to ask about each call of a tool.

Its hooks are given as settings of the command line. Codex runs a hook that it trusts by the hash that it
has of it, which it tells itself; without a hook's word it goes on. So it is also told to ask before each
command, change of files and tool of a server (`untrusted`): that is granted where the hook looked at exactly
this call and let it go, and at no other time.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

OURS = "sessionFlags"
"""Where Codex says that hooks of the command line come from."""

_TYPING = "unified_exec_tty"
"""The feature without which what it starts has its stdin closed."""


def hook_settings(hook: Sequence[str], seconds: int) -> tuple[str, ...]:
    """The settings, each as `name=TOML`. `seconds` is how long the hook may wait for an answer."""
    # Whatever it dies of, the shell that started it says 2, which refuses the call.
    command = json.dumps(f"{shlex.join((*hook, 'before'))} || exit 2")
    return (
        f'hooks.PreToolUse=[{{hooks=[{{type="command",command={command},timeout={seconds}}}]}}]',
        "features.hooks=true",
        "features.multi_agent=false",
        f"features.{_TYPING}=false",  # what it types into a program that runs already, no hook hears of
        'web_search="disabled"',  # a provider does it by itself, and no hook hears of it
    )


def trust_of(listed: Mapping[str, Any]) -> dict[str, Any]:
    """The settings by which our own hooks are trusted, from what `hooks/list` tells; {} for none."""
    found = {
        hook["key"]: {"trusted_hash": hook["currentHash"], "enabled": True}
        for place in listed.get("data", ())
        for hook in place.get("hooks", ())
        if hook.get("source") == OURS
    }
    return {"hooks.state": found} if found else {}


def is_in_force(listed: Mapping[str, Any]) -> bool:
    """Whether one of our hooks looks at each call."""
    hooks = [hook for place in listed.get("data", ()) for hook in place.get("hooks", ())]
    return any(
        hook.get("source") == OURS
        and hook.get("eventName") == "preToolUse"
        and hook.get("enabled") is True
        and hook.get("trustStatus") in ("trusted", "managed")
        for hook in hooks
    )


def keeps_stdin_closed(listed: Mapping[str, Any]) -> bool:
    """Whether nothing can be typed into what it starts, by what `experimentalFeature/list` tells."""
    return any(
        feature.get("name") == _TYPING and feature.get("enabled") is False
        for feature in listed.get("data", ())
    )


class Looked:
    """Which calls the hook has let go, and how."""

    def __init__(self) -> None:
        self._let_go: set[str] = set()
        self._open: dict[str, Mapping[str, Any]] = {}
        self.failed = ""

    def opened(self, item: Mapping[str, Any]) -> None:
        """A call of a server's tool has begun. Codex asks for that by its words, without its name."""
        if item["type"] == "mcp_tool_call":
            self._open[item["id"]] = item

    def closed(self, item: Mapping[str, Any]) -> None:
        """It is over."""
        self._open.pop(item.get("id", ""), None)

    def heard(self, run: Mapping[str, Any]) -> tuple[str, str] | None:
        """A hook is done; the call and the reason where it refused one."""
        if run.get("eventName") != "preToolUse" or run.get("source") != OURS:
            return None
        call = str(run.get("id", "")).rpartition(":")[2]
        said = "; ".join(str(each.get("text", "")) for each in run.get("entries") or ())
        if run.get("status") == "completed":
            self._let_go.add(call)
            return None
        if run.get("status") != "blocked":
            self.failed = said or "it broke off"
        return call, said

    def grants(self, method: str, params: Mapping[str, Any]) -> bool:
        """Whether what Codex asks for is a call that the hook let go."""
        if params.get("additionalPermissions") or params.get("networkApprovalContext"):
            return False
        if params.get("kind", "command") != "command":
            return False  # input for a program that runs, which goes by the name of the call that began it
        if method == "mcpServer/elicitation/request":
            about = params.get("_meta") or {}
            asked = (params.get("serverName"), about.get("tool_name"), about.get("tool_params") or {})
            of_tool = about.get("codex_approval_kind") == "mcp_tool_call"
            return of_tool and any(
                call in self._let_go
                and asked == (item.get("server"), item.get("tool"), item.get("arguments"))
                for call, item in self._open.items()
            )
        return method in _APPROVALS and str(params.get("itemId", "")) in self._let_go


_APPROVALS = ("item/commandExecution/requestApproval", "item/fileChange/requestApproval")


def answer(method: str, granted: bool) -> dict[str, Any]:
    """The answer to a request of Codex. Nobody sits before it: what is no approval is refused, too."""
    match method:
        case "item/commandExecution/requestApproval" | "item/fileChange/requestApproval":
            return {"decision": "accept" if granted else "decline"}
        case "execCommandApproval" | "applyPatchApproval":
            return {"decision": "denied"}
        case "item/permissions/requestApproval":
            return {"permissions": {}, "scope": "turn"}
        case "mcpServer/elicitation/request":
            return {"action": "accept" if granted else "decline", "content": None, "_meta": None}
        case "item/tool/requestUserInput":
            return {"answers": {}}
        case _:
            return {}
