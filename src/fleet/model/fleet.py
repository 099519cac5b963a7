"""What fleet.yaml declares, as plain frozen data: agents, workflows, gates and budgets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from fleet.model.acts import STANDARD, Stuck
from fleet.model.channel import Channel
from fleet.model.gates import ALWAYS, UNTIMED, Asking, Different, Window
from fleet.model.permissions import Permissions
from fleet.model.price import Price
from fleet.model.quarantine import USUAL, Quarantining
from fleet.model.setup import KEPT, Keeping, Setup

Duty = Literal["change", "review", "check", "merge", "release", "plan", "triage", "report"]
DUTIES: tuple[Duty, ...] = ("change", "review", "check", "merge", "release", "plan", "triage", "report")

# The labels by which a forge shows where the work on an item stands: state → its name there.
LABELS: tuple[tuple[str, str], ...] = (
    ("ready", "fleet:ready"),
    ("working", "fleet:working"),
    ("review", "fleet:review"),
    ("approved", "fleet:approved"),
    ("blocked", "fleet:blocked"),
    ("done", "fleet:done"),
)


@dataclass(frozen=True, slots=True)
class Limit:
    """A ceiling over some window; zero means no ceiling. Time in ms, cost in micro-dollars."""

    time_ms: int = 0
    cost_micros: int = 0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Budget:
    """What an agent may use in one run, in one day (UTC), and in one week (from Monday, UTC)."""

    per_run: Limit = Limit(time_ms=45 * 60_000)
    per_day: Limit = Limit()
    per_week: Limit = Limit()


@dataclass(frozen=True, slots=True)
class Ceilings:
    """What several agents may use together: in a day, in a week, and for one work item."""

    per_day: Limit = Limit()
    per_week: Limit = Limit()
    per_item: Limit = Limit()


@dataclass(frozen=True, slots=True)
class Questions:
    """What becomes of a question that nobody answers: after `wait_ms` the agent is told `then`. Zero: it
    waits for a person.
    """

    wait_ms: int = 0
    then: str = ""


@dataclass(frozen=True, slots=True)
class Sandboxing:
    """How sessions are kept from the rest of the machine: where that works (`auto`), or not at all started
    without (`required`), or not kept (`off`).

    `reads` and `writes` are files and folders that they may use besides; `~` is the operator's home, and a
    relative path counts from the folder of fleet.yaml.
    """

    use: Literal["auto", "required", "off"] = "off"
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Agent:
    """A role: which harness plays it, with which model and prompt, how many at once, and at what cost.

    `prompt` is the body of its template, `tools` the harness's own tool names (empty: the harness's full
    set). `options` are for the harness alone (the scripted harness reads `script` there). `login` is that of
    the forge in whose name it judges, "" for the one that Fleet acts as. `fallback` is the agent that does
    its work while its own budget is used up, or where it was stuck.
    """

    name: str
    duty: Duty
    harness: str = "claude-code"
    model: str = ""
    slots: int = 1
    prompt: str = ""
    template: str = ""
    tools: tuple[str, ...] = ()
    budget: Budget = Budget()
    options: tuple[tuple[str, str], ...] = ()
    sandbox: Sandboxing = Sandboxing()
    permissions: Permissions | None = None
    login: str = ""
    stuck: Stuck = STANDARD
    questions: Questions = Questions()
    fallback: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """A command of the operator's that is run with what was merged, once, for at most `time_ms`. `kind` names
    the gate that it passes; `env` are names of the watcher's variables that it gets.
    """

    kind: str
    command: str
    time_ms: int = 10 * 60_000
    env: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """One step of a workflow: played by one of `agents`, or, without an agent, the `action` itself.

    `tag` and `notes` are a release's own, with names in braces; "" for Fleet's. `order` is what `run` does.
    """

    name: str
    agents: tuple[str, ...] = ()
    action: Literal["", "merge", "release", "run"] = ""
    needs: tuple[str, ...] = ()
    tag: str = ""
    notes: str = ""
    order: Order | None = None


@dataclass(frozen=True, slots=True)
class Trigger:
    """What starts a workflow.

    `kind` is `issue` (an issue got `label`, or was opened when `label` is empty), `event` (type `event`, any
    one's), `schedule` (the cron line `cron`, UTC), `merge` (a change was merged) or `manual`. `when` is a
    CEL filter over `event`, empty for always.
    """

    kind: Literal["issue", "event", "schedule", "merge", "manual"]
    label: str = ""
    event: str = ""
    cron: str = ""
    when: str = ""


@dataclass(frozen=True, slots=True)
class Workflow:
    """Jobs with needs, started by any of its triggers; at most `rounds` times a change is sent back."""

    name: str
    triggers: tuple[Trigger, ...]
    jobs: tuple[Job, ...]
    rounds: int = 3
    budget: Ceilings = Ceilings()

    def job(self, name: str) -> Job | None:
        """The job of that name."""
        return next((job for job in self.jobs if job.name == name), None)


@dataclass(frozen=True, slots=True)
class Check:
    """A command that is run on the merge result; `command` goes to `sh -c` and is the operator's own text."""

    name: str
    command: str
    time_ms: int = 10 * 60_000


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of a gate: `review` (so many `approvals`), `checks` (all passing), `human` (so many
    `approvals` by people), `window` (now is a time for it), or `policy` (the condition `when` is true).

    For `human`, `when` is a CEL condition: a person is needed only where it is true. `by` is who counts
    (nobody named: everybody with a say): names of agents or duties for `review`, logins or `codeowners` for
    `human`. `different` asks for a reviewer of another model or harness than the author's.
    """

    kind: Literal["review", "checks", "human", "window", "policy"]
    approvals: int = 1
    when: str = ""
    by: tuple[str, ...] = ()
    different: Different = ""
    asking: Asking = UNTIMED
    window: Window = ALWAYS


@dataclass(frozen=True, slots=True)
class Repo:
    """A repository on a forge: `name` is owner/name, `base` the branch merged into.

    `url` is where git finds it, as fleet.yaml says; "" leaves it to the checkout's remotes and the host.
    """

    name: str
    base: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Fleet:
    """The whole of fleet.yaml. `digest` tells one version from another; `base` is the branch merged into.

    For a forge that is not local: `repos` are its repositories (none for local), `host` where it is ("" for
    the forge's own), `trusted` the logins that count beside those with write access, `logins` those of agents
    and the folder of gh's configuration that each is in ("" for gh's own), `labels` each state's
    label there (the states of `LABELS`, all of them), `merge_method` how it merges. `teams` are the people of
    the teams that CODEOWNERS may name, by `org/team` in small letters.
    `sandbox` is that of checks. `audit_push` is the remote that seals are pushed to, `transcripts_ms` how
    long transcripts are kept (0: for ever). `prices` are those of models, by name.
    """

    name: str
    base: str = "main"
    forge: str = "local"
    repos: tuple[Repo, ...] = ()
    host: str = ""
    trusted: tuple[str, ...] = ()
    teams: tuple[tuple[str, tuple[str, ...]], ...] = ()
    logins: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[str, str], ...] = LABELS
    merge_method: Literal["merge", "squash", "rebase"] = "merge"
    agents: tuple[Agent, ...] = ()
    workflows: tuple[Workflow, ...] = ()
    checks: tuple[Check, ...] = ()
    gates: tuple[tuple[str, tuple[Requirement, ...]], ...] = ()
    merge_gate: tuple[Requirement, ...] = (Requirement("review"), Requirement("checks"))
    quarantine_failures: int = 3
    quarantine_when: str = ""
    quarantine: Quarantining = USUAL
    attempts: int = 3
    budget: Ceilings = Ceilings()
    notify: tuple[Channel, ...] = ()
    setup: Setup | None = None
    keeping: Keeping = KEPT
    notify_link: str = ""
    sandbox: Sandboxing = Sandboxing()
    audit_push: str = ""
    transcripts_ms: int = 0
    prices: tuple[tuple[str, Price], ...] = ()
    digest: str = ""
    _agents: dict[str, Agent] = field(default_factory=dict, init=False, repr=False, compare=False)
    _workflows: dict[str, Workflow] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index by name, since the rules look names up all the time."""
        self._agents.update({agent.name: agent for agent in self.agents})
        self._workflows.update({workflow.name: workflow for workflow in self.workflows})

    def agent(self, name: str) -> Agent | None:
        """The agent of that name."""
        return self._agents.get(name)

    def gate(self, kind: str) -> tuple[Requirement, ...]:
        """The lines that an action of this kind has to pass; none where it has no gate."""
        return self.merge_gate if kind == "merge" else dict(self.gates).get(kind, ())

    def workflow(self, name: str) -> Workflow | None:
        """The workflow of that name."""
        return self._workflows.get(name)
