"""What people are told: a title and a text, in words for somebody who reads them on a phone."""

from __future__ import annotations

from collections.abc import Iterator

from fleet.model.fleet import Fleet
from fleet.model.state import Approval, State
from fleet.model.text import clean
from fleet.model.warned import Warned
from fleet.policy.budget import amount
from fleet.policy.folds.people import BUDGET
from fleet.policy.notify import DIGEST, DISK, QUARANTINE, notices

DAY_MS = 86_400_000
_TITLE, _WHY, _MOST = 100, 600, 20

_ASKS = {
    "merge": "A merge waits for you",
    "question": "An agent asks",
    "permission": "An agent wants to do something",
    "rounds": "Out of rounds",
    "failed": "A job failed",
    "timed_out": "Out of time",
    "over_budget": "Over its budget",
    "auth": "Credentials were refused",
    "handoff": "May this begin?",
    "takeover": "Somebody has it in hand",
    "stopped": "It was stopped",
    "command": "A command did not end well",
    "suspect": "A change is in quarantine",
    QUARANTINE: "An agent is in quarantine",
    DISK: "The disk is full",
}


def message(fleet: Fleet, state: State, about: str, at: int) -> tuple[str, str] | None:
    """The title and the text of a notice, or of the summary of the day before `at`; None when nothing waits
    any more.
    """
    if about == DIGEST:
        return f"[{fleet.name}] The last day", "\n".join(_day(fleet, state, at))
    if all(notice.about != about for notice in notices(state)):
        return None
    if about == DISK:
        do = "Nothing new begins until there is room: finish or close what waits, or raise workspace.disk."
        return f"[{fleet.name}] {_ASKS[DISK]}", _with_link(fleet, f"{state.crowded}\n\n{do}", "")
    warned = state.warnings.get(about)
    if warned is not None:
        used = amount(warned.figure, warned.used, warned.limit)
        why = f"{used}. What is left goes to runs as before; at its end they are stopped, and others wait."
        return f"[{fleet.name}] {_used(warned)}", _with_link(fleet, f"{why}\n\nSee: fleet budget", "budgets")
    name = about.removeprefix(f"{QUARANTINE}-")
    if name != about:
        do = f'Let it work again: fleet release {name} -m "why"'
        why = f"{_line(state.agent(name).quarantined, _WHY)}\n\n{do}"
        return f"[{fleet.name}] {_ASKS[QUARANTINE]}: {name}", _with_link(fleet, why, f"agents/{name}")
    approval = state.approvals[about]
    subject = _subject(state, approval)
    title = (
        f"[{fleet.name}] {_ASKS.get(approval.kind, 'A job waits for you')}{f': {subject}' if subject else ''}"
    )
    text = f"{_line(approval.why, _WHY)}\n\n{_who(state, approval)}Answer: fleet approve {approval.id}"
    return title, _with_link(fleet, text, f"approvals#{approval.id}")


def of_checkpoint(fleet: Fleet, size: int, line: str) -> tuple[str, str]:
    """The title and the text of a checkpoint, which is kept for a day on which somebody doubts the log."""
    do = "Keep it. To compare the log with it: fleet audit verify --checkpoint"
    return f"[{fleet.name}] Checkpoint of {size} events", f"{line}\n\n{do} and the line above, in quotes"


def _subject(state: State, approval: Approval) -> str:
    instance = state.instances.get(approval.instance)
    change = state.changes.get(approval.change)
    item = state.items.get(instance.item if instance else change.item if change else 0)
    number = (change.ref or f"#{change.id}") if change else (item.ref or f"#{item.id}") if item else ""
    words = change.title if change else item.title if item else ""
    return _line(f"{number} {words}", _TITLE)


def _who(state: State, approval: Approval) -> str:
    run = state.runs.get(approval.run)
    return f"{run.agent}, run {run.id}. " if run is not None and run.agent else ""


def _with_link(fleet: Fleet, text: str, page: str) -> str:
    return f"{text}\n{fleet.notify_link.rstrip('/')}/{page}" if fleet.notify_link else text


def _day(fleet: Fleet, state: State, at: int) -> Iterator[str]:
    since = at - DAY_MS
    merged = [each for each in state.changes.values() if since <= each.merged_at < at]
    ended = [each for each in state.runs.values() if since <= each.ended < at]
    failed = sum(each.outcome in ("failed", "timed_out", "over_budget") for each in ended)
    cost = sum(each.cost_micros for each in ended) / 1e6
    yield f"Merged: {len(merged)}. Runs: {len(ended)}, of which {failed} failed. Spent: ${cost:.2f}."
    for change in merged[:_MOST]:
        yield f"  {change.ref or f'#{change.id}'} {_line(change.title, _TITLE)}"
    for warned in state.warnings.values():
        if warned.at >= since:
            yield f"{_used(warned)}."
    waiting = [each for each in notices(state) if each.kind != BUDGET]
    yield f"Waiting for a person: {len(waiting)}."
    for notice in waiting[:_MOST]:
        found = state.approvals.get(notice.about)
        about = _subject(state, found) if found is not None else notice.about
        yield f"  {_ASKS.get(notice.kind, notice.kind)}: {about}"
    if fleet.notify_link:
        yield fleet.notify_link


def _used(warned: Warned) -> str:
    return f"{warned.percent} % of {_line(warned.words, _TITLE)} are used ({warned.figure})"


def _line(text: str, most: int) -> str:
    """One line of outside text: no control characters, and no word that calls people (`@all`, `<!here>`)."""
    plain = " ".join(clean(text).split()).replace("@", "@\u200b").replace("<!", "<\u200b!")
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"
