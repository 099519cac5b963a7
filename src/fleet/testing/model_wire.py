"""The wire form of a scripted model: a Messages API document, or its stream of server-sent events."""

from __future__ import annotations

import json
from typing import Any

from fleet.testing.model_script import Answer, ToolUse


def message(answer: Answer, model: str, number: int) -> dict[str, Any]:
    """The answer as one document. `number` makes its ids unique."""
    content: list[dict[str, Any]] = [{"type": "text", "text": answer.text}] if answer.text else []
    content += [_tool(tool, number, at) for at, tool in enumerate(answer.tools)]
    return {
        "id": f"msg_scripted_{number}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": answer.stop_reason or ("tool_use" if answer.tools else "end_turn"),
        "stop_sequence": None,
        "usage": {
            "input_tokens": answer.input_tokens,
            "output_tokens": answer.output_tokens,
            "cache_read_input_tokens": answer.cache_read_tokens,
            "cache_creation_input_tokens": answer.cache_write_tokens,
        },
    }


def stream(answer: Answer, model: str, number: int) -> list[bytes]:
    """The answer as server-sent events, one element an event."""
    whole = message(answer, model, number)
    opening = whole | {"content": [], "stop_reason": None, "usage": whole["usage"] | {"output_tokens": 1}}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": opening}]
    for index, block in enumerate(whole["content"]):
        if block["type"] == "text":
            empty = block | {"text": ""}
            delta = {"type": "text_delta", "text": block["text"]}
        else:
            empty = block | {"input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        events += [
            {"type": "content_block_start", "index": index, "content_block": empty},
            {"type": "content_block_delta", "index": index, "delta": delta},
            {"type": "content_block_stop", "index": index},
        ]
    ending = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    events += [
        {"type": "message_delta", "delta": ending, "usage": {"output_tokens": answer.output_tokens}},
        {"type": "message_stop"},
    ]
    return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events]


_ERROR_TYPES = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error"} | {
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}


def error(status: int, text: str) -> dict[str, Any]:
    """An error document of the Messages API."""
    return {"type": "error", "error": {"type": _ERROR_TYPES.get(status, "api_error"), "message": text}}


def _tool(tool: ToolUse, number: int, at: int) -> dict[str, Any]:
    identity = tool.id or f"toolu_scripted_{number}_{at}"
    return {"type": "tool_use", "id": identity, "name": tool.name, "input": dict(tool.input)}
