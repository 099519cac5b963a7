"""Check runs, their suites, and the jobs of actions with their logs."""

from __future__ import annotations

from typing import Any

from fleet.testing.github.endpoints.statuses import commit_named
from fleet.testing.github.pages import page
from fleet.testing.github.records import CheckRun, Suite
from fleet.testing.github.routes import Routes
from fleet.testing.github.shapes.checks import RUN_STARTS, check_run, job, runs_of, suite, workflow_run
from fleet.testing.github.site import Repo
from fleet.testing.github.wire import Answer, Ask, Refusal, invalid, missing

routes = Routes()

ACTIONS = "github-actions[bot]"
_ENDS = (
    "action_required", "cancelled", "failure", "neutral", "success", "skipped", "stale", "timed_out",
)  # fmt: skip


@routes.on("POST", "/check-runs")
def start_check(ask: Ask) -> Answer:
    """A new check run of a commit. Apps alone may."""
    _by_app(ask)
    name, sha = ask.needed("name", "CheckRun"), ask.needed("head_sha", "CheckRun")
    if not ask.repo.bare.resolve(sha):
        raise Refusal(422, f"No commit found for SHA: {sha}")
    run = CheckRun(ask.site.new_id(), _suite(ask, ask.repo.bare.resolve(sha)), name, ask.site.now())
    ask.repo.checks[run.id] = run
    _set(ask, run)
    return Answer(check_run(ask, run), 201)


@routes.on("GET", "/check-runs/{id:int}")
def one_check(ask: Ask) -> Answer:
    """A check run."""
    return Answer(check_run(ask, _run(ask)))


@routes.on("PATCH", "/check-runs/{id:int}")
def change_check(ask: Ask) -> Answer:
    """How a check run stands now."""
    _by_app(ask)
    run = _run(ask)
    _set(ask, run)
    return Answer(check_run(ask, run))


@routes.on("GET", "/check-runs/{id:int}/annotations")
def annotations_of(ask: Ask) -> Answer:
    """There are none."""
    _run(ask)
    return Answer([])


@routes.on("GET", "/commits/{ref*}/check-runs")
def checks_of(ask: Ask) -> Answer:
    """The check runs of a commit, newest first; of several of one name the last, unless all are asked for."""
    sha = commit_named(ask)
    return _list(ask, [run for run in ask.repo.checks.values() if run.suite.sha == sha])


@routes.on("GET", "/commits/{ref*}/check-suites")
def suites_of(ask: Ask) -> Answer:
    """The check suites of a commit."""
    sha = commit_named(ask)
    found = [one for one in ask.repo.suites.values() if one.sha == sha]
    return page(ask, found, lambda one: suite(ask, one), wrap="check_suites")


@routes.on("GET", "/check-suites/{id:int}")
def one_suite(ask: Ask) -> Answer:
    """A check suite."""
    return Answer(suite(ask, _known_suite(ask, ask.number("id"))))


@routes.on("GET", "/check-suites/{id:int}/check-runs")
def checks_of_suite(ask: Ask) -> Answer:
    """The check runs of a suite."""
    return _list(ask, runs_of(ask, _known_suite(ask, ask.number("id"))))


@routes.on("GET", "/actions/runs")
def workflow_runs(ask: Ask) -> Answer:
    """The runs of workflows, newest first."""
    asked = ask.query
    found = [
        one
        for one in reversed(ask.repo.suites.values())
        if one.app == ACTIONS
        and asked.get("head_sha", one.sha) == one.sha
        and asked.get("branch", one.branch) == one.branch
    ]
    return page(ask, found, lambda one: workflow_run(ask, one), wrap="workflow_runs")


@routes.on("GET", "/actions/runs/{id:int}")
def one_workflow_run(ask: Ask) -> Answer:
    """The run of a workflow."""
    return Answer(workflow_run(ask, _known_suite(ask, ask.number("id") - RUN_STARTS)))


@routes.on("GET", "/actions/runs/{id:int}/jobs")
def jobs(ask: Ask) -> Answer:
    """The jobs of a workflow's run."""
    found = runs_of(ask, _known_suite(ask, ask.number("id") - RUN_STARTS))
    return page(ask, found, lambda one: job(ask, one), wrap="jobs")


@routes.on("GET", "/actions/jobs/{id:int}")
def one_job(ask: Ask) -> Answer:
    """A job."""
    return Answer(job(ask, _run(ask)))


@routes.on("GET", "/actions/jobs/{id:int}/logs")
def logs(ask: Ask) -> Answer:
    """Where the log of a job is, for a minute; only of jobs of actions that are done."""
    run = _run(ask)
    if run.suite.app != ACTIONS or run.status != "completed" or not ask.login:
        raise missing()
    at = f"{ask.roots.api}/_logs/{ask.repo.full}/{run.id}"
    return Answer(status=302, headers={"Location": at}, text="")


@routes.site("GET", "/_logs/{owner}/{name}/{id:int}")
def log_text(ask: Ask) -> Answer:
    """The log itself, as GitHub's store of files gives it: without asking who asks."""
    repo = ask.site.find(f"{ask.args['owner']}/{ask.args['name']}")
    run = repo.checks.get(ask.number("id")) if repo else None
    if run is None:
        raise missing()
    return Answer(text=run.log)


def latest_checks(repo: Repo, sha: str) -> dict[str, CheckRun]:
    """The last check run of each name at a commit."""
    return {run.name: run for run in repo.checks.values() if run.suite.sha == sha}


def _list(ask: Ask, found: list[CheckRun]) -> Answer:
    asked = ask.query
    if asked.get("filter", "latest") == "latest":
        found = list({(run.suite.app, run.name): run for run in found}.values())
    found = [r for r in found if asked.get("check_name", r.name) == r.name]
    found = [r for r in found if asked.get("status", r.status) == r.status]
    return page(ask, found[::-1], lambda one: check_run(ask, one), wrap="check_runs")


def _by_app(ask: Ask) -> None:
    if not ask.site.user(ask.login).bot:
        raise Refusal(403, "You must authenticate via a GitHub App.")


def _suite(ask: Ask, sha: str) -> Suite:
    for one in ask.repo.suites.values():
        if one.sha == sha and one.app == ask.login:
            return one
    branch = next((name for name, head in ask.repo.bare.branches().items() if head == sha), "")
    made = Suite(ask.site.new_id(), sha, branch, ask.login, ask.site.now(), ask.site.now())
    ask.repo.suites[made.id] = made
    return made


def _set(ask: Ask, run: CheckRun) -> None:
    body: dict[str, Any] = ask.body
    conclusion = body.get("conclusion")
    if conclusion is not None and conclusion not in _ENDS:
        raise invalid("CheckRun", "conclusion")
    if conclusion:
        run.status, run.conclusion, run.completed = "completed", conclusion, ask.site.now()
    elif "status" in body:
        run.status, run.conclusion, run.completed = str(body["status"]), None, 0
    run.name = str(body.get("name") or run.name)
    run.details = str(body.get("details_url") or run.details)
    run.external = str(body.get("external_id") or run.external)
    run.output = body.get("output") or run.output
    run.suite.updated = ask.site.now()


def _run(ask: Ask) -> CheckRun:
    run = ask.repo.checks.get(ask.number("id"))
    if run is None:
        raise missing()
    return run


def _known_suite(ask: Ask, number: int) -> Suite:
    found = ask.repo.suites.get(number)
    if found is None:
        raise missing()
    return found
