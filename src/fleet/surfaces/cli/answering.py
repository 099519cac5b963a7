"""A person's answer to an approval, as the event that it becomes."""

from __future__ import annotations

from typing import Any

from fleet.model import events
from fleet.model.event import Event
from fleet.model.state import Approval, State
from fleet.surfaces.cli.acting import actor, deed


def answer(approval: Approval, *, given: bool, note: str, send_back: bool = False) -> Event:
    """The approval given, or refused; with `send_back` its change goes back to its author."""
    data: dict[str, Any] = {"approval": approval.id, "actor": actor(), "note": note}
    if not given:
        data["send_back"] = send_back
    return deed(
        events.APPROVAL_GIVEN if given else events.APPROVAL_REFUSED,
        data,
        subject=f"approval/{approval.id}",
        cause=approval.cause,
        story=approval.instance,
    )


def open_approvals(state: State) -> list[Approval]:
    """Those that nobody has answered yet, oldest first."""
    return [each for name in state.asked if not (each := state.approvals[name]).answer]


def question_of(state: State, run: str) -> Approval | None:
    """The question that a run waits with."""
    found = (each for each in open_approvals(state) if each.kind == "question" and each.run == run)
    return next(found, None)


def approval_of_job(state: State, instance: str, job: str) -> Approval | None:
    """What a job that stands still waits for."""
    found = (
        each
        for each in open_approvals(state)
        if each.instance == instance and each.job == job and each.kind != "handoff"
    )
    return next(found, None)
