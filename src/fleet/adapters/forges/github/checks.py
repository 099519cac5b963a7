"""Checks of the forge (check runs, commit statuses) at the heads of Fleet's pull requests.

They move no pull request's date, so its list does not tell: the heads are asked one by one, only while
something is under way, further and further apart.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fleet.adapters.forges.github.cursor import Cursor, Follow, ms_of
from fleet.adapters.forges.github.facts import Facts
from fleet.adapters.forges.github.requests import Rejected, Requests, with_query
from fleet.model import events
from fleet.model.errors import Permanent

FIRST_MS, LONGEST_MS = 15_000, 60_000
USUAL_MS, LATEST_MS = 5 * 60_000, 10 * 60_000  # as long as nobody knows how long they take; and at most
NONE_YET_MS = 5 * 60_000  # so long a head may be without any check before we stop to look
SELDOM_MS, SELDOM_UNTIL_MS = 5 * 60_000, 2 * 3_600_000  # one that failed may be run again, one may come late
_OWN = "fleet/"
_FEW, _ONE_IN = 3, 5
_LOG_TAIL = 256 * 1024
_EXCERPT = 6000
_LINES_BEFORE_ERROR = 40
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_STAMP = re.compile(r"^\ufeff?\d{4}-\d\d-\d\dT[\d:.]+Z ", re.MULTILINE)
_PASSED = ("success", "neutral", "skipped")

State = Literal["pending", "passed", "failed"]


@dataclass(frozen=True, slots=True)
class Check:
    """One check as it stands. `key` tells this run of it, `job` is the Actions job whose log tells more."""

    key: str
    name: str
    state: State
    conclusion: str
    at: str
    url: str
    output: str = ""
    job: int = 0


def lacks(follow: Follow, required: Collection[str], now: int) -> bool:
    """Whether a check that its branch requires was not seen yet, and may still come as a commit status."""
    missing = {name for name in required if not name.startswith(_OWN)} - set(follow.names)
    return bool(missing) and now - follow.begun < SELDOM_UNTIL_MS


def look(
    requests: Requests,
    facts: Facts,
    number: int,
    follow: Follow,
    cursor: Cursor,
    now: int,
    required: Collection[str] = (),
    *,
    short: bool = False,
) -> None:
    """Ask how the checks of this head stand, tell what is new, and set when to look again (0: never). `short`
    of requests, those that run are left until they are likely to be over.
    """
    checks = list(_runs(requests, facts.repo, follow.head))
    cursor.checked |= bool(checks)
    age = now - follow.begun
    over = bool(checks) and all(check.state != "pending" for check in checks)
    follow.names = sorted({*follow.names, *(check.name for check in checks)})
    if lacks(follow, required, now):
        checks += list(_statuses(requests, facts.repo, follow.head))
    elif cursor.bare < 0 or (not follow.asked and (over or age > NONE_YET_MS // 2)):
        checks += _others_statuses(requests, facts.repo, follow, cursor)
    follow.names = sorted({*follow.names, *(check.name for check in checks)})
    if over and follow.running:
        ended = max(ms_of(check.at) for check in checks) - (requests.now_ms() - now)
        took = min(max(ended, follow.running), now) - follow.running
        cursor.takes = (cursor.takes * 3 + took) // 4 if cursor.takes else took
        follow.running = 0
    news = False
    for check in checks:
        if follow.told.get(check.key) == check.state:
            continue
        news = True
        _tell(requests, facts, number, follow.head, check)
        follow.told[check.key] = check.state
    follow.wait = min(follow.wait * 3 // 2 or FIRST_MS, LONGEST_MS)
    states = {check.state for check in checks}
    if "pending" in states:
        follow.running = follow.running or now
        likely = follow.running + (cursor.takes or USUAL_MS) * 6 // 5 if short else 0
        follow.next = max(now + follow.wait, min(likely, now + LATEST_MS))
    elif not checks and age < NONE_YET_MS:
        follow.next = now + follow.wait
    elif news or lacks(follow, required, now):  # others may begin when one has ended
        follow.next = now + LONGEST_MS
    elif ("failed" in states or (not checks and cursor.checked)) and age < SELDOM_UNTIL_MS:
        follow.next = now + SELDOM_MS
    else:
        follow.next = 0


def _others_statuses(requests: Requests, repo: str, follow: Follow, cursor: Cursor) -> list[Check]:
    """Commit statuses, where the repository has any. Where none was seen, some heads are asked still."""
    follow.asked = True
    if cursor.bare > _FEW and cursor.bare % _ONE_IN:
        cursor.bare += 1
        return []
    found = list(_statuses(requests, repo, follow.head))
    cursor.bare = -1 if found or cursor.bare < 0 else cursor.bare + 1
    return found


def _tell(requests: Requests, facts: Facts, number: int, head: str, check: Check) -> None:
    output = check.output
    if check.state == "failed" and check.job:
        output = _log(requests, facts.repo, check.job) or output
    data = {
        "head": head,
        "name": check.name,
        "state": check.state,
        "conclusion": check.conclusion,
        "output": output[-_EXCERPT:],
        "url": check.url,
    }
    key = f"{check.key}:{check.state}"
    at = ms_of(check.at) or requests.now_ms()
    facts.add(events.CHANGE_REPORTED, key, number, at, data, rank=2)


def _runs(requests: Requests, repo: str, head: str) -> Iterator[Check]:
    path = f"repos/{repo}/commits/{head}/check-runs?filter=latest"
    newest: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for run in _all(requests, path, "check_runs"):
        name = (run.get("name"), *((run.get(of) or {}).get("id") for of in ("check_suite", "app")))
        if name not in newest or int(newest[name].get("id") or 0) <= int(run.get("id") or 0):
            newest[name] = run  # some forges list those, too, that were run again since
    for run in newest.values():
        done = run.get("status") == "completed"
        conclusion = str(run.get("conclusion") or "") if done else ""
        state: State = "pending" if not done else "passed" if conclusion in _PASSED else "failed"
        about = run.get("output") or {}
        parts = [about.get("title"), about.get("summary"), about.get("text")]
        actions = (run.get("app") or {}).get("slug") == "github-actions"
        yield Check(
            key=f"check:{run.get('id')}",
            name=str(run.get("name") or ""),
            state=state,
            conclusion=conclusion,
            at=str(run.get("completed_at") or run.get("started_at") or ""),
            url=str(run.get("html_url") or run.get("details_url") or ""),
            output="\n".join(str(part) for part in parts if part),
            job=int(run.get("id") or 0) if actions and state == "failed" else 0,
        )


def _statuses(requests: Requests, repo: str, head: str) -> Iterator[Check]:
    """The newest status of each context; Fleet's own are no news.

    GitHub's combined status would say the same, but its answer changes with everything in the repository.
    """
    states: dict[str, State] = {"success": "passed", "pending": "pending"}
    seen: set[str] = set()
    for status in _all(requests, f"repos/{repo}/commits/{head}/statuses", ""):
        name, said = str(status.get("context") or ""), str(status.get("state") or "")
        if not name.startswith(_OWN) and name not in seen:
            seen.add(name)
            yield Check(
                key=f"status:{status.get('id')}",
                name=name,
                state=states.get(said, "failed"),
                conclusion=said,
                at=str(status.get("updated_at") or status.get("created_at") or ""),
                url=str(status.get("target_url") or ""),
                output=str(status.get("description") or ""),
            )


def _all(requests: Requests, path: str, wrapped: str) -> Iterator[Mapping[str, Any]]:
    """The entries; none where the commit is not there any more."""
    try:
        yield from requests.pages(with_query(path), wrapped=wrapped)
    except Rejected as error:
        if error.status not in (404, 422):
            raise


def _log(requests: Requests, repo: str, job: int) -> str:
    """The part of a job's log that shows its failure, "" when the log cannot be had."""
    try:
        text = requests.text(f"repos/{repo}/actions/jobs/{job}/logs", tail=_LOG_TAIL)
    except Permanent:  # gone, or not for this login: what the check says itself has to do
        return ""
    return excerpt(text)


def excerpt(log: str) -> str:
    """The lines up to the last error of an Actions log; its end where it names none."""
    lines = _STAMP.sub("", _ANSI.sub("", log.replace("\r\n", "\n"))).split("\n")
    errors = [place for place, line in enumerate(lines) if "##[error]" in line]
    last = errors[-1] + 1 if errors else len(lines)
    shown = lines[max(0, last - _LINES_BEFORE_ERROR) : last]
    return "\n".join(shown).replace("##[error]", "error: ").strip()[-_EXCERPT:]
