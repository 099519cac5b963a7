"""Our side of the Agent Client Protocol: what an agent tells and asks for while it works."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

from acp import RequestError
from acp.schema import (
    AllowedOutcome,
    DeniedOutcome,
    PermissionOption,
    ReadTextFileResponse,
    RequestPermissionResponse,
    ToolCallUpdate,
    WriteTextFileResponse,
)

from fleet.adapters.harnesses.acp_guard import Guard
from fleet.adapters.harnesses.acp_lines import Inbox, tell

_TEXT, _OUTPUT = 64 * 1024, 8_000
_YES = ("allow", "yes", "ok", "y")
_GATEWAY = re.compile(r"^(?:mcp_+)?fleet[_ ]|\(fleet MCP Server\)")
_DONE = ("completed", "failed")
_MOST_CALLS = 1000
_SILENCE = 0.5  # seconds


class Client:
    """One run's side of the connection. `live` is set once the agent was told its task: what comes before
    that is the conversation so far, played again. `asking` is there while a person is asked for a permission.
    """

    def __init__(self, begin: dict[str, Any], inbox: Inbox) -> None:
        self._workspace = Path(begin["workspace"]).resolve()
        self._allowed = frozenset(begin["allowed"])
        self._asks, self._wait = bool(begin["ask"]), int(begin["wait"])
        self._inbox = inbox
        self._pieces: list[str] = []
        self._size = self._updates = 0
        self._calls: dict[str, dict[str, Any]] = {}
        self._cost_before: float | None = None
        self.live = False
        self.last = ""
        self.asking: asyncio.Future[bool] | None = None
        self.guard = Guard(begin["hook"], begin["hook_seconds"], self._workspace) if begin["hook"] else None

    def on_connect(self, conn: Any) -> None:
        """The library asks for it; nothing is asked of the agent from here."""

    async def session_update(self, session_id: str, update: Any, **_: Any) -> None:
        """Something that the agent did."""
        self._updates += 1
        kind = getattr(update, "session_update", "")
        if kind == "usage_update":
            self._spending(update)
        if not self.live:
            return
        if kind == "agent_message_chunk":
            self._piece(getattr(update.content, "text", None) or "")
        elif kind in ("tool_call", "tool_call_update"):
            self.flush()
            self._called(update)
        elif kind == "plan":
            todo = [entry.content for entry in update.entries if entry.status != "completed"]
            tell("plan", text=todo[0] if todo else "")

    async def silence(self) -> None:
        """Until the conversation so far has been played again: some agents answer before they are done."""
        seen = -1
        while seen != self._updates:
            seen = self._updates
            await asyncio.sleep(_SILENCE)

    def flush(self) -> None:
        """Tell what was said until now as one message."""
        text, self._pieces, self._size = "".join(self._pieces).strip(), [], 0
        if text:
            self.last = text
            tell("text", text=text)

    def spent(self, answer: Any) -> None:
        """What a turn took, where the agent tells."""
        usage = answer.usage
        if usage is not None:
            tell(
                "usage",
                input=usage.input_tokens,
                output=usage.output_tokens + (usage.thought_tokens or 0),
                cache_read=usage.cached_read_tokens or 0,
                cache_write=usage.cached_write_tokens or 0,
            )
        elif (count := _quota(answer)) is not None:
            tell("usage", **count)

    async def request_permission(
        self, session_id: str, tool_call: ToolCallUpdate, options: list[PermissionOption], **_: Any
    ) -> RequestPermissionResponse:
        """Whether it may use a tool: by the kinds that it has, or as a person says."""
        self.flush()
        known = self._calls.get(tool_call.tool_call_id, {})
        kind = str(tool_call.kind or known.get("kind") or "other")
        title = str(tool_call.title or known.get("title") or kind)
        given = tool_call.raw_input or known.get("input")
        given = given if isinstance(given, dict) else {}
        places = list(dict.fromkeys([*_places(tool_call), *known.get("places", ())]))
        if _is_gateway(kind, title):
            may = True
        elif self.guard is not None and kind in self._allowed:
            word = await self.guard.asked(tool_call.tool_call_id, kind, title, given, places)
            may, title = word.allowed, title if word.allowed else f"{title} ({word.why})"
        else:
            may = kind in self._allowed or (self._asks and await self._asked(title))
            if self.guard is not None and not may:
                self.guard.refuse(tool_call.tool_call_id)
        # Under rules each call is looked at: one word for all later ones is not given.
        yes = ("allow_once", "allow_always") if self.guard is None else ("allow_once",)
        chosen = _option(options, yes if may else ("reject_once", "reject_always"))
        tell("permission", title=title, kind=kind, allowed=may and chosen is not None)
        if chosen is None:
            return RequestPermissionResponse(outcome=DeniedOutcome(outcome="cancelled"))
        return RequestPermissionResponse(outcome=AllowedOutcome(outcome="selected", option_id=chosen))

    async def read_text_file(
        self, session_id: str, path: str, line: int | None = None, limit: int | None = None, **_: Any
    ) -> ReadTextFileResponse:
        """A file of the workspace."""
        place = self._inside(path)
        await self._may_touch("read", place)
        try:
            text = place.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError as error:
            raise RequestError.resource_not_found(path) from error
        except OSError as error:
            raise RequestError.invalid_params({"details": f"{path}: {error.strerror}"}) from error
        if line is None and limit is None:
            return ReadTextFileResponse(content=text)
        lines, first = text.splitlines(keepends=True), max(0, (line or 1) - 1)
        return ReadTextFileResponse(content="".join(lines[first : None if limit is None else first + limit]))

    async def write_text_file(
        self, session_id: str, path: str, content: str, **_: Any
    ) -> WriteTextFileResponse | None:
        """A file of the workspace, for an agent that may edit."""
        if "edit" not in self._allowed:
            raise RequestError.invalid_params({"details": "this agent may not edit files"})
        place = self._inside(path)
        await self._may_touch("edit", place)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content, encoding="utf-8")
        except OSError as error:
            raise RequestError.invalid_params({"details": f"{path}: {error.strerror}"}) from error
        return WriteTextFileResponse()

    def answer(self, said: str) -> None:
        """A person's answer to the question that is open."""
        if self.asking is not None and not self.asking.done():
            self.asking.set_result(said.strip().lower().split(" ")[0].strip(".,!") in _YES)

    async def _asked(self, title: str) -> bool:
        """Ask a person. Without an answer in time it is refused."""
        tell("asking", title=title, seconds=self._wait)
        self.asking = asyncio.get_running_loop().create_future()
        try:
            return await asyncio.wait_for(self.asking, self._wait)
        except TimeoutError:
            return False
        finally:
            self.asking = None

    async def _may_touch(self, kind: str, place: Path) -> None:
        word = await self.guard.touches(kind, place) if self.guard is not None else None
        if word is not None and not word.allowed:
            raise RequestError.invalid_params({"details": word.why})

    def _inside(self, path: str) -> Path:
        place = (self._workspace / path).resolve()
        if not place.is_relative_to(self._workspace) or ".git" in place.relative_to(self._workspace).parts:
            raise RequestError.invalid_params({"details": f"{path} is not in the workspace"})
        return place

    def _piece(self, text: str) -> None:
        if self._size < _TEXT:
            self._pieces.append(text[: _TEXT - self._size])
            self._size += len(text)

    def _called(self, update: Any) -> None:
        """A call is told when it is new and when it has come back; an agent may tell it in many steps."""
        identity = update.tool_call_id
        known = self._calls.get(identity)
        if known is None:
            if len(self._calls) >= _MOST_CALLS:
                self._calls.pop(next(iter(self._calls)))
            known = self._calls[identity] = {
                "kind": "",
                "title": "",
                "input": None,
                "places": [],
                "told": False,
                "back": False,
            }
        known["kind"] = str(update.kind or known["kind"])
        known["title"] = str(update.title or known["title"])
        given = getattr(update, "raw_input", None)
        known["input"] = given if isinstance(given, dict) and given else known["input"]
        places = known["places"] = list(dict.fromkeys([*known["places"], *_places(update)]))
        done = update.status in _DONE
        if not known["told"] and (done or _is_known(known, places)):
            known["told"] = True
            shown = known["input"] or {}
            tell(
                "tool", id=identity, kind=known["kind"], title=known["title"], input=shown, paths=places[:20]
            )
        if done and not known["back"]:
            known["back"] = True
            ok = update.status == "completed" and not _exit_code(update)
            if self.guard is not None and not _is_gateway(known["kind"], known["title"]):
                self.guard.back(identity, known, ok)
            tell("tool_result", id=identity, ok=ok, output=_output(update))

    def _spending(self, update: Any) -> None:
        """An agent tells what its conversation has cost since its first day; the difference is this run's."""
        cost = update.cost
        if cost is None or cost.currency.upper() != "USD":
            return
        if not self.live or self._cost_before is None:
            self._cost_before = cost.amount if not self.live else 0.0
        if self.live:
            tell("cost", dollars=max(0.0, cost.amount - self._cost_before))


def _is_known(call: dict[str, Any], places: list[str]) -> bool:
    """Whether enough of a call was told for people; of a command, its words."""
    given = call["input"] or {}
    return (
        bool(given.get("command") or given.get("cmd")) if call["kind"] == "execute" else bool(given or places)
    )


def _is_gateway(kind: str, title: str) -> bool:
    """Whether it is one of the gateway's tools, which every agent has. A command is never one."""
    return kind in ("other", "") and bool(_GATEWAY.search(title))


def _places(update: Any) -> list[str]:
    """The files that a call is told to be about: its locations, and those whose change it shows."""
    found = [place.path for place in update.locations or []]
    found += [each.path for each in update.content or [] if getattr(each, "type", "") == "diff"]
    return [str(path) for path in found]


def _option(options: list[PermissionOption], kinds: tuple[str, ...]) -> str | None:
    for kind in kinds:
        for option in options:
            if option.kind == kind:
                return option.option_id
    return None


def _exit_code(update: Any) -> int:
    """How a command ended, where the agent tells it beside the protocol, which has no word for that."""
    raw = getattr(update, "raw_output", None)
    for told in (raw, raw.get("metadata") if isinstance(raw, dict) else None):
        if isinstance(told, dict):
            for name in ("exit", "exitCode", "exit_code"):
                if type(told.get(name)) is int:
                    return int(told[name])
    return 0


def _output(update: Any) -> str:
    parts = []
    for each in update.content or []:
        content = getattr(each, "content", None)
        text = getattr(content, "text", None)
        if isinstance(text, str):
            parts.append(text)
    raw = getattr(update, "raw_output", None)
    if not parts and isinstance(raw, dict):
        parts = [value for value in (raw.get("output"), raw.get("error")) if isinstance(value, str)]
    elif not parts and isinstance(raw, str):
        parts = [raw]
    return "\n".join(parts)[-_OUTPUT:]


def _quota(answer: Any) -> dict[str, int] | None:
    """Tokens as the Gemini CLI tells them, beside the protocol."""
    quota = (answer.field_meta or {}).get("quota")
    count = quota.get("token_count") if isinstance(quota, dict) else None
    if not isinstance(count, dict):
        return None
    found = {name: count.get(f"{name}_tokens") for name in ("input", "output")}
    return {name: value if isinstance(value, int) else 0 for name, value in found.items()}
