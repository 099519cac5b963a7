"""Drives Codex by its app server; the process of such a run's session.

    python -m fleet.adapters.harnesses.codex_drive -- codex app-server …

The first line of stdin says what to do (see `fleet.adapters.harnesses.codex`), later ones are what a person
says meanwhile. It prints one JSON record a line for `codex_reader`. The last one begins with
{"type": "result". Its exit code is 0 when the agent came to its end.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fleet.adapters.harnesses.acp_lines import Inbox, tell
from fleet.adapters.harnesses.codex_hooks import Looked, answer, is_in_force, keeps_stdin_closed, trust_of
from fleet.adapters.harnesses.codex_items import item_of, refusal, usage_of
from fleet.adapters.harnesses.codex_resume import spent
from fleet.adapters.harnesses.codex_server import LONGEST, CodexServer, Params, ServerError
from fleet.adapters.harnesses.hooked import Hook

_GRACE = 5  # seconds that it has to end by itself
_PATIENCE = 330  # seconds for which it may be silent before it asks again; its own for a stream are 300
_LATE = 30  # seconds until stdin is closed after the last words; far less in a session of Fleet's
_MOST_FEATURES = 1000  # that it may tell of
_TOOLS = {"command_execution": "Bash", "file_change": "Edit", "image_view": "Read"}


class Run:
    """One run: what Codex tells, and what it is told."""

    def __init__(self, begin: Mapping[str, Any], inbox: Inbox, patience: float) -> None:
        self._begin, self._inbox, self._patience = begin, inbox, patience
        self._giving_up: asyncio.TimerHandle | None = None
        self._looked = Looked()
        self._hook = Hook(begin["hook"], begin["hook_seconds"]) if begin["hook"] else None
        self._thread = self._turn = ""
        self._over: asyncio.Future[Mapping[str, Any]] | None = None
        self._notes: set[asyncio.Task[None]] = set()
        self.server: CodexServer

    async def play(self) -> bool:
        """Say and hear everything. Whether the agent came to its end by itself."""
        about = {"clientInfo": {"name": "fleet", "title": None, "version": "1"}}
        await self.server.ask("initialize", {**about, "capabilities": {"experimentalApi": False}})
        self.server.say({"method": "initialized"})
        await self._open()
        words, ok = self._begin["prompt"], False
        while words:
            ok = await self._take_turn(words)
            words = self._inbox.take()
            if not words:
                tell("result", ok=ok)
                words = await self._said_late()
        await asyncio.gather(*self._notes)
        return ok

    async def _open(self) -> None:
        """The conversation to go on with, or a new one; under rules, only where our hook is in force."""
        # It is in the workspace. Were that named here, Codex would write down that it trusts it, and obey
        # the configuration in there.
        begin: dict[str, Any] = {"approvalPolicy": "never"}
        if self._begin["model"]:
            begin["model"] = self._begin["model"]
        if self._hook is not None:
            listed = await self.server.ask("hooks/list", {"cwds": [self._begin["workspace"]]})
            begin |= {"approvalPolicy": "untrusted", "config": trust_of(listed)}
        old = self._begin["conversation"]
        if old:
            home = Path(os.environ.get("CODEX_HOME") or Path.home() / ".codex")
            with contextlib.suppress(OSError):
                if (before := spent(home, old)) is not None:
                    tell("fleet.spent", usage=before)
            found = await self._resume({**begin, "threadId": old})
        else:
            found = await self.server.ask("thread/start", begin)
        self._thread = found["thread"]["id"]
        if self._hook is not None:
            await self._make_sure()
        about = {"thread_id": self._thread, "version": str(found["thread"].get("cliVersion") or "")}
        tell("thread.started", model=str(found.get("model") or ""), **about)

    async def _make_sure(self) -> None:
        """Raises `ServerError` where this conversation is not held to its rules."""
        if not is_in_force(await self.server.ask("hooks/list", {"threadId": self._thread})):
            raise ServerError("Codex does not run the hook that holds it to its rules")
        about = {"threadId": self._thread, "limit": _MOST_FEATURES}
        if not keeps_stdin_closed(await self.server.ask("experimentalFeature/list", about)):
            raise ServerError("Codex may type into programs that run, which nobody would be asked about")

    async def _resume(self, begin: Mapping[str, Any]) -> dict[str, Any]:
        """The old conversation, without all that was said in it where this version can leave that out."""
        try:
            return await self.server.ask("thread/resume", {**begin, "excludeTurns": True})
        except ServerError as error:
            if "excludeTurns" not in str(error):
                raise
        return await self.server.ask("thread/resume", begin)

    async def _take_turn(self, words: str) -> bool:
        self._over = asyncio.get_running_loop().create_future()
        begun = await self.server.ask("turn/start", {"threadId": self._thread, "input": _text(words)})
        self._turn = begun["turn"]["id"]
        while not self._over.done():
            said = asyncio.create_task(self._inbox.wait())
            await asyncio.wait((self._over, said), return_when=asyncio.FIRST_COMPLETED)
            if said.done() and not self._over.done():
                await self._steer(self._inbox.take())
            said.cancel()
        return _ended(self._over.result())

    async def _steer(self, words: str) -> None:
        """Heard before the model's next step; where the turn ends just now, as the next one."""
        told = {"threadId": self._thread, "input": _text(words), "expectedTurnId": self._turn}
        try:
            await self.server.ask("turn/steer", told)
        except ServerError:
            if self._over is not None and not self._over.done():
                await asyncio.wait((self._over,), timeout=_GRACE)
            self._inbox.put_back(words)

    async def _said_late(self) -> str:
        """What was said while the last words were told. Stdin is closed once they are read."""
        said = asyncio.create_task(self._inbox.wait())
        closed = asyncio.create_task(self._inbox.closed())
        await asyncio.wait((said, closed), timeout=_LATE, return_when=asyncio.FIRST_COMPLETED)
        said.cancel()
        closed.cancel()
        return self._inbox.take()

    def told(self, method: str, params: Params) -> None:
        """Something that Codex did."""
        self._is_heard()
        if method == "hook/completed":
            self._hooked(params.get("run") or {})
        elif params.get("threadId", self._thread) != self._thread:
            return  # a subagent's
        elif method in ("item/started", "item/completed"):
            if (item := item_of(params.get("item") or {})) is not None:
                tell(method.replace("/", "."), item=item)
                if method == "item/completed":
                    self._looked.closed(item)
                    self._came_back(item)
                else:
                    self._looked.opened(item)
        elif method == "item/commandExecution/terminalInteraction":
            if self._hook is not None and params.get("stdin"):
                self._break_off("it typed into a program that ran, and nobody was asked about that")
        elif method == "turn/plan/updated":
            steps = [
                {"text": each.get("step"), "completed": each.get("status") == "completed"}
                for each in params.get("plan") or ()
            ]
            tell("item.completed", item={"type": "todo_list", "items": steps})
        elif method == "thread/tokenUsage/updated" and self._over is not None:
            tell("usage", usage=usage_of((params.get("tokenUsage") or {}).get("total") or {}))
        elif method == "error" and params.get("willRetry"):
            self._asks_again(params.get("error") or {})
        elif method == "turn/completed" and self._over is not None and not self._over.done():
            self._over.set_result(params.get("turn") or {})

    def asked(self, method: str, params: Params) -> Params:
        """Codex asks whether it may. Without rules it never does."""
        return answer(method, self._hook is not None and self._looked.grants(method, params))

    def _hooked(self, run: Mapping[str, Any]) -> None:
        refused = self._looked.heard(run)
        if refused is not None:
            call, why = refused
            for kind in ("item.started", "item.completed"):
                tell(kind, item=refusal(call, why))
        if self._looked.failed:
            self._break_off(f"its calls could not be looked at any more: {self._looked.failed}")

    def _asks_again(self, error: Mapping[str, Any]) -> None:
        """A provider may have asked for an hour, which Codex waits without a word. Fleet waits better: it
        keeps no run for that, and holds back all that would ask the same provider.
        """
        more = error.get("additionalDetails")
        message = f"{error.get('message', '')}{f' ({more})' if more else ''}"
        tell("error", message=message)
        why = f"{message}; and not a word for {self._patience:g} s"
        self._giving_up = asyncio.get_running_loop().call_later(self._patience, self._break_off, why)

    def _is_heard(self) -> None:
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None

    def _break_off(self, why: str) -> None:
        if self._over is not None and not self._over.done():
            self._over.set_result({"status": "failed", "error": {"message": why}})

    def _came_back(self, item: Mapping[str, Any]) -> None:
        """Note how a call came out."""
        name = _TOOLS.get(item["type"]) or f"mcp__{item.get('server')}__{item.get('tool')}"
        if self._hook is None or (item["type"] not in _TOOLS and item["type"] != "mcp_tool_call"):
            return
        ok = item.get("status", "completed") == "completed" and item.get("exit_code", 0) == 0
        said = {"tool_name": name, "tool_input": {}, "tool_use_id": item["id"]}
        task = asyncio.create_task(self._hook.after(said, ok))
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)


def _text(words: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": words, "text_elements": []}]


def _ended(turn: Mapping[str, Any]) -> bool:
    """Tell how a turn ended."""
    if turn.get("status") == "completed":
        tell("turn.completed")
        return True
    error = turn.get("error") or {}
    tell("turn.failed", error={"message": str(error.get("message") or f"its turn was {turn.get('status')}")})
    return False


async def drive(
    begin: Mapping[str, Any], inbox: Inbox, command: list[str], patience: float = _PATIENCE
) -> bool:
    """Play one run with this server. `patience` is for how many seconds it may wait for its provider."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, stdin=pipe, stdout=pipe, cwd=begin["workspace"], limit=LONGEST
    )
    run = Run(begin, inbox, patience)
    run.server = CodexServer(process, run.told, run.asked)
    listening = asyncio.create_task(run.server.listen())
    playing = asyncio.create_task(run.play())
    try:
        await asyncio.wait((listening, playing), return_when=asyncio.FIRST_COMPLETED)
        if not playing.done():
            await asyncio.wait((playing,), timeout=0.1)  # it may hear only now that nobody answers
        if playing.done():
            return playing.result()
        code = await process.wait()
        return _failed(f"Codex ended in mid-turn, with exit code {code}")
    except ServerError as error:
        return _failed(str(error))
    except ConnectionError:
        return _failed(f"Codex ended, with exit code {await process.wait()}")
    finally:
        playing.cancel()
        await _end(process, listening)


async def _end(process: asyncio.subprocess.Process, listening: asyncio.Task[None]) -> None:
    """Closed stdin is its sign to put everything away and end."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), _GRACE)
    except TimeoutError:
        process.kill()
    await asyncio.wait((listening,), timeout=_GRACE)


def _failed(why: str) -> bool:
    tell("turn.failed", error={"message": why})
    tell("result", ok=False)
    return False


async def _main(command: list[str]) -> int:
    inbox = await Inbox.on_stdin()
    begin = await inbox.begin()
    try:
        return 0 if await drive(begin, inbox, command) else 1
    except OSError as error:
        _failed(f"{command[0]} could not be started: {error.strerror or error}")
        return 1


def main(arguments: list[str]) -> int:
    """Drive the server after `--`."""
    return asyncio.run(_main(arguments[arguments.index("--") + 1 :]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
