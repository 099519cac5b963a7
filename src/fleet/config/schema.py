"""The keys of fleet.yaml: their types, bounds and defaults. Unknown keys are refused everywhere.

Short forms (`checks: {test: make test}`, one trigger instead of a list) are widened before they are checked,
so the rest of Fleet meets one form only.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from fleet.config import values
from fleet.config.audit_schema import Audit, Retention
from fleet.config.care_schema import Budget, Cost, Duration, Fallbacks, QuestionRules, SharedBudget, Stucks
from fleet.config.gate_schema import Gates, Teams
from fleet.config.notify_schema import Notifications, Notify
from fleet.config.permit_schema import Permissions
from fleet.config.price_schema import ModelPrice
from fleet.config.workspace_schema import Workspace
from fleet.model.fleet import Duty

Name = Annotated[str, BeforeValidator(values.name, json_schema_input_type=str)]
Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[list[Text], BeforeValidator(values.listed, json_schema_input_type=str | list[str])]
Tools = Annotated[list[Text], BeforeValidator(values.tools, json_schema_input_type=str | list[str])]
RepoName = Annotated[str, BeforeValidator(values.repo, json_schema_input_type=str)]
Branch = Annotated[str, BeforeValidator(values.branch, json_schema_input_type=str)]
Address = Annotated[str, BeforeValidator(values.address, json_schema_input_type=str)]
Login = Annotated[str, BeforeValidator(values.login)]
ReleaseTag = Annotated[str, BeforeValidator(values.tag, json_schema_input_type=str)]
Cron = Annotated[str, BeforeValidator(values.cron, json_schema_input_type=str)]
EventCondition = Annotated[str, BeforeValidator(values.event_condition, json_schema_input_type=str)]
QuarantineCondition = Annotated[str, BeforeValidator(values.quarantine_condition, json_schema_input_type=str)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Repository(_Part):
    """One of several repositories."""

    repo: RepoName = Field(description="OWNER/NAME")
    base: Branch | None = Field(default=None, description="Its branch; `project.base` by default")
    url: Address | None = Field(
        default=None, description="Where git finds it; else the checkout's remote, or the host, says"
    )


class Labels(_Part):
    """The labels that show on the forge where the work on an issue stands; made there when missing."""

    ready: Text = Field(default="fleet:ready", description="Work on it may begin")
    working: Text = Field(default="fleet:working", description="An agent works on it")
    review: Text = Field(default="fleet:review", description="Its pull request is looked at")
    approved: Text = Field(default="fleet:approved", description="Its pull request has what the gate asks")
    blocked: Text = Field(default="fleet:blocked", description="It waits for a person")
    done: Text = Field(default="fleet:done", description="Its pull request is merged")


class Project(_Part):
    """What this is about."""

    name: Text | None = Field(default=None, description="Its name on screens; the folder's name by default")
    forge: Annotated[str, BeforeValidator(values.forge)] = Field(
        default="local", description="Where issues and pull requests live: local or github"
    )
    repo: RepoName | None = Field(default=None, description="OWNER/NAME on a forge that is not local")
    repos: (
        Annotated[
            list[
                Annotated[
                    Repository,
                    BeforeValidator(values.repository, json_schema_input_type=str | Repository),
                ]
            ],
            BeforeValidator(values.listed, json_schema_input_type=list[str | Repository]),
        ]
        | None
    ) = Field(default=None, description="Instead of `repo`: several, as OWNER/NAME or with more")
    base: Branch = Field(default="main", description="The branch that changes are merged into")
    host: Annotated[str, BeforeValidator(values.host)] = Field(
        default="", description="Where a GitHub Enterprise is; github.com by default"
    )
    trusted: Annotated[
        list[Login],
        BeforeValidator(values.listed, json_schema_input_type=str | list[str]),
    ] = Field(
        default=[], description="Logins that may start, command and approve beside those with write access"
    )
    logins: dict[Login, Text | None] = Field(
        default={},
        description="Where gh is logged in for an agent's `login`: LOGIN: the folder for GH_CONFIG_DIR",
    )
    teams: Teams = Field(
        default={}, description="The people of teams that CODEOWNERS names: acme/core: [ann, bob]"
    )
    labels: Labels = Labels()
    merge: Literal["merge", "squash", "rebase"] = Field(
        default="merge", description="How a pull request is merged: merge, squash or rebase"
    )


class Defaults(_Part):
    """What holds for every agent that does not say otherwise."""

    harness: Text = Field(default="claude-code", description="The program that is the agent")
    model: Text | None = Field(default=None, description="The harness's own choice by default")
    budget: Budget = Budget()
    stuck: Stucks | None = Field(default=None, description="When a run counts as stuck; off for never")
    questions: QuestionRules | None = Field(default=None, description="What if no person answers")


class Sandbox(_Part):
    """What of the machine agents and checks see; `auto`, `required` or `off` alone stands for `use`."""

    use: Literal["auto", "required", "off"] = Field(
        default="auto",
        description="auto: one is used where bubblewrap works; required: nothing starts without; off: none",
    )
    reads: Texts = Field(default=[], description="Files and folders to read besides, such as ~/.cargo")
    writes: Texts = Field(default=[], description="Files and folders to write besides, such as ~/.cache/pip")


Sandboxed = Annotated[
    Sandbox,
    BeforeValidator(values.sandbox, json_schema_input_type=Literal["auto", "required", "off"] | Sandbox),
]


class Agent(_Part):
    """A role: who does the work, with which prompt, how many at once, at what cost."""

    template: Text | None = Field(
        default=None, description="A built-in template, a file of .claude/agents, or a path that ends in .md"
    )
    duty: Duty | None = Field(default=None, description="What its jobs produce; the template's by default")
    harness: Text | None = None
    model: Text | None = None
    slots: int = Field(default=1, ge=1, le=64, description="How many runs of it may live at once")
    budget: Budget = Budget()
    fallback: Fallbacks | None = Field(
        default=None, description="Who works while its budget is used up: an agent, or {model: …}"
    )
    stuck: Stucks | None = Field(default=None, description="When its runs count as stuck; off for never")
    questions: QuestionRules | None = Field(default=None, description="What if no person answers")
    prompt: Text | None = Field(
        default=None, description="Its prompt; with a template, what is added to that"
    )
    tools: Tools | None = Field(default=None, description="The harness's own tool names; all by default")
    options: dict[str, str] = Field(default={}, description="For the harness alone")
    sandbox: Sandboxed | None = Field(
        default=None, description="Its own; what the sandbox of all may use, it may too"
    )
    permissions: Permissions | None = Field(
        default=None, description="What it may do with its tools; everything by default"
    )
    login: Login | None = Field(
        default=None, description="The forge's login in whose name its reviews are; gh's own by default"
    )


class IssueTrigger(_Part):
    """An issue was opened, or got a label."""

    labeled: Text | None = None
    opened: Literal[True] | None = None
    when: EventCondition | None = Field(default=None, description="CEL over `event`")


def _issue(value: Any) -> Any:
    """`issue: labeled` is the label of `project.labels.ready`; "", which no file can write, stands for it."""
    return IssueTrigger.model_construct(labeled="") if value == "labeled" else values.issue(value)


class EventTrigger(_Part):
    """An event of this type was recorded, by anybody."""

    type: Annotated[str, BeforeValidator(values.event_type)]
    when: EventCondition | None = Field(default=None, description="CEL over `event`")


class MergeTrigger(_Part):
    """A change was merged."""

    when: EventCondition | None = Field(default=None, description="CEL over `event`")


class Triggers(_Part):
    """What starts the workflow: any of these."""

    issue: (
        Annotated[
            IssueTrigger,
            BeforeValidator(_issue, json_schema_input_type=Literal["opened", "labeled"] | IssueTrigger),
        ]
        | None
    ) = None
    event: (
        Annotated[EventTrigger, BeforeValidator(values.event, json_schema_input_type=str | EventTrigger)]
        | None
    ) = None
    schedule: Cron | None = Field(default=None, description="A cron line, in UTC")
    merge: (
        Annotated[
            MergeTrigger, BeforeValidator(values.merge, json_schema_input_type=Literal[True] | MergeTrigger)
        ]
        | None
    ) = None
    manual: Literal[True] | None = Field(default=None, description="By hand alone: fleet run NAME")


class Job(_Part):
    """One step: played by an agent, by one of several, by any with a duty, or an action of Fleet's own."""

    agent: Text | None = None
    agents: Texts | None = None
    duty: Duty | None = None
    action: Text | None = Field(
        default=None,
        description="merge or release: no agent is needed; or run, or a name of your own, with a command",
    )
    command: Text | None = Field(
        default=None,
        description="For sh: run once with what was merged, when its gate is open",
    )
    time: Duration | None = Field(
        default=None,
        description="How long the command may take",
        json_schema_extra={"default": "10m"},
    )
    env: Texts = Field(default=[], description="Names of the watcher's variables that the command gets")
    needs: Texts = Field(default=[], description="The jobs that have to be done before")
    tag: ReleaseTag | None = Field(
        default=None,
        description="Of a release: with {change} or {sha} in it, {date}, {item}; v{date}-{change} by default",
    )
    notes: Text | None = Field(
        default=None,
        description="Of a release: may name {title}, {body}, {links} … in braces, which are the default",
    )


class Workflow(_Part):
    """Jobs with needs; an instance of it runs once for each work item."""

    on: Annotated[
        list[Triggers], BeforeValidator(values.listed, json_schema_input_type=Triggers | list[Triggers])
    ] = []
    jobs: dict[Name, Job] = Field(min_length=1)
    rounds: int = Field(default=3, ge=0, le=50, description="How often a change may be sent back")
    budget: SharedBudget = Field(default=SharedBudget(), description="What all its runs may use together")


class Check(_Part):
    """A command that is run on the merge result and has to exit with 0."""

    run: Text
    time: Duration = Field(
        default=10 * 60_000, description="How long it may take", json_schema_extra={"default": "10m"}
    )


class Quarantine(_Part):
    """When an agent may do nothing more until a person releases it."""

    failures: int = Field(default=3, ge=0, le=1000, description="So many failed runs in a row; 0 for never")
    level: Literal["high", "critical", "never"] = Field(
        default="critical", description="An agent whose own risk is so high: high, critical or never"
    )
    denied: int = Field(
        default=10, ge=0, le=100_000, description="So many denied actions in a day; 0 for never"
    )
    spending: Cost | None = Field(default=None, description="More dollars in an hour than these")
    secrets: int = Field(
        default=3, ge=0, le=1000, description="So many runs whose commits hold secrets; 0 for never"
    )
    tampering: bool = Field(
        default=True,
        description="Wrong tokens at the gateway; and a change that touches what rules the fleet waits",
    )
    score: int = Field(
        default=0, ge=0, le=100, description="A change whose risk is above it waits; 0 for none"
    )
    when: QuarantineCondition | None = Field(default=None, description="CEL over agent and run")


class FleetFile(_Part):
    """The whole of fleet.yaml."""

    version: Annotated[int, BeforeValidator(values.version, json_schema_input_type=Literal[1])] = 1
    project: Project = Project()
    defaults: Defaults = Defaults()
    agents: dict[Name, Agent] = {}
    workflows: dict[Name, Workflow] = {}
    checks: dict[
        Name, Annotated[Check, BeforeValidator(values.check, json_schema_input_type=str | Check)]
    ] = Field(default={}, description="Commands that are run on the merge result, by name")
    gates: Gates = Gates()
    budget: SharedBudget = Field(default=SharedBudget(), description="What all agents may use together")
    quarantine: Quarantine = Quarantine()
    sandbox: Sandboxed = Field(
        default=Sandbox(use="off"),
        description="What agents and checks see of the machine: auto, required, off …",
    )
    attempts: int = Field(
        default=3, ge=1, le=20, description="How often a job is tried before a person is asked"
    )
    workspace: Workspace = Field(default=Workspace(), description="What makes a new workspace ready")
    notify: Notifications = Field(
        default=Notify(), description="Where people are told what waits for them: Apprise URLs, or more"
    )
    audit: Audit = Field(default=Audit(), description="Where the log's signed checkpoints go besides")
    retention: Retention = Field(default=Retention(), description="How long transcripts are kept")
    prices: dict[str, ModelPrice] = Field(
        default={}, description="What models cost, for harnesses that tell tokens and no cost"
    )


def json_schema() -> dict[str, Any]:
    """The JSON schema of fleet.yaml, for editors."""
    schema = FleetFile.model_json_schema(mode="validation")
    return (
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "fleet.yaml"}
        | schema
        | {"title": "fleet.yaml"}
    )
