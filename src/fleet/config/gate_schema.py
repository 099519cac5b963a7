"""The keys of `gates`: what an action must pass, line by line."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from fleet.config import gate_values, values
from fleet.model.gates import Different

_Text = Annotated[str, Field(min_length=1)]
_Texts = Annotated[list[_Text], BeforeValidator(values.listed, json_schema_input_type=str | list[str])]
_Duration = Annotated[int, BeforeValidator(values.duration, json_schema_input_type=str)]
_Condition = Annotated[str, BeforeValidator(values.gate_condition, json_schema_input_type=str)]
_Login = Annotated[str, BeforeValidator(values.login)]
_Logins = Annotated[list[_Login], BeforeValidator(values.listed, json_schema_input_type=str | list[str])]
_Day = Annotated[tuple[int, ...], BeforeValidator(gate_values.days, json_schema_input_type=str | list[str])]
_Hours = Annotated[tuple[int, int], BeforeValidator(gate_values.hours, json_schema_input_type=str)]
_Zone = Annotated[str, BeforeValidator(gate_values.zone)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ReviewGate(_Part):
    """Approvals of the head commit by others than its author."""

    approvals: int = Field(default=1, ge=1, le=20)
    by: _Texts = Field(
        default=[], description="Agents or duties whose word alone counts; anybody's by default"
    )
    different: Different = Field(
        default="",
        description="model or harness: an agent counts only if it has another one than the author",
        json_schema_extra={"enum": ["model", "harness"]},
    )


class Escalation(_Part):
    """Who is told when nobody answers."""

    after: _Duration = Field(description="How long nobody answered, such as 8h")
    to: _Logins = Field(min_length=1, description="Logins; they may answer too")


class HumanGate(_Part):
    """People approve: always, or where the condition holds."""

    when: _Condition | None = Field(
        default=None,
        description="CEL over risk, change, item, agent, run, budget: no person where it is false",
    )
    by: _Logins = Field(
        default=[], description="Logins whose word counts, or codeowners; anybody's with a say by default"
    )
    count: int = Field(default=1, ge=1, le=20, description="How many people")
    expires: _Duration = Field(
        default=0,
        description="How long an approval counts, such as 24h; never ends by default",
        json_schema_extra={"default": "none"},
    )
    remind: _Duration = Field(
        default=0,
        description="After how long without an answer people are reminded, again and again",
        json_schema_extra={"default": "none"},
    )
    escalate: Escalation | None = Field(
        default=None, description="Whom to tell when nobody answers, and when"
    )


class WindowGate(_Part):
    """Times of the week at which the gate may open."""

    days: _Day = Field(
        default=gate_values.WEEK,
        description="Such as mon-fri, or [mon, wed]",
        json_schema_extra={"default": "every day"},
    )
    hours: _Hours = Field(
        default=gate_values.WHOLE_DAY,
        description='Such as "09:00-17:00"; the second time may lie on the day after',
        json_schema_extra={"default": "the whole day"},
    )
    zone: _Zone = Field(default="UTC", description="Such as Europe/Berlin")


class Requirement(_Part):
    """One line of a gate."""

    review: ReviewGate | None = None
    checks: Literal["passing"] | None = None
    human: (
        Annotated[
            HumanGate, BeforeValidator(values.human, json_schema_input_type=Literal["always"] | HumanGate)
        ]
        | None
    ) = None
    window: WindowGate | None = Field(default=None, description="Only at these times of the week")
    policy: _Condition | None = Field(default=None, description="CEL that has to be true")


LINES = tuple(Requirement.model_fields)
ACTION_LINES = ("human", "window", "policy")


class ActionLine(_Part):
    """One line of the gate of another action than a merge: no change to review, or none any more."""

    human: (
        Annotated[
            HumanGate, BeforeValidator(values.human, json_schema_input_type=Literal["always"] | HumanGate)
        ]
        | None
    ) = None
    window: WindowGate | None = Field(default=None, description="Only at these times of the week")
    policy: _Condition | None = Field(default=None, description="CEL that has to be true")


class Gates(_Part):
    """What an action must pass. Keys of no name here are gates of own actions."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)
    __pydantic_extra__: dict[str, list[ActionLine]] = Field(init=False)

    merge: list[Requirement] | None = Field(
        default=None, description="One approval and passing checks by default"
    )
    push: list[ActionLine] = Field(
        default=[], description="Before a run's commits go to the forge; nothing by default"
    )
    pull_request: list[ActionLine] = Field(
        default=[],
        alias="pull-request",
        description="Before a pull request is opened there; nothing by default",
    )
    review: list[ActionLine] = Field(
        default=[], description="Before an agent's review is posted there; nothing by default"
    )
    release: list[ActionLine] = Field(default=[], description="Before a release is made; nothing by default")

    def others(self) -> tuple[tuple[str, list[ActionLine]], ...]:
        """The gates of other actions than a merge, those of own kinds last."""
        return (
            ("push", self.push),
            ("pull-request", self.pull_request),
            ("review", self.review),
            ("release", self.release),
            *(self.__pydantic_extra__ or {}).items(),
        )


def teams(value: Any) -> Any:
    """`acme/core: [ann, bob]`, of which the name's case does not matter."""
    return {str(name).lower(): people for name, people in value.items()} if isinstance(value, dict) else value


Teams = Annotated[
    dict[Annotated[str, BeforeValidator(gate_values.team)], _Logins],
    BeforeValidator(teams, json_schema_input_type=dict[str, str | list[str]]),
]
