"""What a person is asked, in words: the question, and what each answer does. By the kind of the approval."""

from __future__ import annotations

from collections.abc import Mapping

_ASKS: Mapping[str, str] = {
    "merge": "May this be merged?",
    "gate": "May this go on?",
    "question": "An agent asks",
    "rounds": "Out of rounds: one more?",
    "handoff": "May this begin?",
    "held": "A merge is held",
    "timed_out": "Out of time: try again?",
    "over_budget": "Over its budget: try again?",
    "auth": "Its credentials were refused: try again?",
    "stopped": "It was stopped: try again?",
    "takeover": "A person has it in hand",
    "suspect": "A change is in quarantine: release it?",
    "command": "A command did not end well: run it again, or is it done?",
    "permission": "May it do this?",
    "quarantine": "An agent is kept from working: release it?",
    "budget": "Out of budget",
}
_YES: Mapping[str, str] = {
    "merge": "Approve the merge",
    "gate": "Let it go on",
    "question": "Send the answer",
    "rounds": "Give it one more round",
    "handoff": "Let it begin",
    "permission": "Allow it this once",
    "suspect": "Release it",
    "command": "Run it once more",
    "takeover": "Hand it back to the agent",
}
_NO: Mapping[str, str] = {"merge": "Reject and end the work", "permission": "Deny it"}
_WORDS: Mapping[str, str] = {
    "merge": "Your words (needed to send back or to reject)",
    "question": "Your answer",
    "suspect": "Why it is released (needed)",
    "command": "What you found (needed to take it as done, or to end the work)",
    "takeover": "What you did (the agent reads it)",
}
AS_DONE = "Take it as done"
"""The answer that a command did what it was for, though it did not end well."""


def ask(kind: str) -> str:
    """The question."""
    return _ASKS.get(kind, "A job stands still: try again?")


def yes(kind: str) -> str:
    """What letting it go on is called."""
    return _YES.get(kind, "Try again")


def no(kind: str) -> str:
    """What refusing it is called."""
    return _NO.get(kind, "Refuse and end the work")


def words_for(kind: str) -> str:
    """What the room for words is for."""
    return _WORDS.get(kind, "Words for the agent (needed to refuse)")
