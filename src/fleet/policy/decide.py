"""What follows from what is true: the table of all rules, in the order in which they are asked.

Every rule is a pure function `(fleet, state) -> events`; it looks at the whole state and never at the event
that has just come, so a restart is a fold and a decision, and nothing hangs on having seen the moment when
something changed. The first rule that has something to say is heard alone: its events are appended and folded
before the rules are asked again, so no rule has to guess what another one is about to do.

A life of an issue, by rules: triggers_to_route → jobs_to_queue → runs_to_admit → (the session works) →
exits_to_collect → runs_to_end → changes_to_check, changes_to_assess, changes_to_inspect → jobs_to_send_back →
gates_to_evaluate → approvals_to_ask → changes_to_merge → jobs_to_release,
jobs_to_order → instances_to_finish.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import State
from fleet.policy.admit import runs_to_admit
from fleet.policy.answer import answers_to_apply, approvals_to_lapse
from fleet.policy.attest import changes_to_attest
from fleet.policy.command import commands_to_obey
from fleet.policy.examine import changes_to_assess, changes_to_check
from fleet.policy.finish import instances_to_abandon, instances_to_finish, jobs_to_let_go
from fleet.policy.gate import approvals_to_ask, gates_to_evaluate
from fleet.policy.guard import changes_to_guard
from fleet.policy.held import calls_to_ask
from fleet.policy.inspect import changes_to_inspect
from fleet.policy.land import changes_to_merge, jobs_to_land, merges_to_give_up
from fleet.policy.notify import digests_to_send, people_to_tell
from fleet.policy.order import jobs_to_order, orders_to_stop
from fleet.policy.outcome import exits_to_collect, runs_to_end
from fleet.policy.passages import passages_to_ask, runs_to_publish
from fleet.policy.propose import rules_to_write
from fleet.policy.quarantine import agents_to_quarantine
from fleet.policy.question import questions_to_answer
from fleet.policy.queue import jobs_to_queue
from fleet.policy.release import jobs_to_release
from fleet.policy.remind import approvals_to_remind
from fleet.policy.retain import transcripts_to_forget
from fleet.policy.rounds import jobs_to_renew, jobs_to_send_back
from fleet.policy.route import schedules_due, triggers_to_route
from fleet.policy.show import items_to_show, reviews_to_post
from fleet.policy.stop import runs_to_cancel, runs_to_stop, sessions_to_stop, time_to_allow, words_to_say
from fleet.policy.suspect import changes_to_quarantine, releases_to_ask
from fleet.policy.unstick import runs_to_look_at, runs_to_unstick
from fleet.policy.vouch import checkpoints_to_tell
from fleet.policy.warn import budgets_to_warn_of

Rule = Callable[[Fleet, State], list[Event]]

RULES: tuple[Rule, ...] = (
    triggers_to_route,
    schedules_due,
    commands_to_obey,
    questions_to_answer,
    answers_to_apply,
    approvals_to_lapse,
    rules_to_write,
    calls_to_ask,
    instances_to_abandon,
    exits_to_collect,
    runs_to_end,
    runs_to_publish,
    jobs_to_let_go,
    agents_to_quarantine,
    changes_to_quarantine,
    releases_to_ask,
    runs_to_stop,
    orders_to_stop,
    budgets_to_warn_of,
    runs_to_unstick,
    runs_to_look_at,
    runs_to_cancel,
    sessions_to_stop,
    words_to_say,
    time_to_allow,
    changes_to_check,
    changes_to_assess,
    changes_to_inspect,
    jobs_to_renew,
    jobs_to_send_back,
    jobs_to_land,
    jobs_to_queue,
    runs_to_admit,
    changes_to_guard,
    gates_to_evaluate,
    approvals_to_ask,
    approvals_to_remind,
    merges_to_give_up,
    changes_to_merge,
    jobs_to_release,
    jobs_to_order,
    instances_to_finish,
    reviews_to_post,
    passages_to_ask,
    items_to_show,
    people_to_tell,
    digests_to_send,
    checkpoints_to_tell,
    changes_to_attest,
    transcripts_to_forget,
)


def decide(fleet: Fleet, state: State) -> list[Event]:
    """The events to append next, none when all is as it should be. `source` of each names its rule."""
    for rule in RULES:
        decided = rule(fleet, state)
        if decided:
            source = f"fleet/{rule.__name__}"
            return [replace(event, source=source) for event in decided]
    return []
