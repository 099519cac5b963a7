"""Gemini's API for the scripted model: what Google's clients (the Gemini CLI, say) send and expect.

A request is turned into the form that scripts know (see `fleet.testing.model_script`): calls and what came
of them become the blocks of messages, and a wanted JSON schema stands where `side_answer` looks for one. The
model and whether its answer is streamed are told by the path alone. An answer goes the other way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from fleet.testing.model_script import Answer, Ask

Json = Mapping[str, Any]

_PATH = re.compile(r"/v1(?:beta|alpha)?/models/([^/:]+):(generateContent|streamGenerateContent|countTokens)")


def told_by(path: str) -> tuple[str, str] | None:
    """The model and the verb that a path names; None for a path of something else."""
    found = _PATH.fullmatch(path)
    return (found[1], found[2]) if found else None


def ask_of(path: str, headers: Mapping[str, str], body: Json) -> Ask:
    """The request as a script sees it. What it says beside that stays in the body under its own name."""
    model, verb = told_by(path) or ("", "")
    form = body.get("generationConfig")
    form = form if isinstance(form, dict) else {}
    schema = form.get("responseJsonSchema") or form.get("responseSchema")
    known: dict[str, Any] = {
        "model": model,
        "stream": verb == "streamGenerateContent",
        "system": "\n".join(_texts(body.get("systemInstruction"))),
        "messages": [_message(each) for each in _rows(body.get("contents"))],
        "tools": [{"name": name} for name in _tools(body.get("tools"))],
    }
    if isinstance(schema, dict):
        known["output_config"] = {"format": {"type": "json_schema", "schema": _lowered(schema)}}
    return Ask(path, headers, {**body, **known})


def document(answer: Answer, ask: Ask, number: int) -> dict[str, Any]:
    """The answer as one document. `number` makes its id unique."""
    parts: list[dict[str, Any]] = [{"text": answer.text}] if answer.text else []
    parts += [
        {
            "functionCall": {
                "id": tool.id or f"call_{number}_{at}",
                "name": tool.name,
                "args": dict(tool.input),
            }
        }
        for at, tool in enumerate(answer.tools)
    ]
    return _said(answer, ask, number, parts, ends=True)


def stream(answer: Answer, ask: Ask, number: int) -> list[bytes]:
    """The answer as server-sent events, one element an event: its parts one by one, the last with its end."""
    parts = document(answer, ask, number)["candidates"][0]["content"]["parts"] or [{"text": ""}]
    told = [_said(answer, ask, number, [part], ends=part is parts[-1]) for part in parts]
    return [f"data: {json.dumps(each)}\r\n\r\n".encode() for each in told]


_STATES = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND"} | {
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}


def error(status: int, text: str) -> dict[str, Any]:
    """An error document of Gemini's API."""
    return {"error": {"code": status, "message": text, "status": _STATES.get(status, "INTERNAL")}}


def _said(
    answer: Answer, ask: Ask, number: int, parts: list[dict[str, Any]], *, ends: bool
) -> dict[str, Any]:
    content: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
    if ends:
        content["finishReason"] = "MAX_TOKENS" if answer.stop_reason == "max_tokens" else "STOP"
    prompt = answer.input_tokens + answer.cache_read_tokens + answer.cache_write_tokens
    return {
        "candidates": [content],
        "usageMetadata": {
            "promptTokenCount": prompt,
            "cachedContentTokenCount": answer.cache_read_tokens,
            "candidatesTokenCount": answer.output_tokens,
            "totalTokenCount": prompt + answer.output_tokens,
        },
        "modelVersion": ask.model,
        "responseId": f"resp_scripted_{number}",
    }


def _message(content: Json) -> dict[str, Any]:
    blocks = [block for part in _rows(content.get("parts")) if (block := _block(part))]
    return {"role": "assistant" if content.get("role") == "model" else "user", "content": blocks}


def _block(part: Json) -> dict[str, Any] | None:
    call, back = part.get("functionCall"), part.get("functionResponse")
    if isinstance(call, dict):
        return {
            "type": "tool_use",
            "id": call.get("id"),
            "name": call.get("name"),
            "input": call.get("args") or {},
        }
    if isinstance(back, dict):
        response = back.get("response")
        found = response if isinstance(response, dict) else {}
        text = found.get("output", found.get("error", json.dumps(found)))
        content = text if isinstance(text, str) else json.dumps(text)
        return {"type": "tool_result", "tool_use_id": back.get("id"), "content": content}
    text = part.get("text")
    return {"type": "text", "text": text} if isinstance(text, str) and not part.get("thought") else None


def _texts(content: object) -> list[str]:
    if isinstance(content, str):
        return [content]
    parts = content.get("parts") if isinstance(content, dict) else None
    return [part["text"] for part in _rows(parts) if isinstance(part.get("text"), str)]


def _tools(tools: object) -> list[str]:
    """What was offered. A tool that the provider runs itself (a search) is named by its own key."""
    found: list[str] = []
    for tool in _rows(tools):
        declared = _rows(tool.get("functionDeclarations"))
        found += [str(each.get("name", "")) for each in declared] if declared else list(tool)
    return found


def _lowered(schema: Any) -> Any:
    """A schema whose types are written as in JSON Schema: here they may come in capitals."""
    if isinstance(schema, dict):
        return {
            name: part.lower() if name == "type" and isinstance(part, str) else _lowered(part)
            for name, part in schema.items()
        }
    return [_lowered(part) for part in schema] if isinstance(schema, list) else schema


def _rows(value: object) -> list[Json]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
