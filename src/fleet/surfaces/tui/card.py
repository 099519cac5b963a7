"""The card of a question: all that is needed to answer it, on a few lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fleet.model.state import Approval, Change, Run, State
from fleet.ports.repository import FileChange
from fleet.surfaces.figures import money
from fleet.surfaces.questions import ask
from fleet.surfaces.risky import risk_of
from fleet.surfaces.tui.live import Live
from fleet.surfaces.tui.look import Line, Piece, lasted, shown, wrapped
from fleet.views.changes import change_page

_LABEL = 8
_FILES = 12


class Patch(NamedTuple):
    """What a change changes: its files and its diff."""

    files: Sequence[FileChange]
    text: str


def card(live: Live, found: Approval, patch: Patch | None, room: int, *, short: bool = True) -> list[Line]:
    """The card's lines. `short`: texts are cut to a line or two, as below a list."""
    state = live.state
    change = state.changes.get(found.change)
    instance = state.instances.get(found.instance)
    item = state.items.get(instance.item if instance else change.item if change else 0)
    title = change.title if change else item.title if item else ""
    about = f"PR{change.id} " if change else f"#{item.id} " if item else ""
    lines: list[Line] = [
        (
            (f"{found.id}  ", "bold"),
            (ask(found.kind), "warn bold"),
            (f"  {about}", "place"),
            (shown(title), "bold"),
        )
    ]
    lines += _field("why", [(shown(found.why), "")], room, 2 if short else 0)
    if change is not None:
        lines += _of_change(live, change, patch, room, short=short)
    runs = _runs(state, found, change)
    spent = money(sum(run.cost_micros for run in runs))
    by = ", ".join(dict.fromkeys(shown(run.agent) for run in runs if run.agent))
    waited = lasted(live.now - found.asked)
    lines += _field(
        "cost",
        [
            (f"{spent} in {_many(len(runs), 'run')}", ""),
            (f"  {by}" if short else f"  {by}   waits {waited}", "dim"),
        ],
        room,
        1,
    )
    if found.head and not short:
        lines += _field("good for", [(found.head[:12], ""), ("  this commit alone", "dim")], room, 1)
    return lines


def by_risk(files: Iterable[FileChange]) -> list[tuple[FileChange, tuple[str, ...]]]:
    """The files with what makes them risky, the riskiest first."""
    found = []
    for each in files:
        score, reasons = risk_of(each)
        found.append((score, each, reasons))
    found.sort(key=lambda row: -row[0])
    return [(each, reasons) for _, each, reasons in found]


def _of_change(live: Live, change: Change, patch: Patch | None, room: int, *, short: bool) -> list[Line]:
    page = change_page(live.fleet, live.state, change)
    lines: list[Line] = []
    lines += _diff(change, patch, room, short=short)
    factors = ", ".join(
        f"{shown(each['name'])} {each['points']} ({shown(each['reason'])})" for each in page["factors"]
    )
    score = page["risk"]
    style = "bad" if (score or 0) >= 60 else "warn" if (score or 0) >= 30 else "good"
    lines += _field(
        "risk",
        [("not known yet", "dim")] if score is None else [(f"{score} of 100  ", style), (factors, "")],
        room,
        1 if short else 0,
    )
    checks: list[Piece] = []
    for each in page["checks"]:
        ok = bool(each.get("ok"))
        checks.append(
            (
                f"{'✓' if ok else '✗'} {shown(each.get('name', ''))} {'passed' if ok else 'failed'}   ",
                "good" if ok else "bad",
            )
        )
    lines += _field("checks", checks or [("none ran for this commit", "dim")], room, 1)
    reviews = [each for each in page["reviews"] if each["counts"]]
    for each in reviews or []:
        ok = each["verdict"] == "approve"
        said = [
            (
                f"{'✓' if ok else '✗'} {shown(each['by'])} {'approves' if ok else 'asks for changes'}  ",
                "good" if ok else "bad",
            ),
            (shown(each["text"]), ""),
        ]
        lines += _field("review", said, room, 1 if short else 0)
    if not reviews:
        lines += _field("review", [("none of this commit", "dim")], room, 1)
    return lines


def _diff(change: Change, patch: Patch | None, room: int, *, short: bool) -> list[Line]:
    if patch is None:
        files, changed = change.risk.get("files"), change.risk.get("lines")
        known = (
            f"{_many(int(files), 'file')}, {_many(int(changed or 0), 'line')}" if files is not None else "…"
        )
        return _field("diff", [(known, "")], room, 1)
    added, gone = sum(each.added for each in patch.files), sum(each.deleted for each in patch.files)
    head: list[Piece] = [
        (f"{_many(len(patch.files), 'file')}  ", ""),
        (f"+{added} ", "good"),
        (f"−{gone}  ", "bad"),
    ]
    ranked = by_risk(patch.files)
    if short:
        return _field("diff", [*head, (", ".join(shown(each.path) for each, _ in ranked), "")], room, 1)
    lines = _field("diff", head, room, 1)
    for each, reasons in ranked[:_FILES]:
        why = f"  ! {', '.join(shown(reason) for reason in reasons)}" if reasons else ""
        lines += _field(
            "",
            [(f"+{each.added} −{each.deleted}  ".rjust(12), "dim"), (shown(each.path), ""), (why, "warn")],
            room,
            1,
        )
    if len(ranked) > _FILES:
        lines += _field("", [(f"{len(ranked) - _FILES} files more", "dim")], room, 1)
    return lines


def _runs(state: State, found: Approval, change: Change | None) -> list[Run]:
    instance = state.instances.get(found.instance or (change.instance if change else ""))
    names = [name for job in instance.jobs.values() for name in job.runs] if instance is not None else []
    return [state.runs[name] for name in names if name in state.runs]


def _field(name: str, pieces: Sequence[Piece], room: int, most: int) -> list[Line]:
    """A name and what it says, on at most so many lines (0: as many as it takes)."""
    label = (f"{name:<{_LABEL}} ", "dim")
    wide = max(10, room - _LABEL - 1)
    whole = "".join(text for text, _ in pieces)
    if most == 1 or (len(pieces) > 1 and len(whole) <= wide):
        return [(label, *pieces)]
    first, *rest = pieces
    lines = wrapped(first[0] if not rest else whole, wide)
    kept = lines[:most] if most else lines
    if len(kept) < len(lines):
        kept[-1] = kept[-1][: wide - 1] + "…"
    style = first[1] if not rest else ""
    return [(label if not at else (" " * (_LABEL + 1), ""), (line, style)) for at, line in enumerate(kept)]


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
