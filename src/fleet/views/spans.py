"""What happened as spans, for tracing: a work item is a trace, a workflow at work on it the root span; its
runs, their tool calls, checks and waits for people lie below it.

Names and attributes follow OpenTelemetry's semantic conventions for generative AI where they have one
(`gen_ai.*`); Fleet's own begin with `fleet.`. Ids are digests of what a span is about: one that is
sent again is no second one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256

from fleet.model import events
from fleet.model.event import Event
from fleet.model.state import Instance, Run, State
from fleet.ports.telemetry import Span, Value

_BAD = ("failed", "timed_out", "over_budget")


def spans_of(seed: str, state: State, event: Event) -> list[Span]:
    """The spans that this event completes; `state` is that after it, `seed` tells one log from another."""
    made = _SPANS.get(event.type)
    return list(made(seed, state, event)) if made is not None else []


def _run(seed: str, state: State, event: Event) -> Iterator[Span]:
    run = state.runs.get(str(event.data.get("run")))
    instance = state.instances.get(run.instance) if run is not None else None
    if run is None or instance is None:
        return
    yield Span(
        trace=_trace(seed, instance),
        id=_id(seed, "run", run.id),
        parent=_id(seed, "instance", instance.id),
        name=f"invoke_agent {run.agent}",
        start=run.started or run.queued,
        end=max(run.ended, run.started),
        attributes=_about_run(run),
        error=run.reason if run.outcome in _BAD else "",
    )


def _about_run(run: Run) -> dict[str, Value]:
    return {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": run.agent,
        "gen_ai.provider.name": run.harness,
        "gen_ai.request.model": run.model,
        "gen_ai.conversation.id": run.conversation,
        "gen_ai.usage.total_tokens": run.tokens,
        "fleet.run": run.id,
        "fleet.job": run.job,
        "fleet.item": run.item,
        "fleet.change": run.change,
        "fleet.round": run.round,
        "fleet.attempt": run.attempt,
        "fleet.outcome": run.outcome,
        "fleet.queued_ms": max(0, run.started - run.queued) if run.started else 0,
        "fleet.cost_usd": run.cost_micros / 1e6,
        "fleet.sandbox": run.sandbox,
    }


def _tool(seed: str, state: State, event: Event) -> Iterator[Span]:
    run = state.runs.get(str(event.data.get("run")))
    instance = state.instances.get(run.instance) if run is not None else None
    took = event.data.get("ms")
    if run is None or instance is None or type(took) is not int:
        return
    name = str(event.data.get("tool") or "tool")
    yield Span(
        trace=_trace(seed, instance),
        id=_id(seed, "tool", event.id),
        parent=_id(seed, "run", run.id),
        name=f"execute_tool {name}",
        start=event.time - took,
        end=event.time,
        attributes={"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name, "fleet.run": run.id},
        error="" if event.data.get("ok") is not False else "the tool says that it failed",
    )


def _checks(seed: str, state: State, event: Event) -> Iterator[Span]:
    change = state.changes.get(_whole(event.data.get("change")))
    instance = state.instances.get(change.instance) if change is not None else None
    if change is None or instance is None:
        return
    end = event.time
    for each in reversed(event.data.get("results") or ()):
        took, name = _whole(each.get("ms")), str(each.get("name"))
        yield Span(
            trace=_trace(seed, instance),
            id=_id(seed, "check", f"{event.id}/{name}"),
            parent=_id(seed, "instance", instance.id),
            name=f"check {name}",
            start=end - took,
            end=end,
            attributes={"fleet.change": change.id, "fleet.head": change.head},
            error="" if each.get("ok") else "it failed",
        )
        end -= took


def _waited(seed: str, state: State, event: Event) -> Iterator[Span]:
    approval = state.approvals.get(str(event.data.get("approval")))
    instance = state.instances.get(approval.instance) if approval is not None else None
    if approval is None or instance is None:
        return
    yield Span(
        trace=_trace(seed, instance),
        id=_id(seed, "approval", approval.id),
        parent=_id(seed, "instance", instance.id),
        name=f"wait for a person: {approval.kind}",
        start=approval.asked,
        end=event.time,
        attributes={
            "fleet.approval": approval.id,
            "fleet.answer": approval.answer or "lapsed",
            "fleet.by": approval.by,
        },
    )


def _instance(seed: str, state: State, event: Event) -> Iterator[Span]:
    instance = state.instances.get(str(event.data.get("instance")))
    if instance is None:
        return
    runs = [state.runs[name] for record in instance.jobs.values() for name in record.runs]
    change = state.changes.get(instance.change)
    yield Span(
        trace=_trace(seed, instance),
        id=_id(seed, "instance", instance.id),
        parent=0,
        name=f"workflow {instance.workflow or instance.agent}",
        start=instance.started,
        end=event.time,
        attributes={
            "fleet.item": instance.item,
            "fleet.instance": instance.id,
            "fleet.workflow": instance.workflow,
            "fleet.outcome": instance.outcome,
            "fleet.change": instance.change,
            "fleet.commit": change.merged if change is not None else "",
            "fleet.rounds": instance.round,
            "fleet.runs": len(runs),
            "fleet.cost_usd": sum(run.cost_micros for run in runs) / 1e6,
            "gen_ai.usage.total_tokens": sum(run.tokens for run in runs),
        },
        error="" if instance.outcome == "done" else instance.reason,
    )


_SPANS: Mapping[str, Callable[[str, State, Event], Iterator[Span]]] = {
    events.RUN_ENDED: _run,
    events.TOOL_FINISHED: _tool,
    events.CHANGE_CHECKED: _checks,
    events.APPROVAL_SETTLED: _waited,
    events.INSTANCE_FINISHED: _instance,
}


def _trace(seed: str, instance: Instance) -> int:
    about = f"item/{instance.item}" if instance.item else f"instance/{instance.id}"
    return int.from_bytes(sha256(f"{seed}/{about}".encode()).digest()[:16], "big") or 1


def _id(seed: str, kind: str, name: str) -> int:
    return int.from_bytes(sha256(f"{seed}/{kind}/{name}".encode()).digest()[:8], "big") or 1


def _whole(value: object) -> int:
    return value if type(value) is int else 0
