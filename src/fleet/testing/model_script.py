"""What the scripted model says: rules over a conversation, and the answers and faults they give.

A script is any callable `Ask -> Answer | Fault`. `Rules` is one made of data (YAML or JSON):

    rules:
      - when: {system: "tech-lead", user: "review #(?P<pr>[0-9]+)"}   # regular expressions, all must match
        steps:                                                        # the n-th model turn since the match
          - {text: "I'll look.", tools: [{name: Bash, input: {command: "git show {{pr}}"}}]}
          - {text: "Looks good."}
      - when: {model: "haiku", tool_results: 2}
        steps: [{fault: {status: 529, retry_after: 1, times: 2}}, {text: "Done."}]

A rule with `user` begins at the last message it matches, and its steps are counted from there; so a later
message (a resumed conversation, a steer) can hand over to another rule: the rule that begins last answers,
the first listed on a tie. Past its last step a rule repeats it. Scripts hold no state of the
conversation: they read it from each request, so one server can play any number of agents at once. `times` of
a fault is the exception: it counts per conversation, after which the step's own answer is given.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any, TypeAlias

Json: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One tool call in an answer. `id` is made up by the server where it is empty."""

    name: str
    input: Json = field(default_factory=dict)
    id: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One turn of the model. A stop reason of "" is worked out: `tool_use` with tools, else `end_turn`."""

    text: str = ""
    tools: tuple[ToolUse, ...] = ()
    input_tokens: int = 100
    output_tokens: int = 20
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    stop_reason: str = ""
    delay_ms: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """Something a real provider does on a bad day; exactly one of the kinds, checked in this order.

    `status` ≥ 400: an error answer (with `retry-after` seconds, if not negative); `hang`: no answer until the
    client or the server goes; `cut`: half a stream, then the connection closes; `garbage`: 200 with no
    JSON. `times` 0 means for ever.
    """

    status: int = 0
    message: str = "scripted fault"
    retry_after: int = -1
    hang: bool = False
    cut: bool = False
    garbage: bool = False
    times: int = 0


@dataclass(frozen=True, slots=True)
class Ask:
    """One request as it reached the model."""

    path: str
    headers: Mapping[str, str]  # names in lower case
    body: Json

    @property
    def model(self) -> str:
        """The model that was asked."""
        return str(self.body.get("model", ""))

    @property
    def tools(self) -> tuple[str, ...]:
        """Names of the tools that were offered."""
        return tuple(str(tool.get("name", "")) for tool in self.body.get("tools") or ())

    @property
    def side(self) -> bool:
        """Whether this is a request beside the conversation (a title, a page's summary): no tools offered."""
        return not self.body.get("tools")

    @property
    def system(self) -> str:
        """The whole system prompt."""
        return "\n".join(_texts(self.body.get("system")))

    @property
    def messages(self) -> Sequence[Json]:
        """The conversation as it was sent."""
        found = self.body.get("messages")
        return found if isinstance(found, list) else []

    @property
    def conversation(self) -> str:
        """What tells this conversation from others: the client's session id, or nothing."""
        return self.headers.get("x-claude-code-session-id") or self.headers.get("session-id", "")

    def said(self, index: int) -> str:
        """The text of message `index` if a person or the harness said it (not the model, not a tool)."""
        message = self.messages[index]
        return "" if message.get("role") == "assistant" else "\n".join(_texts(message.get("content")))

    @property
    def user(self) -> str:
        """All that was said to the model in this conversation."""
        return "\n".join(text for index in range(len(self.messages)) if (text := self.said(index)))

    @property
    def results(self) -> tuple[tuple[str, bool, str], ...]:
        """Tool results so far: the call's id, whether it went well, its text."""
        return tuple(
            (
                str(block.get("tool_use_id", "")),
                not block.get("is_error"),
                "\n".join(_texts(block.get("content"))),
            )
            for message in self.messages
            for block in _blocks(message.get("content"))
            if block.get("type") == "tool_result"
        )

    def turns_since(self, index: int) -> int:
        """How often the model has answered after message `index` (-1: in all)."""
        return sum(
            1
            for at in range(index + 1, len(self.messages))
            if self.messages[at].get("role") == "assistant"
            and (at == 0 or self.messages[at - 1].get("role") != "assistant")
        )


Script: TypeAlias = Callable[[Ask], Answer | Fault]


def _blocks(content: object) -> list[Json]:
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def _texts(content: object) -> list[str]:
    if isinstance(content, str):
        return [content]
    return [str(block.get("text", "")) for block in _blocks(content) if block.get("type") == "text"]


@dataclass(frozen=True, slots=True)
class Step:
    """A turn of a rule: perhaps a fault first, then the answer."""

    answer: Answer = Answer()
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Steps, and the regular expressions that must all be found (None: whatever).

    `result` looks at the last tool result, `tool_results` at how many there are.
    """

    steps: tuple[Step, ...]
    system: str | None = None
    user: str | None = None
    model: str | None = None
    result: str | None = None
    tool_results: int | None = None

    def begins(self, ask: Ask) -> tuple[int, dict[str, str]] | None:
        """The index of the message where it begins (-1: before all) and its named groups; None: no match."""
        results = ask.results
        if self.tool_results not in (None, len(results)):
            return None
        groups: dict[str, str] = {}
        last = results[-1][2] if results else ""
        for pattern, text in ((self.system, ask.system), (self.model, ask.model), (self.result, last)):
            if pattern is None:
                continue
            if not (match := re.search(pattern, text)):
                return None
            groups.update({name: value or "" for name, value in match.groupdict().items()})
        if self.user is None:
            return -1, groups
        for index in reversed(range(len(ask.messages))):
            if match := re.search(self.user, ask.said(index)):
                return index, groups | {name: value or "" for name, value in match.groupdict().items()}
        return None


class Rules:
    """A script made of rules. Safe to ask from many threads."""

    def __init__(self, rules: Sequence[Rule], otherwise: Answer | None = None) -> None:
        self._rules = tuple(rules)
        self._otherwise = otherwise or Answer(text="The script has no rule for this.")
        self._faults: dict[tuple[int, int, str], int] = {}
        self._lock = Lock()

    def __call__(self, ask: Ask) -> Answer | Fault:
        """The answer of the rule that begins last in this conversation."""
        chosen: tuple[int, int, dict[str, str]] | None = None
        for number, rule in enumerate(self._rules):
            found = rule.begins(ask)
            if found is not None and (chosen is None or found[0] > chosen[0]):
                chosen = (found[0], number, found[1])
        if chosen is None:
            return self._otherwise
        start, number, groups = chosen
        steps = self._rules[number].steps
        at = min(ask.turns_since(start), len(steps) - 1)
        step = steps[at]
        if step.fault is not None and self._fault_is_due(step.fault, (number, at, ask.conversation)):
            return step.fault
        return _filled(step.answer, groups)

    def _fault_is_due(self, fault: Fault, key: tuple[int, int, str]) -> bool:
        with self._lock:
            seen = self._faults.get(key, 0)
            self._faults[key] = seen + 1
        return not fault.times or seen < fault.times


def side_answer(ask: Ask) -> Answer:
    """A sensible answer to a request beside the conversation, whatever the scripted agent is doing."""
    form = (ask.body.get("output_config") or {}).get("format") or {}
    if form.get("type") == "json_schema":
        return Answer(text=json.dumps(_instance(form.get("schema") or {})), output_tokens=5)
    if re.search(r'\{\s*"title"', ask.system + ask.user):
        return Answer(text='{"title": "Scripted work"}', output_tokens=5)
    return Answer(text="Scripted work", output_tokens=3)


def _instance(schema: Json) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    match schema.get("type"):
        case "object":
            return {name: _instance(part) for name, part in (schema.get("properties") or {}).items()}
        case "array":
            return []
        case "integer" | "number":
            return 0
        case "boolean":
            return False
        case "null":
            return None
        case _:
            return "scripted"


def _filled(answer: Answer, groups: Mapping[str, str]) -> Answer:
    """The answer with `{{name}}` replaced by what the rule's named groups found."""
    if not groups:
        return answer

    def fill(value: Any) -> Any:
        if isinstance(value, str):
            return re.sub(r"\{\{(\w+)\}\}", lambda hit: groups.get(hit[1], hit[0]), value)
        if isinstance(value, Mapping):
            return {key: fill(part) for key, part in value.items()}
        return [fill(part) for part in value] if isinstance(value, list) else value

    tools = tuple(ToolUse(tool.name, fill(tool.input), tool.id) for tool in answer.tools)
    return replace(answer, text=fill(answer.text), tools=tools)
