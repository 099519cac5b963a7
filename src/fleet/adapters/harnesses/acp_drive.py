"""Drives an agent by the Agent Client Protocol; the process of such a run's session.

    python -m fleet.adapters.harnesses.acp_drive -- COMMAND …

The first line of stdin says what to do (see `fleet.adapters.harnesses.acp`), later ones are what a person
says. It prints one JSON record a line for `acp_reader`. The last one begins with {"type": "result". Its exit
code is 0 when the agent came to its end.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

from acp import PROTOCOL_VERSION, RequestError, spawn_agent_process, text_block
from acp.schema import (
    AgentCapabilities,
    ClientCapabilities,
    FileSystemCapabilities,
    HttpHeader,
    HttpMcpServer,
    Implementation,
)

from fleet.adapters.harnesses.acp_client import Client
from fleet.adapters.harnesses.acp_lines import Inbox, tell

_LONGEST = 64 << 20  # bytes of one message of the agent
_ENDS = {"max_tokens": "limit", "max_turn_requests": "limit", "refusal": "error", "cancelled": "error"}
_GRACE = 2  # seconds between an agent's last words and its end
_AUTH_REQUIRED = -32000


async def drive(begin: dict[str, Any], inbox: Inbox, command: list[str]) -> bool:
    """Play one run. Whether the agent came to its end by itself; how, it has told."""
    client = Client(begin, inbox)
    ours: Any = client  # of the protocol's verbs it has those that it says it can
    transport = {"limit": _LONGEST, "stderr": None}
    started = spawn_agent_process(
        ours,
        command[0],
        *command[1:],
        env=dict(os.environ),
        cwd=begin["workspace"],
        transport_kwargs=transport,
    )
    async with started as (agent, process):
        talking = asyncio.create_task(_talk(agent, client, begin, inbox))
        gone = asyncio.create_task(process.wait())
        waits: list[asyncio.Future[Any]] = [talking, gone, *([client.guard.broken] if client.guard else [])]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if client.guard and client.guard.broken.done():
            talking.cancel()
            gone.cancel()
            client.flush()
            return _end(False, "error", client.guard.broken.result())
        if not talking.done():
            await asyncio.wait((talking,), timeout=_GRACE)  # it may have answered and then gone
        if not talking.done():
            talking.cancel()
            client.flush()
            return _end(False, "crash", _gone(process.returncode))
        try:
            return talking.result()
        except RequestError as error:
            client.flush()
            kind = "auth" if error.code == _AUTH_REQUIRED else "error"
            return _end(False, kind, f"the agent refused: {_said(error)}")
        except ValueError as error:  # what it sent is not of the protocol
            return _end(False, "crash", f"the agent does not keep to the protocol: {error}"[:500])
        except ConnectionError:
            await asyncio.wait((gone,), timeout=_GRACE)
            return _end(False, "crash", _gone(process.returncode))
        finally:
            gone.cancel()


async def _talk(agent: Any, client: Client, begin: dict[str, Any], inbox: Inbox) -> bool:
    files = FileSystemCapabilities(read_text_file=begin["files"], write_text_file=begin["files"])
    met = await agent.initialize(
        PROTOCOL_VERSION,
        client_capabilities=ClientCapabilities(fs=files, terminal=False),
        client_info=Implementation(name="fleet", version="1"),
    )
    can = met.agent_capabilities or AgentCapabilities()
    session = await _session(agent, client, begin, can)
    about = met.agent_info
    tell("session", id=session, agent=about.name if about else "", version=about.version if about else "")
    words = begin["prompt"]
    while True:
        client.live = True
        turn = asyncio.create_task(agent.prompt(session_id=session, prompt=[text_block(words)]))
        broken_off = await _heard(agent, client, inbox, session, turn)
        answer = await turn
        client.flush()
        if client.guard:
            await client.guard.settled()
        client.spent(answer)
        if said := inbox.take():
            words = f"A person says: {said}"
            continue
        if answer.stop_reason == "end_turn":
            return _end(True, "ok", "", client.last)
        if answer.stop_reason == "cancelled" and broken_off:
            continue
        return _end(False, _ENDS.get(answer.stop_reason, "error"), f"it stopped: {answer.stop_reason}")


async def _heard(agent: Any, client: Client, inbox: Inbox, session: str, turn: Any) -> bool:
    """Wait for the turn. Once a person says something it is broken off, so that this is heard now."""
    while not turn.done():
        said = asyncio.create_task(inbox.wait())
        await asyncio.wait((turn, said), return_when=asyncio.FIRST_COMPLETED)
        if not said.done():
            said.cancel()
            return False
        if client.guard and client.guard.holding:
            # Breaking off now would leave a call half asked for: it is heard once that is decided.
            await asyncio.wait((turn, client.guard.decided()), return_when=asyncio.FIRST_COMPLETED)
            continue
        if client.asking is None:
            await agent.cancel(session_id=session)
            return True
        client.answer(inbox.take())
    return False


async def _session(agent: Any, client: Client, begin: dict[str, Any], can: AgentCapabilities) -> str:
    """The conversation to go on with, where the agent can and still has it, else a new one."""
    servers, folder, old = _servers(begin, can), begin["workspace"], begin["conversation"]
    found: Any = None
    session = old
    if old and can.load_session:
        try:
            found = await agent.load_session(cwd=folder, session_id=old, mcp_servers=servers)
            await client.silence()
        except RequestError as error:
            if error.code == _AUTH_REQUIRED:
                raise
            tell("note", text=f"its conversation could not be gone on with: {_said(error)}")
    if found is None:
        found = await agent.new_session(cwd=folder, mcp_servers=servers)
        session = found.session_id
    if begin["model"]:
        await _choose(agent, session, found, begin["model"])
    return str(session)


def _servers(begin: dict[str, Any], can: AgentCapabilities) -> list[HttpMcpServer]:
    if not begin["gateway"]:
        return []
    if not (can.mcp_capabilities and can.mcp_capabilities.http):
        tell("note", text="it takes no MCP servers over HTTP: it can report by `fleet agent` alone")
        return []
    token = HttpHeader(name="Authorization", value=f"Bearer {os.environ.get('FLEET_TOKEN', '')}")
    return [HttpMcpServer(name="fleet", url=begin["gateway"], headers=[token], type="http")]


async def _choose(agent: Any, session: str, found: Any, model: str) -> None:
    """The model that fleet.yaml names, where the agent lets one be chosen."""
    for option in getattr(found, "config_options", None) or []:
        if option.category == "model":
            await agent.set_config_option(config_id=option.id, session_id=session, value=model)
            return
    tell("note", text=f"it lets no model be chosen by the protocol; {model} was not, so name it in argv")


def _said(error: RequestError) -> str:
    data = error.data
    more = data.get("details") or data.get("message") if isinstance(data, dict) else data
    return f"{error}: {more}" if isinstance(more, str) and more else str(error)


def _gone(code: int | None) -> str:
    if code is None:
        return "the agent closed the connection in mid-turn"
    return f"the agent ended in mid-turn, with exit code {code}"


def _end(ok: bool, kind: str, error: str, text: str = "") -> bool:
    tell("result", ok=ok, kind=kind, error=error, text=text)
    return ok


async def _main(command: list[str]) -> int:
    inbox = await Inbox.on_stdin()
    begin = await inbox.begin()
    try:
        return 0 if await drive(begin, inbox, command) else 1
    except OSError as error:
        _end(False, "crash", f"{command[0]} could not be started: {error.strerror or error}")
        return 1


def main(arguments: list[str]) -> int:
    """Drive the command after `--`."""
    return asyncio.run(_main(arguments[arguments.index("--") + 1 :]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
