"""The gateway's verbs as MCP tools. Imports the SDK, so nothing imports this before it is needed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any, Literal, NamedTuple

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import Field
from starlette.types import ASGIApp

from fleet.gateway.desk import Desk, answer
from fleet.gateway.tokens import bearer
from fleet.model.errors import FleetError

_INSTRUCTIONS = (
    "This is your only door to the outside: you have no push rights and no account on the forge. "
    "Commit your work in your workspace, then report with done (or review, when you judge a change). "
    "Fleet pushes, opens pull requests and merges once its gates hold."
)


class McpServer(NamedTuple):
    """The server: the application to serve, within the context that its tasks live in."""

    app: ASGIApp
    manager: StreamableHTTPSessionManager

    def run(self) -> AbstractAsyncContextManager[None]:
        """The context in which the application works. It can be entered once."""
        return self.manager.run()


def build_mcp(desk: Desk) -> McpServer:
    """The MCP server `fleet` for this desk.

    It is stateless and answers with plain JSON, so a client goes on after the watcher was restarted as if
    nothing had been. It has no news to listen for: that would be an answer without an end, and a run's door
    passes on whole ones.
    """
    server: MCPServer[Any] = MCPServer(
        "fleet", instructions=_INSTRUCTIONS, log_level="WARNING", subscriptions=False
    )
    _add_reports(server, desk)
    _add_wishes(server, desk)
    names = ("127.0.0.1", "localhost")
    security = TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=[*names, *(f"{name}:*" for name in names)],
        allowed_origins=[f"http://{name}:*" for name in names],
    )
    server.streamable_http_app(json_response=True, stateless_http=True, transport_security=security)
    return McpServer(server.session_manager.handle_request, server.session_manager)


def _add_reports(server: MCPServer[Any], desk: Desk) -> None:
    @server.tool(structured_output=False)
    async def done(
        ctx: Context[Any, Any],
        text: Annotated[
            str, Field(description="What you did and how you checked it; the next agent reads it")
        ],
    ) -> str:
        """Report that your work is done. Commit first: only what is committed counts. Then end your turn."""
        return await _ask(desk, ctx, "done", {"text": text})

    @server.tool(structured_output=False)
    async def review(
        ctx: Context[Any, Any],
        verdict: Annotated[Literal["approve", "request-changes"], Field(description="Your judgement")],
        text: Annotated[
            str,
            Field(description="What you found. With request-changes: what has to change, where, and why"),
        ] = "",
    ) -> str:
        """Give your verdict on the change under review. The last one counts. Then end your turn."""
        return await _ask(desk, ctx, "review", {"verdict": verdict, "text": text})

    @server.tool(structured_output=False)
    async def ask(
        ctx: Context[Any, Any],
        question: Annotated[str, Field(description="One question, with what a person needs to answer it")],
    ) -> str:
        """Ask a person. End your turn if you can't go on: you are resumed with the answer."""
        return await _ask(desk, ctx, "ask", {"question": question})


def _add_wishes(server: MCPServer[Any], desk: Desk) -> None:
    @server.tool(structured_output=False)
    async def emit(
        ctx: Context[Any, Any],
        type: Annotated[str, Field(description="Such as docs.outdated; may not start with fleet.")],
        data: Annotated[dict[str, Any] | None, Field(description="A JSON object, at most 64 KiB")] = None,
    ) -> str:
        """Record an event of your own, which workflows may be waiting for."""
        return await _ask(desk, ctx, "emit", {"type": type, "data": data})

    @server.tool(structured_output=False)
    async def propose(
        ctx: Context[Any, Any],
        kind: Annotated[Literal["issue", "comment"], Field(description="A new issue, or a comment on yours")],
        body: Annotated[str, Field(description="The text, in Markdown")],
        title: Annotated[str, Field(description="One line; for an issue only")] = "",
        labels: Annotated[list[str] | None, Field(description="For an issue only")] = None,
    ) -> str:
        """Propose an issue for what you found beside your task, or comment on the item you work on."""
        args = {"kind": kind, "title": title, "body": body, "labels": labels}
        return await _ask(desk, ctx, "propose", args)

    @server.tool(structured_output=False)
    async def context(ctx: Context[Any, Any]) -> str:
        """Read what this is about: the issue, the pull request, its reviews and checks, feedback for you."""
        return await _ask(desk, ctx, "context", {})

    @server.tool(structured_output=False)
    async def budget(ctx: Context[Any, Any]) -> str:
        """Read what is left of this run's time, cost and tokens before it is ended."""
        return await _ask(desk, ctx, "budget", {})


async def _ask(desk: Desk, ctx: Context[Any, Any], verb: str, args: Mapping[str, Any]) -> str:
    headers = ctx.headers or {}
    run_id = desk.run_of(bearer(headers.get("authorization", "")))
    if run_id is None:
        raise ToolError("The token is not known: it is good for one run, and that run is over.")
    try:
        found = await answer(desk, run_id, verb, args, headers.get("idempotency-key", ""))
    except FleetError as error:
        raise ToolError(str(error)) from error
    return found.message
