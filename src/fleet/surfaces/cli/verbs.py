"""The table of verbs: what `fleet --help` shows and where each verb lives.

A new verb is one row here and one file beside this one. The table is plain data, so that help, a wrong
word and completion need to load no verb at all.
"""

from __future__ import annotations

import os
from typing import NamedTuple


class Verb(NamedTuple):
    """One verb of the command line.

    `module` is a file of this package, `attribute` what to call in it: a `typer.Typer`, or for a `raw` verb a
    function that takes the arguments as they came and returns the exit code (so it can start without Typer).
    A raw verb's module may have `WORDS`, its first words with their help, for completion.
    """

    name: str
    help: str
    module: str
    attribute: str = "app"
    raw: bool = False


GROUPS: tuple[tuple[str, tuple[Verb, ...]], ...] = (
    (
        "Begin",
        (
            Verb("init", "write fleet.yaml and .fleet/ for this repository", "init"),
            Verb("doctor", "what is installed, what is missing, how to get it", "doctor"),
            Verb("demo", "a whole story, from feature to merge, in a scratch repository", "demo"),
            Verb("config", "check fleet.yaml, print its schema", "config"),
            Verb("template", "list, show, make and check agents' templates", "template"),
            Verb("harness", "list harnesses, put one to its law", "harness"),
        ),
    ),
    (
        "Watch",
        (
            Verb("watcher", "start, stop, restart the control plane; its status and logs", "watcher"),
            Verb("status", "agents, runs, approvals and budgets on one screen", "status"),
            Verb("dashboard", "the same in the terminal, live, and to answer by keys", "dashboard"),
            Verb("web", "the same and more in the browser, live, and to answer", "web"),
            Verb("runs", "list runs", "runs"),
            Verb("logs", "a run's transcript, readable; -f follows it", "logs"),
            Verb("attach", "look into a live run's terminal", "attach"),
        ),
    ),
    (
        "Work",
        (
            Verb("issue", "create, list, show and label issues", "issue"),
            Verb("pr", "list and show pull requests and their diffs", "pr"),
            Verb("run", "give an agent a task by hand", "run"),
            Verb("say", "tell a live run something", "say"),
            Verb("stop", "stop a run", "stop"),
            Verb("takeover", "go on by hand in a run's conversation and workspace", "takeover"),
            Verb("handback", "let the agent go on with what you did", "handback"),
            Verb("retry", "try a failed or stopped run again", "retry"),
        ),
    ),
    (
        "Decide",
        (
            Verb("approvals", "what waits for a person", "approvals"),
            Verb("approve", "let it go on", "approve"),
            Verb("reject", "refuse it, with a reason", "reject"),
            Verb("quarantine", "let an agent do nothing more", "quarantine"),
            Verb("release", "let it work again", "release"),
        ),
    ),
    (
        "Understand",
        (
            Verb("why", "the events and the rule that led to a state", "why"),
            Verb("plan", "what would be done next, without doing it", "plan"),
            Verb("agents", "how agents have done lately, and whom to trust", "agents"),
            Verb("risk", "how risky a pull request, a commit or a range is, and why", "risk"),
            Verb("budget", "time and cost used, and what is left", "budget"),
            Verb("telemetry", "traces over OTLP, figures for Prometheus", "telemetry"),
            Verb("events", "the event log; --follow goes on", "events"),
            Verb("emit", "append an event of your own", "emit"),
            Verb("audit", "verify the log, export it", "audit"),
        ),
    ),
    (
        "For machines",
        (
            Verb("agent", "what a running agent may ask (inside a session only)", "agent", "main", raw=True),
            Verb(
                "completion",
                "print the completion script for bash, zsh or fish",
                "completion",
                "main",
                raw=True,
            ),
        ),
    ),
)


def shown_groups() -> list[tuple[str, list[Verb]]]:
    """The groups with those verbs whose file is there: a row may be written before its verb is."""
    here = {name.removesuffix(".py") for name in os.listdir(os.path.dirname(__file__))}  # noqa: PTH120, PTH208
    groups = [(title, [verb for verb in verbs if verb.module in here]) for title, verbs in GROUPS]
    return [(title, verbs) for title, verbs in groups if verbs]


def shown_verbs() -> dict[str, Verb]:
    """The verbs that can be called, by name, in the order of the table."""
    return {verb.name: verb for _, verbs in shown_groups() for verb in verbs}
