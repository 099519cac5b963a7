"""The fold: what is true after an event. One small function a type; whatever a record lacks has a default.

Nothing here raises: an event that speaks of something unknown changes nothing, so every log that was ever
written can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fleet.model import events
from fleet.model.event import Event
from fleet.model.state import Pending, State
from fleet.policy.folds import (
    access,
    acts,
    audit,
    byhand,
    changes,
    effects,
    items,
    jobs,
    people,
    proposals,
    record,
    runs,
    tools,
    watcher,
)

_MAY_START = (
    events.ITEM_OPENED,
    events.ITEM_LABELED,
    events.CHANGE_MERGED,
    events.WORKFLOW_REQUESTED,
)
_NEVER_STARTS = (events.TRIGGER_ROUTED, events.CLOCK_TICKED, events.CLOCK_MOVED)


def fold(state: State, event: Event) -> None:
    """Take one event, the next one in the log, into the state."""
    state.seq = event.seq
    state.now = max(state.now, event.time)
    state.started = state.started or event.time
    counted = _COUNTED.get(event.type)
    if counted is not None:
        counted(state, event, event.data)
    change = _FOLDS.get(event.type)
    if change is not None:
        change(state, event, event.data)
    if _may_start(state, event.type):
        state.pending[event.id] = Pending(
            event.id,
            event.type,
            event.source,
            event.subject,
            dict(event.data),
            event.time,
            event.correlation_id,
        )


def fold_all(events_: Iterable[Event], state: State | None = None) -> State:
    """The state after these events, from the beginning or from a given one."""
    state = State() if state is None else state
    for event in events_:
        fold(state, event)
    return state


def _may_start(state: State, kind: str) -> bool:
    """Whether an event of this type has to be looked at by the rules that start workflows."""
    if kind in _NEVER_STARTS:
        return False
    return not kind.startswith("fleet.") or kind in _MAY_START or kind in state.triggers


_COUNTED: Mapping[str, Callable[[State, Event, Mapping[str, Any]], None]] = {
    events.RUN_ENDED: record.run_ended,
    events.CHANGE_REVIEWED: record.change_reviewed,
    events.CHANGE_MERGED: record.change_merged,
    events.AGENT_DENIED: record.denied,
    events.RUN_COLLECTED: record.collected,
    events.GATEWAY_REFUSED: record.refused,
    events.AGENT_RELEASED: record.released,
}

_FOLDS: Mapping[str, Callable[[State, Event, Mapping[str, Any]], None]] = {
    events.CONFIG_LOADED: watcher.config_loaded,
    events.WATCHER_STARTED: watcher.watcher_started,
    events.BASE_SEEN: watcher.base_seen,
    events.CLOCK_MOVED: watcher.clock_moved,
    events.WORKSPACES_MEASURED: watcher.workspaces_measured,
    events.ITEM_OPENED: items.item_opened,
    events.ITEM_LABELED: items.item_labeled,
    events.ITEM_UNLABELED: items.item_unlabeled,
    events.ITEM_COMMENTED: items.item_commented,
    events.ITEM_CLOSED: items.item_closed,
    events.ITEM_EDITED: items.item_edited,
    events.ITEM_REOPENED: items.item_reopened,
    events.TRIGGER_ROUTED: jobs.trigger_routed,
    events.INSTANCE_STARTED: jobs.instance_started,
    events.INSTANCE_FINISHED: jobs.instance_finished,
    events.JOB_SENT_BACK: jobs.job_sent_back,
    events.JOB_READY: jobs.job_ready,
    events.JOB_STUCK: jobs.job_stuck,
    events.JOB_RESUMED: jobs.job_resumed,
    events.ORDER_STOP_ASKED: jobs.order_stop_asked,
    events.ORDER_ENDED: jobs.order_ended,
    events.JOB_FINISHED: jobs.job_finished,
    events.JOB_RENEWED: jobs.job_renewed,
    events.RUN_QUEUED: runs.run_queued,
    events.RUN_ADMITTED: runs.run_admitted,
    events.RUN_STARTED: runs.run_started,
    events.RUN_ACTED: acts.run_acted,
    events.RUN_RETURNED: acts.run_returned,
    events.RUN_LOOKED: acts.run_looked,
    events.RUN_NUDGED: acts.run_nudged,
    events.RUN_WAITS: acts.run_waits,
    events.RUN_SPENT: runs.run_spent,
    events.RUN_CONVERSED: runs.run_conversed,
    events.RUN_REPORTED: runs.run_reported,
    events.RUN_SAID: runs.run_said,
    events.RUN_STOP_ASKED: runs.run_stop_asked,
    events.RUN_TAKEN_OVER: byhand.run_taken_over,
    events.RUN_HANDED_BACK: byhand.run_handed_back,
    events.RUN_EXITED: runs.run_exited,
    events.RUN_COLLECTED: runs.run_collected,
    events.RUN_ENDED: runs.run_ended,
    events.RUN_CANCELLED: runs.run_cancelled,
    events.CHANGE_OPENED: changes.change_opened,
    events.CHANGE_UPDATED: changes.change_updated,
    events.CHANGE_REVIEWED: changes.change_reviewed,
    events.CHANGE_ANSWERED: changes.change_answered,
    events.CHANGE_CHECKED: changes.change_checked,
    events.CHANGE_REPORTED: changes.change_reported,
    events.CHANGE_GUARDED: changes.change_guarded,
    events.CHANGE_HEAD_SEEN: changes.change_head_seen,
    events.CHANGE_REVIEW_POSTED: changes.change_review_posted,
    events.CHANGE_REVIEW_DISMISSED: changes.change_review_dismissed,
    events.CHANGE_REOPENED: changes.change_reopened,
    events.CHANGE_ASSESSED: changes.change_assessed,
    events.CHANGE_INSPECTED: changes.change_inspected,
    events.CHANGE_MERGED: changes.change_merged,
    events.RUN_REDACTED: audit.run_redacted,
    events.CHANGE_ATTESTED: audit.change_attested,
    events.CHANGE_HELD: changes.change_held,
    events.CHANGE_QUARANTINED: changes.change_quarantined,
    events.CHANGE_RELEASED: changes.change_released,
    events.CHANGE_CLOSED: changes.change_closed,
    events.GATE_EVALUATED: changes.gate_evaluated,
    events.APPROVAL_ASKED: people.approval_asked,
    events.APPROVAL_GIVEN: people.answered,
    events.APPROVAL_REFUSED: people.answered,
    events.PEOPLE_TOLD: people.people_told,
    events.APPROVAL_SETTLED: people.approval_settled,
    events.APPROVAL_REMINDED: people.reminded,
    events.APPROVAL_ESCALATED: people.reminded,
    events.AGENT_QUARANTINED: people.quarantined,
    events.ACCESS_GRANTED: access.granted,
    events.ACCESS_REVOKED: access.revoked,
    events.LINK_MADE: access.linked,
    events.AGENT_RELEASED: people.released,
    events.BUDGET_WARNED: people.budget_warned,
    events.AGENT_DENIED: people.denied,
    events.TOOL_ASKED: tools.tool_asked,
    events.RULES_PROPOSED: proposals.rules_proposed,
    events.RULES_WRITTEN: proposals.rules_written,
    events.RULES_REFUSED: proposals.rules_refused,
    events.TOOL_DECIDED: tools.tool_decided,
    events.FORGE_SHOWN: effects.forge_shown,
    events.FORGE_COMMANDED: people.commanded,
    events.FORGE_COMMAND_SETTLED: people.command_settled,
    events.PASSAGE_EVALUATED: effects.passage_evaluated,
    events.EFFECT_WANTED: effects.effect_wanted,
    events.EFFECT_DONE: effects.effect_done,
    events.EFFECT_FAILED: effects.effect_failed,
}
