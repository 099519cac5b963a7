"""Releases: what was merged gets a tag and notes, once every job that is needed before is done."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fleet.model.event import Event
from fleet.model.fleet import Fleet, Job
from fleet.model.state import Change, Instance, JobRecord, State
from fleet.policy.after_merge import jobs_after_merge

TAG = "v{date}-{change}"
NOTES = "{title}\n\n{body}\n\n{links}"
_PLACE = re.compile(r"\{(\w+)\}")


def jobs_to_release(fleet: Fleet, state: State) -> list[Event]:
    """A wish for every release that may be made. Tried again, it is the same tag at the same commit."""

    def about(job: Job, record: JobRecord, instance: Instance, change: Change) -> dict[str, Any]:
        del record
        told = placeholders(fleet, state, instance, change)
        return {"tag": filled(job.tag or TAG, told), "notes": filled(job.notes or NOTES, told).strip()}

    return jobs_after_merge(fleet, state, "release", about)


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
