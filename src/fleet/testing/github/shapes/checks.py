"""Commit statuses, check runs and suites, and the jobs of actions behind them."""

from __future__ import annotations

from typing import Any

from fleet.testing.github.records import CheckRun, Status, Suite
from fleet.testing.github.shapes.basic import node_id, repo_url, repository, user
from fleet.testing.github.wire import Ask, iso, iso_or_none

RUN_STARTS = 30_000_000_000


def status(ask: Ask, one: Status) -> dict[str, Any]:
    """A commit status."""
    return status_brief(ask, one) | {"creator": user(ask, one.creator)}


def status_brief(ask: Ask, one: Status) -> dict[str, Any]:
    """… as the combined status shows it."""
    who = ask.site.user(one.creator)
    return {
        "url": f"{repo_url(ask)}/statuses/{one.sha}",
        "avatar_url": f"https://avatars.githubusercontent.com/u/{who.id}?v=4",
        "id": one.id,
        "node_id": node_id("SC", one.id),
        "state": one.state,
        "description": one.description,
        "target_url": one.target,
        "context": one.context,
        "created_at": iso(one.created),
        "updated_at": iso(one.created),
    }


def app(ask: Ask, login: str) -> dict[str, Any]:
    """The app that made a check."""
    slug = login.removesuffix("[bot]")
    who = ask.site.user(login)
    return {
        "id": who.id,
        "slug": slug,
        "node_id": node_id("A", who.id),
        "owner": user(ask, "github"),
        "name": slug.replace("-", " ").title(),
        "description": "",
        "external_url": f"{ask.roots.web}/apps/{slug}",
        "html_url": f"{ask.roots.web}/apps/{slug}",
        "created_at": iso(0),
        "updated_at": iso(0),
        "permissions": {"checks": "write", "metadata": "read", "statuses": "write"},
        "events": [],
    }


def check_run(ask: Ask, one: CheckRun) -> dict[str, Any]:
    """A check run. Those of actions have a job under the same id."""
    at = f"{repo_url(ask)}/check-runs/{one.id}"
    page = f"{ask.roots.web}/{ask.repo.full}/runs/{one.id}"
    output = {"title": None, "summary": None, "text": None} | one.output
    output |= {"annotations_count": 0, "annotations_url": f"{at}/annotations"}
    return {
        "id": one.id,
        "name": one.name,
        "node_id": node_id("CR", one.id),
        "head_sha": one.suite.sha,
        "external_id": one.external,
        "url": at,
        "html_url": page,
        "details_url": one.details or page,
        "status": one.status,
        "conclusion": one.conclusion,
        "started_at": iso(one.started),
        "completed_at": iso_or_none(one.completed),
        "output": output,
        "check_suite": {"id": one.suite.id},
        "app": app(ask, one.suite.app),
        "pull_requests": _pulls(ask, one.suite),
    }


def suite(ask: Ask, one: Suite) -> dict[str, Any]:
    """A check suite; its status is made of its runs'."""
    at = f"{repo_url(ask)}/check-suites/{one.id}"
    runs = runs_of(ask, one)
    state, conclusion = suite_state(runs)
    commit = ask.repo.bare.commit(one.sha)
    return {
        "id": one.id,
        "node_id": node_id("CS", one.id),
        "head_branch": one.branch,
        "head_sha": one.sha,
        "status": state,
        "conclusion": conclusion,
        "url": at,
        "before": commit.parents[0] if commit.parents else None,
        "after": one.sha,
        "pull_requests": _pulls(ask, one),
        "app": app(ask, one.app),
        "repository": repository(ask, ask.repo),
        "created_at": iso(one.created),
        "updated_at": iso(one.updated),
        "rerequestable": True,
        "runs_rerequestable": True,
        "latest_check_runs_count": len(runs),
        "check_runs_url": f"{at}/check-runs",
        "head_commit": {"id": one.sha, "tree_id": commit.tree, "message": commit.message},
    }


def runs_of(ask: Ask, one: Suite) -> list[CheckRun]:
    """The check runs of a suite, oldest first."""
    return [run for run in ask.repo.checks.values() if run.suite is one]


def suite_state(runs: list[CheckRun]) -> tuple[str, str | None]:
    """Status and conclusion of a suite."""
    if any(run.status != "completed" for run in runs) or not runs:
        return ("in_progress" if any(run.status == "in_progress" for run in runs) else "queued"), None
    failed = [r.conclusion for r in runs if r.conclusion not in ("success", "neutral", "skipped")]
    return "completed", failed[0] if failed else "success"


def workflow_run(ask: Ask, one: Suite) -> dict[str, Any]:
    """The run of a workflow that stands behind a suite of actions."""
    state, conclusion = suite_state(runs_of(ask, one))
    number = RUN_STARTS + one.id
    at, page = (
        f"{repo_url(ask)}/actions/runs/{number}",
        f"{ask.roots.web}/{ask.repo.full}/actions/runs/{number}",
    )
    return {
        "id": number,
        "name": "CI",
        "node_id": node_id("WFR", number),
        "head_branch": one.branch,
        "head_sha": one.sha,
        "path": ".github/workflows/ci.yml",
        "display_title": ask.repo.bare.commit(one.sha).message.partition("\n")[0],
        "run_number": 1,
        "event": "push",
        "status": state,
        "conclusion": conclusion,
        "workflow_id": 1,
        "check_suite_id": one.id,
        "url": at,
        "html_url": page,
        "pull_requests": _pulls(ask, one),
        "created_at": iso(one.created),
        "updated_at": iso(one.updated),
        "actor": user(ask, ask.repo.owner),
        "run_attempt": 1,
        "run_started_at": iso(one.created),
        "jobs_url": f"{at}/jobs",
        "logs_url": f"{at}/logs",
        "check_suite_url": f"{repo_url(ask)}/check-suites/{one.id}",
        "repository": repository(ask, ask.repo),
    }


def job(ask: Ask, one: CheckRun) -> dict[str, Any]:
    """A job of actions, which has the id of its check run."""
    run = RUN_STARTS + one.suite.id
    return {
        "id": one.id,
        "run_id": run,
        "run_url": f"{repo_url(ask)}/actions/runs/{run}",
        "run_attempt": 1,
        "node_id": node_id("CR", one.id),
        "head_sha": one.suite.sha,
        "head_branch": one.suite.branch,
        "url": f"{repo_url(ask)}/actions/jobs/{one.id}",
        "html_url": f"{ask.roots.web}/{ask.repo.full}/actions/runs/{run}/job/{one.id}",
        "status": one.status,
        "conclusion": one.conclusion,
        "created_at": iso(one.started),
        "started_at": iso(one.started),
        "completed_at": iso_or_none(one.completed),
        "name": one.name,
        "steps": [],
        "check_run_url": f"{repo_url(ask)}/check-runs/{one.id}",
        "labels": ["ubuntu-latest"],
        "runner_id": 1,
        "runner_name": "stand-in",
        "workflow_name": "CI",
    }


def _pulls(ask: Ask, one: Suite) -> list[dict[str, Any]]:
    found = []
    for issue in ask.repo.pulls():
        of = issue.pull
        if of is not None and issue.state == "open" and of.head == one.sha:
            link = {"id": of.id, "number": issue.number, "url": f"{repo_url(ask)}/pulls/{issue.number}"}
            ends = {
                "head": {"ref": of.head_ref, "sha": of.head},
                "base": {"ref": of.base_ref, "sha": of.base},
            }
            found.append(link | ends)
    return found
