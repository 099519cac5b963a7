"""How a forge should show an item and its change: labels, the pull request's text, one comment that is kept
up to date, a commit status. What it shows is compared with what it should, so a missed moment is made up for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import Change, Instance, State, Wish
from fleet.policy.fact import wish
from fleet.policy.other_gates import gate_rows, stands
from fleet.policy.passage import shut
from fleet.policy.suspect import quarantine

STATUS = "fleet/gates"
OPEN = "every gate is open"
_LISTED = "not every gate is open: the pull request's text lists them"
MANY = 10
"""With more items than this at work, what changes is told together with where the work stands, and that, when
nobody waits for it, not before it has settled.
"""
_ANSWER = "`/fleet approve`, or `/fleet reject` and why"
_ANSWERS = {
    "command": "`/fleet approve` runs it once more, `/fleet done` and why takes it as done, "
    "`/fleet reject` and why ends the work"
}
SETTLED_MS, APART_MS = 60_000, 5 * 60_000


def items_to_show(fleet: Fleet, state: State) -> list[Event]:
    """Wishes to bring the forge up to what is true, for each item that it shows otherwise."""
    decided = []
    items = {each.item: each for each in (state.instances[name] for name in state.active)}
    shows = [each for each in state.wishes.values() if each.kind == "show"]
    busy = {each.args.get("item") for each in shows if not waits(state, each)}
    settling = {each.args.get("item") for each in shows} - busy
    many = is_many(state)
    for number in [*items, *(each for each in state.to_show if each not in items)]:
        item = state.items.get(number)
        if item is None or not item.repo or number in busy:
            continue
        if number in items and not _has_begun(state, items[number]):
            continue
        found = look(fleet, state, number)
        digest, brief, shown = digest_of(found), brief_of(found), state.shown_brief.get(number, "")
        if state.shown.get(number) == digest or (many and number in items and shown == brief):
            continue
        args = {"item": number, "digest": digest}
        if many and number in items and _urgent(shown) == _urgent(brief):
            if number in settling:
                continue
            args["after"] = max(state.now + SETTLED_MS, state.shown_at.get(number, 0) + APART_MS)
        if f"show/{number}/{digest}" not in state.wishes:
            decided.append(wish("show", f"{number}/{digest}", args, cause=item.cause))
    return decided


def is_many(state: State) -> bool:
    """Whether so much is at work that each step of it can't be told."""
    return len(state.active) > MANY


def waits(state: State, wish: Wish) -> bool:
    """Whether this is to be shown later, when it has settled; it is then shown as it is at that time."""
    return wish.kind == "show" and int(wish.args.get("after", 0)) > state.now


def _has_begun(state: State, instance: Instance) -> bool:
    """Whether an agent was ever sent to work on it. What only waits for its turn looks as it did: a thousand
    issues that are labelled at once must not be a thousand comments.
    """
    if instance.item in state.shown or instance.change:
        return True
    runs = [state.runs[name] for record in instance.jobs.values() for name in record.runs]
    return any(run.state != "queued" for run in runs)


def reviews_to_post(fleet: Fleet, state: State) -> list[Event]:
    """Wishes to post what agents said of a change, once each."""
    decided = []
    for name in state.active:
        instance = state.instances[name]
        change = state.changes.get(instance.change)
        for review in change.reviews if change is not None and change.ref else ():
            key = f"{change.id}/{review['run']}" if change else ""
            if change is None or not review["run"] or review["run"] in state.posted:
                continue
            held = shut(fleet, state, ("review",), f"post/{key}", change, run=review["run"])
            if held is not None:
                decided += held
            elif f"post/{key}" not in state.wishes:
                args = {"change": instance.change, "run": review["run"]}
                decided.append(wish("post", key, args, cause=review["cause"], story=name))
    return decided


def objector(fleet: Fleet, change: Change, review: Mapping[str, Any]) -> str:
    """Another agent with the same login of its own, whose last word on this commit requests changes; "" where
    none does, or this is no approval.
    """
    if review["verdict"] != "approve":
        return ""
    last = {each["by"]: each for each in change.reviews if each["run"] and each["head"] == review["head"]}
    agents = {name: fleet.agent(str(name).removeprefix("agent/")) for name in (*last, review["by"])}
    logins = {name: agent.login.lower() if agent is not None else "" for name, agent in agents.items()}
    mine = logins[review["by"]]
    others = [
        name
        for name, each in last.items()
        if mine and name != review["by"] and logins[name] == mine and each["verdict"] == "request-changes"
    ]
    return str(others[0]) if others else ""


def look(fleet: Fleet, state: State, number: int) -> dict[str, Any]:
    """Plain data: `label` of Fleet's own, `comment` on the issue; of the pull request `body`, `status`."""
    instance = _newest(state, number)
    change = state.changes.get(instance.change) if instance else None
    standing = _standing(state, instance, change)
    found: dict[str, Any] = {
        "label": dict(fleet.labels).get(standing, ""),
        "comment": _comment(state, instance, change, standing) if instance else "",
        "asks": [name for name in state.asked if instance and state.approvals[name].instance == instance.id],
    }
    if instance is not None and instance.answered:
        found["asks"].append(instance.answered)
    item = state.items.get(number)
    if item is not None and item.closed_by == "fleet":
        found["closed"] = instance.reason if instance else ""
    if change is not None and change.ref:
        found["rejected"] = "" if change.open or change.merged else instance.reason if instance else ""
        met = bool(change.gate) and all(each["met"] for each in change.gate)
        failed = standing == "blocked" and not _only_asks(state, change)
        found["body"] = body(fleet, state, change)
        found["status"] = {
            "head": change.head,
            "state": "success" if met or change.merged else "failure" if failed else "pending",
            "text": (_gate_line(change) if not is_many(state) or met or change.merged else _LISTED)[:140],
        }
    return found


def digest_of(data: dict[str, Any]) -> str:
    """A short name for exactly this look."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]


def brief_of(data: dict[str, Any]) -> str:
    """The same of what nobody may have to wait for, such as what a person is asked; and the label."""
    status = data.get("status", {})
    judged = "" if status.get("state") == "pending" else [status.get("state"), status.get("head")]
    parts = {name: data.get(name) for name in ("asks", "closed", "rejected")} | {"status": judged}
    return f"{digest_of(parts)}/{data.get('label', '')}"


def _urgent(brief: str) -> str:
    return brief.partition("/")[0]


def body(fleet: Fleet, state: State, change: Change) -> str:
    """The pull request's text: what was done, how it was tested, risk, cost, and where to read on."""
    item = state.items.get(change.item)
    lines = [change.body.strip() or "(The agent left no description.)", ""]
    if item is not None and item.ref:
        lines += [f"For {item.ref}.", ""]
    runs = [run for run in state.runs.values() if run.instance == change.instance and run.outcome]
    cost = sum(run.cost_micros for run in runs) / 1e6
    risk = change.risk
    lines += ["| | |", "|---|---|", f"| author | {change.author} |"]
    if risk:
        reasons = "; ".join(f"{each['name']} +{each['points']}: {each['reason']}" for each in risk["factors"])
        lines.append(f"| risk | {risk['score']} of 100 {_cell(reasons)} |")
    for check in change.checks.get("results", ()):
        lines.append(
            f"| check {check['name']} | {'passed' if check['ok'] else 'failed'} on the merge result |"
        )
    for each in change.gate:
        lines.append(f"| gate: {each['name']} | {_cell(stands(each, _told(each)))} |")
    lines += [f"| gate of {name} | {_cell(told)} |" for name, told in gate_rows(fleet, state, change)]
    lines.append(f"| spent | ${cost:.2f} in {len(runs)} runs |")
    lines += [
        f"| run {run.id} | {run.job} by {run.agent}; on its machine: `fleet logs {run.id}` |" for run in runs
    ]
    return "\n".join(lines) + "\n"


def _comment(state: State, instance: Instance | None, change: Change | None, standing: str) -> str:
    if instance is None:
        return ""
    lines = [f"**Fleet: {standing}**"]
    if change is not None and change.ref:
        lines.append(f"Pull request: {change.ref}")
    lines.append("")
    for name, record in instance.jobs.items():
        agent = state.runs[record.runs[-1]].agent if record.runs else ""
        lines.append(f"- {name}: {record.state}{f' ({agent})' if agent else ''}")
    if standing in ("approved", "review") and change is not None:
        missing = [f"{each['name']}: {_told(each)}" for each in change.gate if not each["met"]]
        missing += [str(change.held["reason"])] if change.held.get("reason") else []
        lines += [f"- it waits for {_cell(each)}" for each in missing]
    for each in quarantine(state, change) if change is not None and not instance.outcome else ():
        lines.append(
            f"- nothing is done about it: {_cell(each['reason'])} (who can release it: {each['who']})"
        )
    for name in state.asked:
        approval = state.approvals[name]
        if approval.instance == instance.id:
            lines += ["", f"**It waits for a person** ({approval.kind}): {_cell(approval.why)}"]
            lines.append(f"Answer with a comment: {_ANSWERS.get(approval.kind, _ANSWER)}.")
    if instance.answered:
        lines += ["", _cell(instance.answered)]
    if instance.outcome:
        lines += ["", f"It is {instance.outcome}: {_cell(instance.reason)}"]
    return "\n".join(lines)


def _standing(state: State, instance: Instance | None, change: Change | None) -> str:
    """Where the work stands, as one of the states that have a label."""
    if instance is None:
        return "ready"
    if instance.outcome:
        return "done" if instance.outcome == "done" else "blocked"
    if any(state.approvals[name].instance == instance.id for name in state.asked):
        return "blocked"
    if change is not None and change.open and quarantine(state, change):
        return "blocked"
    if change is not None and change.merged:
        return "approved"
    if any(record.state == "landing" for record in instance.jobs.values()):
        opened = change is not None and bool(change.gate) and all(each["met"] for each in change.gate)
        return "approved" if opened else "review"
    maker = instance.jobs.get(change.maker) if change is not None else None
    return "review" if maker is not None and maker.state == "done" else "working"


def _only_asks(state: State, change: Change) -> bool:
    """Whether nothing is wrong with it: a person's word is all that it waits for."""
    asked = [each for name in state.asked if (each := state.approvals[name]).instance == change.instance]
    return bool(asked) and all(each.kind == "merge" for each in asked) and not quarantine(state, change)


def _newest(state: State, item: int) -> Instance | None:
    return next((each for each in reversed(state.instances.values()) if each.item == item), None)


def _gate_line(change: Change) -> str:
    if change.merged:
        return "merged"
    missing = [f"{each['name']}: {_told(each)}" for each in change.gate if not each["met"]]
    return "; ".join(missing) if missing else OPEN if change.gate else "under review"


def _told(requirement: Mapping[str, Any]) -> str:
    """Its reason. Which of its checks it still runs the forge shows itself, and to follow each would cost."""
    if requirement["name"] == "checks" and requirement["who"] == "the forge":
        return "checks of the forge still run"
    return str(requirement["reason"])


def _cell(text: str) -> str:
    """Text in one line of a table, whatever is in it."""
    return " ".join(text.split()).replace("|", "\\|")[:500]
