"""The keys, once for the screens, the help and the line at the bottom."""

from __future__ import annotations

from typing import NamedTuple

from textual.binding import Binding, BindingType

NAMES = {
    "enter": "enter",
    "escape": "esc",
    "slash": "/",
    "question_mark": "?",
    "tab": "tab",
    "shift+tab": "shift tab",
    "space": "space",
}


class Key(NamedTuple):
    """A key, the action that it calls, a word for the bottom line, and a sentence for the help."""

    key: str
    action: str
    word: str
    help: str


DEEDS = (
    Key("a", "approve", "approve", "approve: let what waits go on, or answer a question"),
    Key("A", "always", "always", "always: allow this call, and just this from now on"),
    Key("r", "reject", "reject", "reject, with a reason; or send it back to its author"),
    Key("s", "say", "say", "say something to a live run, or answer what it asked"),
    Key("x", "stop", "stop", "stop a run, once you have confirmed it"),
    Key("t", "retry", "retry", "retry a failed or stopped run"),
    Key("g", "attach", "attach", "attach to a live run's terminal; q there comes back"),
    Key("Q", "quarantine", "quarantine", "quarantine an agent, or release it"),
)
LOOKS = (
    Key("enter", "open", "open", "open: a run's transcript, a question with its diff"),
    Key("d", "diff", "diff", "the diff of its pull request"),
    Key("c", "budgets", "costs", "costs: every budget against its ceiling, and a forecast"),
    Key("i", "insight", "insight", "insight: what came of it, lead time, cost per change"),
    Key("p", "agent", "agent", "profile: the agent's record, ceilings, runs and tries"),
    Key("slash", "filter", "filter", "filter: only lines with these words; empty shows all"),
    Key("v", "everything", "all", "events: the bookkeeping too, or only what matters"),
    Key("space", "fold", "fold", "transcript: show all of a result, or fold it"),
    Key("escape", "back", "back", "back; takes a filter away first"),
    Key("question_mark", "help", "help", "help: this page"),
    Key("q", "quit", "quit", "quit; agents and watcher go on"),
)
MOVES = (
    ("tab, shift tab", "the next list, the one before"),
    ("↑ ↓, k j", "the line above, the line below"),
    ("pgup pgdn, b f", "a screen up, a screen down"),
    ("home, end, G", "the first line, the last: there it follows what comes"),
)


def bindings() -> list[BindingType]:
    """What every screen listens to."""
    return [Binding(each.key, each.action, each.word, show=False) for each in (*DEEDS, *LOOKS)]


def name(key: str) -> str:
    """The key as people write it."""
    return NAMES.get(key, key)
