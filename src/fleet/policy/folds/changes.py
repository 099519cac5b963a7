"""Changes (pull requests), and what was said of their heads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.model.event import Event
from fleet.model.state import Change, State
from fleet.policy.folds.reading import records, text, texts, whole
from fleet.policy.guarded import raised


def change_opened(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """A pull request is there."""
    number = whole(data, "change")
    state.number = max(state.number, number)
    state.changes[number] = Change(
        id=number,
        item=whole(data, "item"),
        instance=text(data, "instance"),
        branch=text(data, "branch"),
        base=text(data, "base"),
        head=text(data, "head"),
        heads=[text(data, "head")],
        author=text(data, "author"),
        authors=[text(data, "author")],
        title=text(data, "title"),
        body=text(data, "body"),
        repo=text(data, "repo"),
        ref=text(data, "ref"),
        maker=text(data, "maker"),
        opened=event.time,
        updated=event.time,
        cause=event.id,
    )
    ref = text(data, "ref")
    if ref:
        state.refs[ref] = number
    instance = state.instances.get(text(data, "instance"))
    if instance is not None:
        instance.change = number
    proposal = state.proposals.get(text(data, "proposal"))
    if proposal is not None:
        proposal.change = number


def change_updated(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """It has a new head, which voids what was said of the old one."""
    change = state.changes.get(whole(data, "change"))
    if change is None:
        return
    change.head = text(data, "head")
    change.heads.append(change.head)
    change.maker = text(data, "maker") or change.maker
    change.body = text(data, "body") or change.body
    author = text(data, "author")
    if author and author not in change.authors:
        change.authors.append(author)
    # A new commit voids what was said of the old one. Reviews stay for reading; each names its head.
    change.checks, change.reports, change.risk, change.held, change.guard = {}, {}, {}, {}, {}
    change.updated = event.time
    change.approved_by, change.approved_at, change.gate, change.inspected = [], {}, [], {}
    change.cause = event.id


def change_reviewed(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """Somebody judged a head of it."""
    change = state.changes.get(whole(data, "change"))
    if change is not None:
        names = ("by", "verdict", "text", "head", "run")
        review: dict[str, Any] = {name: text(data, name) for name in names}
        review["trusted"] = data.get("trusted", True) is True
        change.reviews.append(review | {"time": event.time, "cause": event.id})
        change.cause = event.id


def change_answered(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """Its author changes nothing: whoever asked for changes looks again, with what the author says."""
    change = state.changes.get(whole(data, "change"))
    if change is None or text(data, "head") != change.head:
        return
    for review in change.reviews:
        asks = review["head"] == change.head and review["verdict"] == "request-changes"
        if asks and review["by"].startswith("agent/"):
            review.setdefault("answer", text(data, "text"))
    change.cause = event.id


def change_review_posted(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """An agent's judgement stands on the forge; `counted` where the forge takes it for one as well."""
    change = state.changes.get(whole(data, "change"))
    if change is None or data.get("counted") is not True:
        return
    change.cause = event.id  # what the forge refused to merge for want of approvals, it may merge now
    for review in change.reviews:
        if review["run"] and review["run"] == text(data, "run"):
            review["counted"] = True


def change_checked(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """The checks have run on its merge result."""
    change = state.changes.get(whole(data, "change"))
    if change is not None and text(data, "head") == change.head:
        results = {"results": records(data, "results"), "error": text(data, "error")}
        change.checks = dict(data) | results | {"cause": event.id}
        change.cause = event.id


def change_reported(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """A check of the forge's own has begun or ended on a head."""
    change = state.changes.get(whole(data, "change"))
    if change is not None and text(data, "head") == change.head and text(data, "name"):
        names = ("state", "output", "url")
        report: dict[str, Any] = {name: text(data, name) for name in names}
        change.reports[text(data, "name")] = report | {"required": data.get("required") is True}
        change.cause = event.id


def change_guarded(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """What the forge itself asks before it merges this head."""
    change = state.changes.get(whole(data, "change"))
    if change is not None and text(data, "head") == change.head:
        found: dict[str, Any] = {"head": change.head, "checks": texts(data, "checks")}
        found |= {"approvals": whole(data, "approvals"), "expected": data.get("expected") is True}
        change.guard = found
        change.cause = event.id


def change_head_seen(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """Somebody else pushed to its branch: what was said of the old head does not count for the new one."""
    change = state.changes.get(whole(data, "change"))
    # What it had before is old news: the forge was asked before it knew of the newest.
    if change is not None and change.open and text(data, "head") not in ("", *change.heads):
        change_updated(state, event, data)


def change_review_dismissed(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """A person's review does not count any more."""
    change = state.changes.get(whole(data, "change"))
    if change is not None:
        review: dict[str, Any] = {name: text(data, name) for name in ("by", "text", "head")}
        review |= {"verdict": "dismissed", "run": "", "trusted": True, "time": event.time, "cause": event.id}
        change.reviews.append(review)
        change.cause = event.id


def change_reopened(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """It may be merged after all."""
    change = state.changes.get(whole(data, "change"))
    if change is not None and not change.merged:
        change.open = True
        change.cause = event.id


def change_assessed(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """Its risk is known."""
    change = state.changes.get(whole(data, "change"))
    if change is not None and text(data, "head") == change.head:
        figures = {name: whole(data, name) for name in ("score", "files", "lines")}
        found = {"factors": records(data, "factors"), "paths": texts(data, "paths")}
        risk = dict(data) | figures | found | {"cause": event.id}
        change.risk = raised(risk, change.inspected.get("guarded", ()))
        change.cause = event.id


def change_inspected(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """Which of its files are guarded, and who owns them."""
    change = state.changes.get(whole(data, "change"))
    if change is not None and text(data, "head") == change.head:
        found: dict[str, Any] = {"guarded": records(data, "guarded"), "base": text(data, "base")}
        found["owners"] = records(data, "owners") if "owners" in data else None
        if records(data, "secrets"):
            found["secrets"] = records(data, "secrets")
        change.inspected = found | {"codeowners": text(data, "codeowners"), "error": text(data, "error")}
        if change.risk:
            change.risk = raised(change.risk, change.inspected["guarded"])
        change.cause = event.id


def change_merged(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """It is in the base branch. A forge may tell of a merge that Fleet knows already."""
    change = state.changes.get(whole(data, "change"))
    if change is not None and not change.merged:
        state.bases[change.repo] = text(data, "base") or text(data, "sha")
        change.merged = text(data, "sha")
        change.merged_at = event.time
        change.merged_by = text(data, "actor")
        if state.sealing:
            state.to_attest[change.id] = None
        change.open = False
        change.held = {}
        change.cause = event.id


def change_held(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """Its merge waits, or can't be."""
    change = state.changes.get(whole(data, "change"))
    if change is not None and text(data, "head") == change.head:
        found = {"kind": text(data, "kind"), "reason": text(data, "reason"), "paths": texts(data, "paths")}
        change.held = dict(data) | found | {"time": event.time, "cause": event.id}
        change.cause = event.id


def change_quarantined(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """Nothing may be done about it, and it is not merged."""
    change = state.changes.get(whole(data, "change"))
    if change is not None and not change.quarantined:
        change.quarantined = text(data, "reason") or "no reason was given"
        change.quarantined_at = event.time
        change.cause = event.id


def change_released(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """A person let it go on, at the head that it had then."""
    change = state.changes.get(whole(data, "change"))
    if change is not None and change.quarantined:
        change.quarantined = ""
        change.released = text(data, "head")
        change.released_by = text(data, "actor")
        change.cause = event.id


def change_closed(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """It will not be merged."""
    change = state.changes.get(whole(data, "change"))
    if change is not None:
        change.open = False
        change.cause = event.id


def gate_evaluated(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """What its gate asks for, and what of it is met."""
    change = state.changes.get(whole(data, "change"))
    if change is not None and text(data, "head") == change.head:
        change.gate = records(data, "requirements")
        change.cause = event.id
