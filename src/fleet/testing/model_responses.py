"""The Responses API for the scripted model: what OpenAI's clients (Codex, say) send and expect.

A request is turned into the form that scripts know (see `fleet.testing.model_script`): developer messages are
the system prompt, calls and their outputs the blocks of messages, and a tool in a namespace is named
`namespace__tool`. An answer goes the other way.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from fleet.testing.model_script import Answer, Ask, ToolUse

Json = Mapping[str, Any]


def ask_of(path: str, headers: Mapping[str, str], body: Json) -> Ask:
    """The request as a script sees it. What it says beside that stays in the body under its own name."""
    messages: list[dict[str, Any]] = []
    system = [str(body.get("instructions") or "")]
    given = body.get("input")
    items = given if isinstance(given, list) else [{"role": "user", "content": str(given or "")}]
    for item in items:
        if not isinstance(item, dict):
            continue
        role = str(item.get("role", ""))
        if role in ("developer", "system"):
            system += [block["text"] for block in _texts(item.get("content"))]
        elif (message := _message(item, role)) is not None:
            messages.append(message)
    known = {
        "system": "\n".join(text for text in system if text),
        "messages": messages,
        "tools": [{"name": name} for _, name in _tools(body.get("tools"))],
        "namespaces": [space for space, _ in _tools(body.get("tools")) if space],
    }
    return Ask(path, headers, {**body, **known})


def document(answer: Answer, ask: Ask, number: int) -> dict[str, Any]:
    """The answer as one document. `number` makes its ids unique."""
    output = [_said(answer.text, number)] if answer.text else []
    spaces = ask.body.get("namespaces", ())
    output += [_called(tool, spaces, number, at) for at, tool in enumerate(answer.tools)]
    cut = answer.stop_reason == "max_tokens"
    whole_input = answer.input_tokens + answer.cache_read_tokens + answer.cache_write_tokens
    return {
        "id": f"resp_scripted_{number}",
        "object": "response",
        "created_at": 0,
        "model": ask.model,
        "status": "incomplete" if cut else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "error": None,
        "output": output,
        "usage": {
            "input_tokens": whole_input,
            "input_tokens_details": {
                "cached_tokens": answer.cache_read_tokens,
                "cache_write_tokens": answer.cache_write_tokens,
            },
            "output_tokens": answer.output_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": whole_input + answer.output_tokens,
        },
    }


def stream(answer: Answer, ask: Ask, number: int) -> list[bytes]:
    """The answer as server-sent events, one element an event."""
    whole = document(answer, ask, number)
    opening = whole | {"status": "in_progress", "incomplete_details": None, "output": [], "usage": None}
    events: list[dict[str, Any]] = [{"type": "response.created", "response": opening}]
    for at, item in enumerate(whole["output"]):
        place = {"output_index": at}
        begun = item | {"status": "in_progress"} | ({"content": []} if item["type"] == "message" else {})
        events.append({"type": "response.output_item.added", **place, "item": begun})
        if item["type"] == "message":
            place |= {"item_id": item["id"], "content_index": 0}
            events.append({"type": "response.output_text.delta", **place, "delta": answer.text})
        events.append({"type": "response.output_item.done", "output_index": at, "item": item})
    events.append({"type": f"response.{whole['status']}", "response": whole})
    return [
        f"event: {event['type']}\ndata: {json.dumps(event | {'sequence_number': at})}\n\n".encode()
        for at, event in enumerate(events)
    ]


_CODES = {401: "invalid_api_key", 403: "forbidden", 429: "rate_limit_exceeded", 503: "server_is_overloaded"}


def error(status: int, text: str) -> dict[str, Any]:
    """An error document of the Responses API."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    return {"error": {"message": text, "type": kind, "param": None, "code": _CODES.get(status)}}


def _message(item: Json, role: str) -> dict[str, Any] | None:
    kind = str(item.get("type", "message"))
    if kind in ("function_call", "custom_tool_call"):
        name = "__".join(str(item[part]) for part in ("namespace", "name") if item.get(part))
        block = {"type": "tool_use", "id": item.get("call_id"), "name": name, "input": _arguments(item)}
        return {"role": "assistant", "content": [block]}
    if kind in ("function_call_output", "custom_tool_call_output"):
        back = {"type": "tool_result", "tool_use_id": item.get("call_id"), "content": _output(item)}
        return {"role": "user", "content": [back]}
    return {"role": role, "content": _texts(item.get("content"))} if kind == "message" else None


def _arguments(item: Json) -> object:
    text = item.get("arguments", item.get("input", ""))
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return {"input": text}


def _output(item: Json) -> object:
    found = item.get("output")
    return found if isinstance(found, str) else _texts(found)


def _texts(content: object) -> list[dict[str, Any]]:
    """Blocks of text, whatever they are called there."""
    blocks = content if isinstance(content, list) else [{"text": content}]
    return [
        {"type": "text", "text": block["text"]}
        for block in blocks
        if isinstance(block, dict) and isinstance(block.get("text"), str)
    ]


def _tools(tools: object) -> list[tuple[str, str]]:
    """What was offered: its namespace, if any, and its name with that. A tool that the provider runs itself
    goes by its type.
    """
    found = []
    for tool in tools if isinstance(tools, list) else []:
        name = str(tool.get("name") or tool.get("type", ""))
        inside = tool.get("tools")
        if isinstance(inside, list):
            found += [(name, f"{name}__{each.get('name')}") for each in inside]
        else:
            found.append(("", name))
    return found


def _said(text: str, number: int) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {
        "type": "message",
        "id": f"msg_scripted_{number}",
        "role": "assistant",
        "status": "completed",
        "content": content,
    }


def _called(tool: ToolUse, spaces: Collection[str], number: int, at: int) -> dict[str, Any]:
    space, _, inside = tool.name.rpartition("__")
    within = space in spaces
    call = {
        "type": "function_call",
        "id": f"fc_scripted_{number}_{at}",
        "call_id": tool.id or f"call_scripted_{number}_{at}",
        "name": inside if within else tool.name,
        "arguments": json.dumps(dict(tool.input)),
        "status": "completed",
    }
    return call | ({"namespace": space} if within else {})
