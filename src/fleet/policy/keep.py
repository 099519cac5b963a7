"""What workspaces are for by now, and so which may go: those of nobody first, then those that are kept to be
looked at, then those that can be made anew from what was committed; one at work, or that a person is asked
about, never.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from fleet.model.state import Run, State

Use = Literal["live", "waits", "idle", "kept", "none"]
"""`live`: a run or a check is in it or is about to be. `waits`: a person is asked about its job. `idle`: its
workflow goes on, and may come back to it. `kept`: its workflow was given up after its run had failed. `none`:
nobody needs it."""

MAY_GO: tuple[Use, ...] = ("none", "kept", "idle")
"""In the order in which they go."""

FAILED = ("failed", "timed_out", "over_budget")
_CHECK = "check"


@dataclass(frozen=True, slots=True)
class Kept:
    """A workspace, what it is for, and when its last run ended (ms since the epoch, 0 for not known)."""

    name: str
    use: Use
    since: int = 0


def uses(state: State, names: Iterable[str]) -> list[Kept]:
    """What each of these workspaces is for."""
    last: dict[str, Run] = {run.workspace: run for run in state.runs.values() if run.workspace}
    checked = {str(wish.args.get("change")) for wish in state.wishes.values() if wish.kind == _CHECK}
    return [_use(state, name, last.get(name), checked) for name in names]


def to_discard(
    kept: Iterable[Kept], sizes: Mapping[str, int], *, now: int, keep_ms: int, most: int, used: int
) -> list[Kept]:
    """Those that go now: what nobody needs, what was kept for long enough, and then, while more than `most`
    bytes (0: no ceiling) are used, the oldest of what may go.
    """
    every = list(kept)
    found = [
        each for each in every if each.use == "none" or (each.use == "kept" and now - each.since >= keep_ms)
    ]
    used -= sum(sizes.get(each.name, 0) for each in found)
    able = [each for each in every if each.use in MAY_GO and each not in found]
    for each in sorted(able, key=lambda one: (MAY_GO.index(one.use), one.since, one.name)):
        if not most or used <= most:
            break
        found.append(each)
        used -= sizes.get(each.name, 0)
    return found


def is_to_be_seen(state: State, instance: str, job: str) -> bool:
    """Whether the job's last run failed, so that somebody may want to look at what it left."""
    record = state.instances[instance].jobs.get(job)
    return bool(record and record.runs and state.runs[record.runs[-1]].outcome in FAILED)


def _use(state: State, name: str, last: Run | None, checked: set[str]) -> Kept:
    first, _, rest = name.partition("-")
    if first == _CHECK:
        return Kept(name, "live" if rest.partition("-")[0] in checked else "none")
    since = (last.ended or last.queued) if last is not None else 0
    instance = state.instances.get(first)
    record = instance.jobs.get(rest) if instance is not None else None
    if instance is None or record is None:
        return Kept(name, "none", since)
    if any(run in state.moving for run in record.runs[-1:]) or f"tidy/{first}" in state.wishes:
        return Kept(name, "live", since)
    if instance.outcome:
        seen = instance.outcome != "done" and is_to_be_seen(state, first, rest)
        return Kept(name, "kept" if seen else "none", since)
    asked = (state.approvals[each] for each in state.asked)
    if record.state == "stuck" or any((each.instance, each.job) == (first, rest) for each in asked):
        return Kept(name, "waits", since)
    return Kept(name, "idle", since)
