"""Whose word counts as a person's for the head of a change, and since when."""

from __future__ import annotations

from fleet.model.fleet import Fleet
from fleet.model.state import Change, State
from fleet.policy.rounds import last_words

PERSON = "user/"


def approving(change: Change) -> dict[str, int]:
    """Who approved the head, by answering Fleet's question or by a review, and when last (ms since the
    epoch). Whoever approved and then asked for changes does not approve.
    """
    latest = last_words(change)
    against = {by for by, each in latest.items() if each["verdict"] == "request-changes"}
    found = {by: change.approved_at.get(by, change.updated) for by in change.approved_by if by not in against}
    for by, each in latest.items():
        if by.startswith(PERSON) and each["verdict"] == "approve":
            found[by] = max(found.get(by, 0), int(each.get("time", 0)))
    return found


def releasing(change: Change) -> list[str]:
    """Who let this head out of quarantine, and so has looked at it; not whoever asked for changes since."""
    by = change.released_by if change.released == change.head else ""
    word = last_words(change).get(by)
    against = word is not None and word["verdict"] == "request-changes"
    return [by] if by.startswith(PERSON) and not against else []


def is_one_of(person: str, logins: tuple[str, ...]) -> bool:
    """Whether a person (`user/ann`) is one of these logins, for which case does not matter."""
    return person.removeprefix(PERSON).casefold() in {each.casefold() for each in logins}


def valid(state: State, words: dict[str, int], expires_ms: int) -> dict[str, int]:
    """Those that have not lapsed."""
    return {by: at for by, at in words.items() if not expires_ms or state.now < at + expires_ms}


def team(fleet: Fleet, owner: str) -> tuple[str, ...]:
    """The people of a team of the forge (`@org/name`), as fleet.yaml lists them; nobody where it does not."""
    return dict(fleet.teams).get(owner.removeprefix("@").casefold(), ())
