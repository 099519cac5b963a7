"""A small agent that speaks the Agent Client Protocol, made of its SDK: what it is told is what it does.

Each line of its prompt is an order: `say TEXT`, `may KIND TITLE`, `run COMMAND` (if it may), `sneak COMMAND`
(without asking), `read PATH`, `write PATH TEXT`, `wait` (until the turn is broken off), `recall`, `die`,
`refuse`. Conversations are kept as files.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from uuid import uuid4

from acp import (
    PROTOCOL_VERSION,
    Agent,
    InitializeResponse,
    LoadSessionResponse,
    NewSessionResponse,
    PromptResponse,
    RequestError,
    run_agent,
    start_tool_call,
    update_agent_message_text,
    update_tool_call,
    update_user_message_text,
)
from acp.schema import (
    AgentCapabilities,
    Cost,
    Implementation,
    McpCapabilities,
    PermissionOption,
    ToolCallUpdate,
    Usage,
    UsageUpdate,
)

FOLDER = Path(os.environ["ACP_TEST_FOLDER"])


class Small(Agent):
    def on_connect(self, conn):
        self.client = conn
        self.broken_off = asyncio.Event()

    async def initialize(self, protocol_version, client_capabilities=None, client_info=None, **_):
        can = AgentCapabilities(load_session=True, mcp_capabilities=McpCapabilities(http=True))
        about = Implementation(name="small", version="1.2")
        return InitializeResponse(protocol_version=PROTOCOL_VERSION, agent_capabilities=can, agent_info=about)

    async def new_session(self, cwd, mcp_servers=None, **_):
        self.cost = 0.0
        identity = uuid4().hex
        servers = [f"{each.url} {each.headers[0].value}" for each in mcp_servers or []]
        (FOLDER / identity).write_text("\n".join([f"in {cwd}", *servers]) + "\n")
        return NewSessionResponse(session_id=identity)

    async def load_session(self, cwd, session_id, mcp_servers=None, **_):
        if not (FOLDER / session_id).exists():
            raise RequestError.resource_not_found(session_id)
        self.cost = 1.0
        for line in (FOLDER / session_id).read_text().splitlines():
            await self.client.session_update(session_id, update_user_message_text(line))
            await self.client.session_update(session_id, update_agent_message_text(f"I did: {line}"))
        await self.spent(session_id)
        return LoadSessionResponse()

    async def cancel(self, session_id, **_):
        self.broken_off.set()

    async def prompt(self, prompt, session_id, **_):
        self.broken_off.clear()
        for order in prompt[0].text.splitlines():
            with (FOLDER / session_id).open("a") as file:
                file.write(f"{order}\n")
            word, _, rest = order.partition(" ")
            if word == "wait":
                await self.broken_off.wait()
                return PromptResponse(stop_reason="cancelled")
            if word in ORDERS:
                await ORDERS[word](self, session_id, rest)
        self.cost += 0.25
        await self.spent(session_id)
        usage = Usage(total_tokens=130, input_tokens=100, output_tokens=20, cached_read_tokens=10)
        return PromptResponse(stop_reason="end_turn", usage=usage)

    async def spent(self, session_id):
        update = UsageUpdate(
            session_update="usage_update", size=1000, used=10, cost=Cost(amount=self.cost, currency="USD")
        )
        await self.client.session_update(session_id, update)

    async def say(self, session_id, text):
        for piece in text.split(" "):
            await self.client.session_update(session_id, update_agent_message_text(f"{piece} "))

    async def may(self, session_id, text):
        kind, _, title = text.partition(" ")
        call = ToolCallUpdate(tool_call_id=uuid4().hex, kind=kind, title=title)
        options = [
            PermissionOption(option_id=each, name=each, kind=each)
            for each in ("allow_always", "allow_once", "reject_once")
        ]
        answer = await self.client.request_permission(session_id=session_id, tool_call=call, options=options)
        await self.say(session_id, f"{title}: {getattr(answer.outcome, 'option_id', answer.outcome.outcome)}")

    async def run(self, session_id, command):
        call = ToolCallUpdate(
            tool_call_id=uuid4().hex, kind="execute", title="a command", raw_input={"command": command}
        )
        options = [
            PermissionOption(option_id=each, name=each, kind=each) for each in ("allow_once", "reject_once")
        ]
        answer = await self.client.request_permission(session_id=session_id, tool_call=call, options=options)
        if getattr(answer.outcome, "option_id", "") == "allow_once":
            await self.sneak(session_id, command, call.tool_call_id)

    async def sneak(self, session_id, command, call=""):
        call = call or uuid4().hex
        start = start_tool_call(call, "a command", kind="execute", raw_input={"command": command})
        await self.client.session_update(session_id, start)
        done = await asyncio.create_subprocess_shell(command)
        status = "failed" if await done.wait() else "completed"
        await self.client.session_update(session_id, update_tool_call(call, status=status))

    async def write(self, session_id, text):
        path, _, content = text.partition(" ")
        call = uuid4().hex
        start = start_tool_call(call, f"Write {path}", kind="edit", raw_input={"path": path})
        await self.client.session_update(session_id, start)
        try:
            await self.client.write_text_file(session_id=session_id, path=path, content=content)
            status = "completed"
        except RequestError as error:
            status = "failed"
            await self.say(session_id, f"{error.data}")
        await self.client.session_update(session_id, update_tool_call(call, status=status))

    async def read(self, session_id, path):
        try:
            found = await self.client.read_text_file(session_id=session_id, path=path, line=1, limit=1)
            await self.say(session_id, f"read {found.content}")
        except RequestError as error:
            await self.say(session_id, f"not read: {error.data}")

    async def recall(self, session_id, _):
        await self.say(session_id, " / ".join((FOLDER / session_id).read_text().splitlines()))

    async def die(self, session_id, _):
        os._exit(7)

    async def refuse(self, session_id, _):
        raise RequestError.auth_required({"details": "log in first"})


NAMES = ("say", "may", "run", "sneak", "read", "write", "recall", "die", "refuse")
ORDERS = {name: getattr(Small, name) for name in NAMES}

if __name__ == "__main__":
    asyncio.run(run_agent(Small()))
