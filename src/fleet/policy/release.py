"""Releases: what was merged gets a tag and notes, once every job that is needed before is done."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import Change, Instance, State
from fleet.policy.ask import stuck
from fleet.policy.fact import wish
from fleet.policy.passage import shut
from fleet.policy.workflow import needs_met, workflow_of

TAG = "v{date}-{change}"
NOTES = "{title}\n\n{body}\n\n{links}"
_PLACE = re.compile(r"\{(\w+)\}")


def jobs_to_release(fleet: Fleet, state: State) -> list[Event]:
    """A wish for every release that may be made. All that it needs to know is in the wish: however often it
    is tried, it is the same tag at the same commit.
    """
    decided: list[Event] = []
    asked = state.approval_number
    for name in state.active:
        instance = state.instances[name]
        workflow = workflow_of(fleet, instance)
        for job in workflow.jobs if workflow else ():
            record = instance.jobs.get(job.name)
            if record is None or job.action != "release" or record.state != "waiting":
                continue
            key = f"{instance.id}/{job.name}"
            if not needs_met(instance, job) or f"release/{key}" in state.wishes:
                continue
            change = state.changes.get(instance.change)
            if change is None or not change.merged:
                asked += 1
                why = "there is no merged change to release"
                decided += stuck(state, instance, job.name, "failed", why, number=asked)
                continue
            held = shut(fleet, state, ("release",), f"release/{key}", change)
            if held is not None:
                decided += held
                continue
            told = placeholders(fleet, state, instance, change)
            args = {
                "instance": instance.id,
                "job": job.name,
                "change": change.id,
                "commit": change.merged,
                "tag": filled(job.tag or TAG, told),
                "notes": filled(job.notes or NOTES, told).strip(),
            }
            decided.append(wish("release", key, args, cause=record.cause or change.cause, story=instance.id))
    return decided


def placeholders(fleet: Fleet, state: State, instance: Instance, change: Change) -> dict[str, str]:
    """What stands for the names in braces of a tag and of notes. Numbers are those of the forge."""
    item = state.items.get(instance.item)
    links = [f"Pull request: {change.ref or f'#{change.id}'}"]
    if item is not None:
        links.append(f"For {item.ref or f'#{item.id}'}")
    return {
        "project": fleet.name,
        "date": datetime.fromtimestamp(change.merged_at / 1000, UTC).strftime("%Y.%m.%d"),
        "change": _number(change.ref, change.id),
        "item": _number(item.ref, item.id) if item is not None else "0",
        "sha": change.merged[:12],
        "title": change.title,
        "body": change.body.strip(),
        "links": "\n".join(links),
    }


def filled(form: str, told: Mapping[str, str]) -> str:
    """The form with what stands for its names; braces around anything else stay."""
    return _PLACE.sub(lambda found: told.get(found[1], found[0]), form)


def _number(ref: str, own: int) -> str:
    return ref.rpartition("#")[2] or str(own)
