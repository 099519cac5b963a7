"""Taking something away: the log says so first, so that nothing is ever gone without a word."""

from __future__ import annotations

from typing import Any

from fleet.model import events
from fleet.model.errors import FleetError
from fleet.surfaces.cli.acting import actor, deed
from fleet.surfaces.cli.project import Project


def redact_event(project: Project, seq: int, reason: str) -> dict[str, Any]:
    """Take the texts out of an event."""
    from fleet.auditing import redact
    from fleet.policy.redaction import without_texts

    event = next(iter(project.log.read(seq - 1, 1)), None) if seq > 0 else None
    if event is None:
        raise FleetError(f"There is no event {seq}", do="See: fleet events")
    if event.type in (events.AUDIT_REDACTED, events.RUN_REDACTED):
        raise FleetError(f"Event {seq} says what was taken away", why="that has to stay")
    stub, put = redact(project.place, seq, without_texts(event.data))
    data = {"seq": seq, "event": event.id, "hash": stub.hash, "was": stub.was, "left": stub.left}
    data |= {"reason": reason, "actor": actor()}
    project.log.append([deed(events.AUDIT_REDACTED, data, subject=f"event/{seq}", cause=event.id)])
    put()
    return data | {"message": f"The texts of event {seq} are gone. The log says who did it and why."}


def redact_run(project: Project, name: str, reason: str) -> dict[str, Any]:
    """Delete a run's transcript and what it was told."""
    from fleet.engine.kept import kept, take_away

    run = project.state.runs[name]
    if run.state not in ("ended", "cancelled"):
        raise FleetError(f"{name} is {run.state}", do=f"Stop it first: fleet stop {name}")
    files = kept(project.place.runs / name)
    data = {"run": name, "files": files, "reason": reason, "actor": actor()}
    project.log.append(
        [deed(events.RUN_REDACTED, data, subject=f"run/{name}", cause=run.cause, story=run.instance)]
    )
    take_away(project.place.runs / name)
    count = f"{len(files)} files of {name} are gone" if len(files) != 1 else f"1 file of {name} is gone"
    return data | {
        "message": f"{count}. What the log says of it stays: fleet audit redact EVENT takes texts out."
    }
