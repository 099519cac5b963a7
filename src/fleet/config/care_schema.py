"""The keys of `budget`, `stuck`, `questions` and `fallback`: what agents may use, and what becomes of them
when they get nowhere.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from fleet.config import values
from fleet.model.acts import NEVER_STUCK, Stuck
from fleet.model.fleet import Budget as Kept
from fleet.model.fleet import Ceilings, Limit, Questions

Duration = Annotated[int, BeforeValidator(values.duration, json_schema_input_type=str)]
Cost = Annotated[int, BeforeValidator(values.cost, json_schema_input_type=float | str)]
Tokens = Annotated[int, BeforeValidator(values.tokens, json_schema_input_type=int | str)]
_Text = Annotated[str, Field(min_length=1)]
_Count = Annotated[int, Field(ge=0, le=100)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Limits(_Part):
    """Ceilings. What is left out is taken from `defaults`; `none` takes a ceiling away."""

    time: Duration | None = Field(default=None, description="Such as 45m, 2h30m, 90s")
    cost: Cost | None = Field(default=None, description="In dollars")
    tokens: Tokens | None = Field(default=None, description="Such as 150000 or 200k")


class Budget(_Part):
    """What an agent may use."""

    per_run: Limits = Field(default=Limits(), description="In one run, after which it is stopped")
    per_day: Limits = Field(default=Limits(), description="In one day (UTC), after which it is not started")
    per_week: Limits = Field(default=Limits(), description="In one week, from Monday (UTC)")


class SharedBudget(_Part):
    """What all agents together may use, or all runs of one workflow."""

    per_day: Limits = Field(default=Limits(), description="In one day (UTC)")
    per_week: Limits = Field(default=Limits(), description="In one week, from Monday (UTC)")
    per_item: Limits = Field(default=Limits(), description="For one work item")


class StuckRules(_Part):
    """When a run counts as stuck; `none` or 0 switches a sign off, and `stuck: off` all of them."""

    silence: Duration | None = Field(default=None, description="Nothing heard, nothing under way; 10m")
    command: Duration | None = Field(
        default=None, description="A command is under way, says nothing and does nothing; 30m"
    )
    repeats: _Count | None = Field(
        default=None, description="The same call with the same result, or the same failure, so often; 4"
    )
    idle: Duration | None = Field(default=None, description="Many calls, and no file changed; 30m")
    context: _Count | None = Field(default=None, description="Percent of its model's window are full; 85")
    spend: _Count | None = Field(
        default=None, description="Percent of its ceiling spent since it changed a file; 60"
    )
    nudges: _Count | None = Field(default=None, description="It is told so often before it is stopped; 1")


def _stuck(value: Any) -> Any:
    if value in (False, "off"):
        return "off"
    if isinstance(value, str):
        raise values.unexpected("off, or rules such as {silence: 20m}")
    return value


Stucks = Annotated[Literal["off"] | StuckRules, BeforeValidator(_stuck)]


class QuestionRules(_Part):
    """What becomes of a question that no person answers."""

    wait: Duration = Field(description="So long a person may answer, such as 30m; none: for ever")
    then: _Text = Field(
        default="Nobody has answered. Go on with your best judgement, and report what you assumed.",
        description="What the agent is told then",
    )


def _fallback(value: Any) -> Any:
    return {"agent": value} if isinstance(value, str) else value


class Fallback(_Part):
    """Who works while the agent's own budget is used up, or where it was stuck: another agent, or the same
    one with a cheaper model.
    """

    agent: _Text | None = Field(default=None, description="The name of another agent")
    model: _Text | None = Field(default=None, description="A cheaper model: a second agent NAME-fallback")
    budget: Budget = Field(default=Budget(), description="With `model`: what that one may use")


Fallbacks = Annotated[Fallback, BeforeValidator(_fallback, json_schema_input_type=str | Fallback)]


def budget_of(own: Budget, default: Budget) -> Kept:
    """What an agent may use: its own word, then that of all, then Fleet's."""
    last = Kept()
    return Kept(
        per_run=_limit(own.per_run, default.per_run, last.per_run),
        per_day=_limit(own.per_day, default.per_day, last.per_day),
        per_week=_limit(own.per_week, default.per_week, last.per_week),
    )


def ceilings_of(shared: SharedBudget) -> Ceilings:
    """What several agents may use together."""
    return Ceilings(
        *(_limit(each, Limits(), Limit()) for each in (shared.per_day, shared.per_week, shared.per_item))
    )


def stuck_of(own: Literal["off"] | StuckRules | None, default: Literal["off"] | StuckRules | None) -> Stuck:
    """When an agent's runs count as stuck: its own word on each sign, then that of all, then Fleet's."""
    if own == "off" or (own is None and default == "off"):
        return NEVER_STUCK
    rules = [each for each in (own, default) if isinstance(each, StuckRules)]
    last = Stuck()
    names = ("silence", "command", "repeats", "idle", "context", "spend", "nudges")
    fields = ("silence_ms", "command_ms", "repeats", "idle_ms", "context_percent", "spend_percent", "nudges")
    found: dict[str, int] = {}
    for name, field in zip(names, fields, strict=True):
        said = (getattr(each, name) for each in rules)
        found[field] = next((each for each in said if each is not None), getattr(last, field))
    return Stuck(**found)


def questions_of(own: QuestionRules | None, default: QuestionRules | None) -> Questions:
    """What becomes of an agent's questions."""
    rules = own or default
    return Questions(rules.wait, rules.then) if rules is not None else Questions()


def _limit(own: Limits, default: Limits, last: Limit) -> Limit:
    return Limit(
        time_ms=_first(own.time, default.time, last.time_ms),
        cost_micros=_first(own.cost, default.cost, last.cost_micros),
        tokens=_first(own.tokens, default.tokens, last.tokens),
    )


def _first(own: int | None, default: int | None, last: int) -> int:
    return own if own is not None else default if default is not None else last
