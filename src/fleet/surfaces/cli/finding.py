"""Finding what a person named; an error that helps where there is no such thing."""

from __future__ import annotations

from collections.abc import Iterable

from fleet.model.errors import FleetError
from fleet.model.state import Approval, Change, Item, Run, State
from fleet.surfaces.cli.options import number


def find_run(state: State, name: str) -> Run:
    """The run of that id. Raises `FleetError`."""
    run = state.runs.get(name.strip())
    if run is None:
        raise _missing("run", name, state.runs, "fleet runs")
    return run


def find_item(state: State, text: str) -> Item:
    """The issue or task of that number. Raises `FleetError`."""
    found = number(text)
    if found in state.changes:
        raise FleetError(f"{found} is a pull request", do=f"Use: fleet pr show {found}")
    if found not in state.items:
        raise _missing("issue", str(found), map(str, state.items), "fleet issue list --all")
    return state.items[found]


def find_change(state: State, text: str) -> Change:
    """The pull request of that number. Raises `FleetError`."""
    found = number(text)
    if found in state.changes:
        return state.changes[found]
    if found in state.items:
        made = [each.id for each in state.changes.values() if each.item == found]
        do = f"Its pull request is {made[-1]}." if made else "It has no pull request yet."
        raise FleetError(f"{found} is an issue", do=do)
    raise _missing("pull request", str(found), map(str, state.changes), "fleet pr list --all")


def find_approval(state: State, name: str) -> Approval:
    """The approval of that id that nobody has answered yet. Raises `FleetError`."""
    approval = state.approvals.get(name.strip())
    if approval is None:
        raise _missing("approval", name, state.asked, "fleet approvals")
    if approval.answer:
        raise FleetError(f"{approval.id} was answered already", why=f"{approval.by} has {approval.answer} it")
    if approval.handled:
        raise FleetError(
            f"{approval.id} does not wait any more",
            why="what it asked about has changed",
            do="See: fleet approvals",
        )
    return approval


def near(word: str, known: Iterable[str], otherwise: str) -> str:
    """`Did you mean …?`, or where to look."""
    from difflib import get_close_matches

    found = get_close_matches(word, list(known), n=3, cutoff=0.6)
    return f"Did you mean {' or '.join(found)}?" if found else otherwise


def _missing(kind: str, name: str, known: Iterable[str], list_verb: str) -> FleetError:
    return FleetError(f"There is no {kind} {name!r}", do=near(name, known, f"See: {list_verb}"))
