"""What people tell Fleet to do by a comment on the forge: `/fleet approve`, `/fleet reject`, `/fleet retry`,
`/fleet stop`, `/fleet done`.
"""

from __future__ import annotations

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import Approval, Change, Instance, Pending, State
from fleet.policy.fact import fact, wish
from fleet.policy.folds.reading import whole
from fleet.policy.taken import KIND as COMMAND
from fleet.policy.taken import may_not_take

COMMANDS = ("approve", "reject", "retry", "stop", "done")


def commands_to_obey(fleet: Fleet, state: State) -> list[Event]:
    """What follows from each command that was not dealt with yet; or why nothing does."""
    decided: list[Event] = []
    turned_away = set(state.turned_away)
    for pending in state.commands.values():
        consequences, reason = _obey(fleet, state, pending)
        data = {"command": pending.id, "reason": reason, "refused": not consequences}
        decided += [*consequences, fact(events.FORGE_COMMAND_SETTLED, data, cause=pending.id)]
        if not consequences and _is_answered_apart(state, pending, turned_away):
            decided.append(_apart(fleet, state, pending, reason))
            turned_away |= {str(pending.data["ref"])} if pending.data.get("trusted") is not True else set()
    return decided


def refusal(pending: Pending, reason: str) -> str:
    """What a person is told whose command is not followed."""
    word = str(pending.data.get("command", ""))
    said = f"/fleet {word if word.isalpha() and len(word) <= 20 else ''}".strip()
    return f"`{said}` of {pending.data.get('actor', '')} was not followed: {reason}"


def _is_answered_apart(state: State, pending: Pending, turned_away: set[str]) -> bool:
    """Whether no comment of Fleet's says it already. Those who may not command are answered once a place."""
    ref = str(pending.data.get("ref", ""))
    if not ref or not pending.data.get("repo"):
        return False
    _, instance = _about(state, pending.data.get("item"))
    item = state.items.get(instance.item) if instance is not None else None
    if item is not None and item.ref:
        return False
    return pending.data.get("trusted") is True or ref not in turned_away


def _apart(fleet: Fleet, state: State, pending: Pending, reason: str) -> Event:
    data = pending.data
    text, trusted = refusal(pending, reason), data.get("trusted") is True
    ready = dict(fleet.labels).get("ready", "")
    if trusted and ready and isinstance(data.get("item"), int) and data["item"] in state.items:
        text += f". The label `{ready}` starts the work."
    args = {"ref": data["ref"], "repo": data["repo"], "text": text, "trusted": trusted}
    return wish("answer", pending.id, args, cause=pending.id)


def _obey(fleet: Fleet, state: State, pending: Pending) -> tuple[list[Event], str]:
    data = pending.data
    actor, word = str(data.get("actor", "")), str(data.get("command", ""))
    if data.get("trusted") is not True:
        return [], f"{actor} may not command Fleet here"
    if word not in COMMANDS:
        return [], f"there is no such command; there are {', '.join(COMMANDS)}"
    change, instance = _about(state, data.get("item"))
    if instance is None:
        return [], "no workflow is at work on this"
    note = str(data.get("args", ""))
    if word == "stop":
        return _stop(state, pending, instance, actor, note)
    if word == "done":
        return _done(fleet, state, pending, instance, actor, note)
    if word == "retry":
        return _retry(state, pending, change, instance, actor, note)
    return _answer(state, pending, change, instance, word, actor, note)


def _stop(
    state: State, pending: Pending, instance: Instance, actor: str, note: str
) -> tuple[list[Event], str]:
    runs = [run for name in state.moving if (run := state.runs[name]).instance == instance.id]
    decided = [
        fact(
            events.RUN_STOP_ASKED,
            {"run": run.id, "reason": note or "a comment asked for it", "kind": "person", "actor": actor},
            cause=pending.id,
            story=instance.id,
        )
        for run in runs
        if not run.stop_reason
    ]
    return decided, f"{len(decided)} runs are stopped"


def _retry(
    state: State, pending: Pending, change: Change | None, instance: Instance, actor: str, note: str
) -> tuple[list[Event], str]:
    """Let go on what stands still; of a workflow that was given up, the job whose run ended last."""
    stuck = [each for each in _open(state, instance) if each.job]
    if stuck:
        return [_answered(stuck[0], pending, "retry", actor, note)], f"{stuck[0].id} is answered"
    if change is not None and not change.open:
        what = "merged" if change.merged else "closed: open it again first"
        return [], f"its pull request is {what}"
    ended = [(job, record) for job, record in instance.jobs.items() if record.runs and record.state != "done"]
    if not instance.outcome or instance.outcome == "done" or not ended:
        return [], "nothing stands still here"
    job, _ = max(ended, key=lambda each: state.runs[each[1].runs[-1]].ended)
    data = {"instance": instance.id, "job": job, "actor": actor, "feedback": note}
    again = fact(events.JOB_RESUMED, data, cause=pending.id, story=instance.id)
    return [again], f"{job} of {instance.id} tries again"


def _done(
    fleet: Fleet, state: State, pending: Pending, instance: Instance, actor: str, note: str
) -> tuple[list[Event], str]:
    """Take a command that did not end well as done."""
    waiting = [each for each in _open(state, instance) if each.kind == COMMAND]
    if not waiting:
        return [], "no command waits here for somebody to say that it is done"
    why_not = may_not_take(fleet, state, waiting[0], actor, note)
    if why_not:
        return [], why_not
    data = {"approval": waiting[0].id, "actor": actor, "note": note, "as_done": True}
    given = fact(events.APPROVAL_GIVEN, data, cause=pending.id, story=instance.id)
    return [given], f"{waiting[0].id} is taken as done"


def _open(state: State, instance: Instance) -> list[Approval]:
    """What waits for an answer there."""
    asked = (state.approvals[name] for name in state.asked)
    return [each for each in asked if each.instance == instance.id and not each.answer]


def _answer(
    state: State,
    pending: Pending,
    change: Change | None,
    instance: Instance,
    word: str,
    actor: str,
    note: str,
) -> tuple[list[Event], str]:
    """Answer what stands open. An approval of a merge counts for the head that the person saw."""
    open_ones = _open(state, instance)
    wanted = sorted(open_ones, key=lambda each: each.kind != "merge")
    seen = str(pending.data.get("head", ""))
    about_head = not wanted or wanted[0].kind == "merge"
    if about_head and change is not None and change.open and not _saw(change, pending, seen):
        return [], "the change has a new commit since that was written"
    if not wanted:
        return _judged(pending, change, word, actor, note)
    approval = wanted[0]
    return [_answered(approval, pending, word, actor, note)], f"{approval.id} is answered"


def _answered(approval: Approval, pending: Pending, word: str, actor: str, note: str) -> Event:
    kind = events.APPROVAL_REFUSED if word == "reject" else events.APPROVAL_GIVEN
    data = {
        "approval": approval.id,
        "actor": actor,
        "note": note,
        "send_back": bool(note) and word == "reject",
    }
    return fact(kind, data, cause=pending.id, story=approval.instance)


def _judged(
    pending: Pending, change: Change | None, word: str, actor: str, note: str
) -> tuple[list[Event], str]:
    """Where nobody was asked yet, the word of a person counts as a review of the head that they saw."""
    if change is None or not change.open:
        return [], "nothing waits for an answer here"
    if word == "reject" and not note:
        return [], "say what is wrong: /fleet reject, and why"
    data = {
        "change": change.id,
        "head": change.head,
        "verdict": "approve" if word == "approve" else "request-changes",
        "by": actor,
        "text": note,
        "run": "",
        "trusted": True,
    }
    said = fact(events.CHANGE_REVIEWED, data, cause=pending.id, story=change.instance)
    return [said], f"it counts as a review of {change.head[:12]}"


def _saw(change: Change, pending: Pending, seen: str) -> bool:
    """Whether the person meant the head that the change has now."""
    said = whole(pending.data, "at") or pending.time
    return seen == change.head if seen else said >= change.updated


def _about(state: State, number: object) -> tuple[Change | None, Instance | None]:
    """The change and the newest instance that an item's or a pull request's number leads to."""
    if not isinstance(number, int):
        return None, None
    change = state.changes.get(number)
    if change is not None:
        return change, state.instances.get(change.instance)
    mine = [each for each in state.instances.values() if each.item == number]
    if not mine:
        return None, None
    return state.changes.get(mine[-1].change), mine[-1]
