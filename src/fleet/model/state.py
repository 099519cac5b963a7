"""What is true now, as the fold of the log: items, workflow instances, runs, changes, agents, wishes.

These are records that `fleet.policy.fold` fills. `cause` is always the id of the event that last changed the
record: what follows from it names that event as its cause.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from fleet.model.access import Access, Link
from fleet.model.acts import Act, Course, Deed, Look
from fleet.model.proposal import Proposal
from fleet.model.warned import Warned
from fleet.model.words import Words

RunState = Literal["queued", "starting", "running", "collecting", "ended", "cancelled"]
RunOutcome = Literal["", "succeeded", "failed", "stopped", "timed_out", "over_budget"]
JobState = Literal["waiting", "active", "rejected", "landing", "stuck", "done"]
"""`rejected`: its agent asked for changes, and the round is not over yet. `landing`: its change may be merged
as soon as the gate opens."""


@dataclass(slots=True)
class Item:
    """An issue, or a task given by hand."""

    id: int
    title: str
    body: str
    author: str
    trusted: bool
    kind: str = "issue"
    repo: str = ""  # "" in the local forge, else owner/name
    ref: str = ""  # what its forge calls it: owner/name#12
    labels: list[str] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)
    open: bool = True
    closed_by: str = ""  # who closed it; `fleet` where its change was merged
    opened: int = 0
    cause: str = ""


@dataclass(slots=True)
class JobRecord:
    """Where one job of an instance stands. `runs` are its attempts, oldest first."""

    state: JobState = "waiting"
    runs: list[str] = field(default_factory=list)
    feedback: str = ""
    reason: str = ""
    kind: str = ""  # why it is stuck: rounds, failed, question, rejected …
    failures: int = 0  # in a row, in this round
    free: int = 0  # failures in a row since the last of those, which used up no attempt
    ordered: int = 0  # how often its command was run, where that is its action
    done_head: str = ""  # for which head of the change it was done
    cause: str = ""


@dataclass(slots=True)
class Instance:
    """One workflow at work on one item."""

    id: str
    workflow: str
    item: int
    trigger: str
    started: int
    jobs: dict[str, JobRecord] = field(default_factory=dict)
    agent: str = ""  # for a task given to one agent by hand: the instance has that one job
    depth: int = 0  # how many instances led to this one, each started by an event of the one before
    change: int = 0
    round: int = 1
    outcome: str = ""
    reason: str = ""
    answered: str = ""  # what came of the last command that somebody gave there on the forge
    cause: str = ""


@dataclass(slots=True)
class Run:
    """One attempt of one agent at one job."""

    id: str
    instance: str
    job: str
    duty: str
    item: int
    attempt: int
    round: int
    queued: int
    state: RunState = "queued"
    agent: str = ""
    harness: str = ""
    model: str = ""
    change: int = 0
    head: str = ""
    branch: str = ""
    workspace: str = ""
    resumes: str = ""
    feedback: str = ""
    not_before: int = 0
    ceiling_ms: int = 0
    cost_limit: int = 0
    token_limit: int = 0
    conversation: str = ""
    conversed: bool = False  # its harness has opened that conversation, or gone on with it
    question: str = ""
    asked_at: int = 0  # when it asked
    answer: str = ""  # what it was told since, and by whom
    answered_by: str = ""
    answer_heard: bool = False
    unsaid: dict[str, str] = field(default_factory=dict)  # event id → words for the agent, not delivered yet
    words: dict[str, Words] = field(default_factory=dict)  # event id → what it may not have heard yet
    pid: int = 0  # of the process that supervises its session
    sandbox: str = ""  # what keeps it from the rest of the machine: bwrap or none; "" before it starts
    started: int = 0
    ended: int = 0
    verdict: str = ""
    text: str = ""
    action: str = ""
    acted: int = 0
    cost_micros: int = 0
    cost_known: bool = (
        False  # some harnesses tell the cost at the end alone, and so never when they are killed
    )
    tokens: int = 0
    turns: int = 0  # answers of its model
    stop_reason: str = ""
    stop_kind: str = ""  # person | takeover | over_budget | quarantine | not_wanted
    stopped_by: str = ""
    in_hand: str = ""  # the person who has taken it over, until it is handed back
    stopping: bool = False  # its session was told to end
    at_once: bool = False  # it was being stopped when its agent or its change was put into quarantine
    redacted: str = ""  # why its transcript is gone
    unheard: bool = False  # no watcher ran for a while, so what it wanted to report may have been lost
    exit: dict[str, Any] = field(default_factory=dict)
    collected: dict[str, Any] = field(default_factory=dict)
    outcome: RunOutcome = ""
    reason: str = ""
    denied: int = 0
    heard: int = 0  # when it last said or did anything
    trail: list[Act] = field(default_factory=list)  # its latest acts, oldest first, since it was last nudged
    course: Course = field(default_factory=Course)  # whether it gets on
    deeds: dict[str, Deed] = field(default_factory=dict)  # what it did, by what was done
    looks: list[Look] = field(default_factory=list)  # how the machine saw it, since it was last heard
    busy_at: int = 0  # when its processes were last seen at work
    changed: int = 0  # when it last changed a file, as far as one knows
    changed_cost: int = 0  # what it had spent by then
    work: str = ""  # a digest of its workspace when somebody looked
    fruitless: int = 0  # calls since then
    context: int = 0  # tokens that its model was last given, and how many it can take (0: not known)
    window: int = 0
    context_told: bool = False  # it was told that they are nearly full
    nudged_at: int = 0
    nudges: list[str] = field(default_factory=list)  # the reasons for which it was nudged, oldest first
    deaf: bool = False  # it could not be told something
    awaits: str = ""  # the kind of the approval that is asked for it and not answered
    waits_kind: str = ""  # rate limit | permission: what it waits for inside, until waits_until
    waits_reason: str = ""
    waits_until: int = 0
    allowed_ms: int = 0  # how much longer its session may last for that
    asks_ms: int = 0  # how much of that a run has in advance that asks a person and does nothing else
    asks_from: int = 0  # since when
    waited_ms: int = 0  # how long it has waited so, which its budget of time does not count
    cause: str = ""

    @property
    def live(self) -> bool:
        """Whether it holds a slot: from its admission to its end."""
        return self.state in ("starting", "running", "collecting")


@dataclass(slots=True)
class Change:
    """A pull request. Reviews, checks, approvals and risk are kept for the head they were made for only."""

    id: int
    item: int
    instance: str
    branch: str
    base: str
    head: str
    author: str
    title: str
    body: str = ""
    repo: str = ""
    ref: str = ""
    authors: list[str] = field(default_factory=list)  # of every head that it ever had
    heads: list[str] = field(default_factory=list)  # every head that it has had, oldest first
    maker: str = ""  # the job whose run made the head
    updated: int = 0  # when it got its head
    open: bool = True
    merged: str = ""
    merged_at: int = 0
    merged_by: str = ""  # a person who merged it on the forge, "" where Fleet did
    opened: int = 0
    reviews: list[dict[str, Any]] = field(default_factory=list)
    checks: dict[str, Any] = field(default_factory=dict)
    reports: dict[str, dict[str, Any]] = field(
        default_factory=dict
    )  # the forge's own checks of the head, by name
    remarks: list[dict[str, Any]] = field(default_factory=list)  # of people, at a line or in a review
    guard: dict[str, Any] = field(default_factory=dict)  # what the forge itself asks of the head
    risk: dict[str, Any] = field(default_factory=dict)
    inspected: dict[str, Any] = field(default_factory=dict)  # which of its files need a certain person's word
    approved_by: list[str] = field(default_factory=list)
    approved_at: dict[str, int] = field(default_factory=dict)  # who approved it → when last
    gate: list[dict[str, Any]] = field(default_factory=list)
    held: dict[str, Any] = field(default_factory=dict)
    quarantined: str = ""  # the reason, "" when free
    quarantined_at: int = 0
    released: str = ""  # the head for which a person released it
    released_by: str = ""
    cause: str = ""


@dataclass(slots=True)
class Approval:
    """A question that waits for a person."""

    id: str
    kind: str
    why: str
    asked: int
    change: int = 0
    head: str = ""
    instance: str = ""
    job: str = ""
    run: str = ""
    answer: str = ""  # "" waits, else given | refused
    by: str = ""
    note: str = ""
    send_back: bool = False
    as_done: bool = False  # whoever gave it says that what did not end well is done
    passage: str = ""  # the action that waits for it, where that is no merge
    reminded: int = 0  # when people were last reminded of it, 0 for never
    escalated: int = 0  # when others were told of it, 0 for never
    handled: bool = False
    cause: str = ""


@dataclass(slots=True)
class AgentRecord:
    """What the log knows about an agent: its quarantine, its failures in a row, what it spent by day."""

    name: str
    quarantined: str = ""  # the reason, "" when free
    since: int = 0  # when it was quarantined
    failures: int = 0
    denied: int = 0
    last_failed: str = ""
    spent: dict[int, dict[str, int]] = field(default_factory=dict)  # day number → time_ms, cost, tokens
    cause: str = ""


@dataclass(slots=True)
class HeldCall:
    """A call of a tool that waits for a person, at most until then (ms since the epoch)."""

    run: str
    call: str
    tool: str
    about: str
    rule: str
    until: int
    approval: str = ""
    where: str = ""  # to which list of its agent's permissions `offer` would be added: allow | always
    offer: tuple[str, ...] = ()  # rules by which it would not wait any more
    cause: str = ""


@dataclass(slots=True)
class Hold:
    """A provider that refused, so that nobody asks it until then (ms since the epoch). `strikes` in a row."""

    until: int
    reason: str
    strikes: int = 0
    run: str = ""


@dataclass(slots=True)
class Passage:
    """An action that gates of these `kinds` hold back. `key` is that of the wish that it waits for, `lines`
    say what of its gates is met, `approved` who let it pass and when.
    """

    key: str
    kinds: list[str] = field(default_factory=list)
    change: int = 0
    run: str = ""
    head: str = ""
    instance: str = ""
    lines: list[dict[str, Any]] = field(default_factory=list)
    approved: dict[str, int] = field(default_factory=dict)
    cause: str = ""


@dataclass(slots=True)
class Wish:
    """An effect that is wanted and not yet done. `retry_at` (ms) is when it may be tried again."""

    key: str
    kind: str
    args: dict[str, Any]
    wanted: int
    attempt: int = 0
    retry_at: int = 0
    error: str = ""
    stop_reason: str = ""  # why what it began was asked to end
    cause: str = ""


@dataclass(slots=True)
class Pending:
    """An event that may start workflows and was not routed yet."""

    id: str
    type: str
    source: str
    subject: str
    data: dict[str, Any]
    time: int
    correlation: str = ""


@dataclass(slots=True)
class State:
    """The whole fold. `now` is the time of the newest event: the only clock that the rules know."""

    seq: int = 0
    now: int = 0
    started: int = 0
    step: bool = False
    config: str = ""
    triggers: list[str] = field(default_factory=list)  # event types that fleet.yaml's workflows listen to
    bases: dict[str, str] = field(default_factory=dict)  # repository → its base branch's commit, last seen
    refs: dict[str, int] = field(default_factory=dict)  # what a forge calls an item or change → its number
    shown_brief: dict[int, str] = field(default_factory=dict)  # the same of what nobody may have to wait for
    shown: dict[int, str] = field(default_factory=dict)  # item → the digest of how its forge shows it
    shown_at: dict[int, int] = field(default_factory=dict)  # item → since when
    posted: dict[str, None] = field(default_factory=dict)  # runs whose review was posted on the forge
    to_show: dict[int, None] = field(default_factory=dict)  # items whose forge may show them as they were
    commands: dict[str, Pending] = field(default_factory=dict)  # what people told Fleet to do on the forge
    turned_away: dict[str, None] = field(default_factory=dict)  # where one who may not command was told so
    instance_number: int = 0
    number: int = 0  # the last number given to an item or a change
    run_number: int = 0
    approval_number: int = 0
    items: dict[int, Item] = field(default_factory=dict)
    instances: dict[str, Instance] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    changes: dict[int, Change] = field(default_factory=dict)
    approvals: dict[str, Approval] = field(default_factory=dict)
    agents: dict[str, AgentRecord] = field(default_factory=dict)
    record: dict[str, dict[int, dict[str, int]]] = field(
        default_factory=dict
    )  # agent/NAME, since/NAME (its last release), model/NAME → day → what was counted
    passages: dict[str, Passage] = field(default_factory=dict)  # actions that their gates hold back, by key
    wishes: dict[str, Wish] = field(default_factory=dict)
    pending: dict[str, Pending] = field(default_factory=dict)
    access: dict[str, Access] = field(default_factory=dict)  # by the person's name
    links: dict[str, Link] = field(default_factory=dict)  # by digest
    asked: dict[str, None] = field(default_factory=dict)  # ids of approvals that are not dealt with, in order
    proposals: dict[str, Proposal] = field(default_factory=dict)  # rules that a person wants in fleet.yaml
    held: dict[str, HeldCall] = field(default_factory=dict)  # run.call → calls that wait for a person
    spent: dict[str, dict[int, dict[str, int]]] = field(
        default_factory=dict
    )  # fleet, workflow/NAME, item/N … → day number → time_ms, cost_micros, tokens
    warned: dict[str, int] = field(default_factory=dict)  # scope and figure → the percentage last warned of
    warnings: dict[str, Warned] = field(default_factory=dict)  # the last day's, of ceilings that runs share
    holds: dict[str, Hold] = field(default_factory=dict)  # account → why and how long nobody asks it
    kept: dict[str, None] = field(default_factory=dict)  # ended runs whose transcripts are there, in order
    sealing: int = 0  # since when a watcher signs what it does
    attested: int = 0  # the event that last said that a merge was attested
    attested_at: int = 0
    vouched: dict[str, int] = field(default_factory=dict)  # channel → which checkpoint was last told there
    to_attest: dict[int, None] = field(default_factory=dict)  # changes whose merge is to be attested
    told: dict[str, dict[str, int]] = field(default_factory=dict)  # what waits → channel → when
    digests: dict[str, int] = field(default_factory=dict)  # channel → of which day it had the summary
    crowded: str = ""  # why no run starts: the workspaces take more of the disk than they may
    crowded_at: int = 0
    scheduled: dict[str, int] = field(default_factory=dict)  # workflow → when its schedule last fired
    active: dict[str, None] = field(default_factory=dict)  # ids of instances that are not finished, in order
    moving: dict[str, None] = field(default_factory=dict)  # ids of runs that are queued or live, in order

    def base_of(self, repo: str) -> str:
        """The base branch's commit when somebody last looked, "" when nobody has."""
        return self.bases.get(repo, "")

    def agent(self, name: str) -> AgentRecord:
        """The record of an agent, made when it is first asked for."""
        if name not in self.agents:
            self.agents[name] = AgentRecord(name)
        return self.agents[name]
