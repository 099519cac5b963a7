"""What people do by hand, for tests: each move goes through the same endpoints as gh, but is not counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from fleet.model.errors import UsageError
from fleet.testing.github.follow import follow
from fleet.testing.github.records import Protection
from fleet.testing.github.site import LEVELS, Level, Repo, Site

_ACTIONS = "github-actions[bot]"


class Moves:
    """The moves. A refusal is the same as over HTTP, as an exception (`Refusal`)."""

    site: Site

    def call(self, method: str, path: str, login: str, body: Mapping[str, Any] | None = None) -> Any:
        """What the endpoint says to this login."""
        raise NotImplementedError

    # ---------------------------------------------------------------- issues

    def open_issue(
        self, repo: str, login: str, title: str, body: str = "", labels: Sequence[str] = ()
    ) -> int:
        """Open an issue; its number. Labels of somebody who may not label are dropped."""
        data = {"title": title, "body": body, "labels": list(labels)}
        return int(self.call("POST", f"/repos/{repo}/issues", login, data)["number"])

    def label(self, repo: str, number: int, label: str, login: str) -> None:
        """Put a label on an issue or pull request."""
        self.call("POST", f"/repos/{repo}/issues/{number}/labels", login, {"labels": [label]})

    def unlabel(self, repo: str, number: int, label: str, login: str) -> None:
        """Take a label off."""
        self.call("DELETE", f"/repos/{repo}/issues/{number}/labels/{quote(label, safe='')}", login)

    def assign(self, repo: str, number: int, who: str, login: str) -> None:
        """Assign somebody."""
        self.call("POST", f"/repos/{repo}/issues/{number}/assignees", login, {"assignees": [who]})

    def comment(self, repo: str, number: int, login: str, text: str) -> int:
        """Say something under an issue or pull request; the comment's id."""
        made = self.call("POST", f"/repos/{repo}/issues/{number}/comments", login, {"body": text})
        return int(made["id"])

    def close_issue(self, repo: str, number: int, login: str, reason: str = "completed") -> None:
        """Close an issue or pull request."""
        data = {"state": "closed", "state_reason": reason}
        self.call("PATCH", f"/repos/{repo}/issues/{number}", login, data)

    def reopen(self, repo: str, number: int, login: str) -> None:
        """Open it again."""
        self.call("PATCH", f"/repos/{repo}/issues/{number}", login, {"state": "open"})

    # ---------------------------------------------------------------- pull requests

    def open_pull(
        self, repo: str, login: str, head: str, title: str = "", body: str = "", base: str = "main"
    ) -> int:
        """Open a pull request from a branch (`owner:branch` of a fork); its number."""
        data = {"title": title or head, "body": body, "head": head, "base": base}
        return int(self.call("POST", f"/repos/{repo}/pulls", login, data)["number"])

    def review(
        self,
        repo: str,
        number: int,
        login: str,
        verdict: str = "APPROVE",
        text: str = "",
        remarks: Sequence[tuple[str, int, str]] = (),
    ) -> int:
        """Review with APPROVE, REQUEST_CHANGES or COMMENT, and remarks at (path, line, text); its id."""
        spots = [{"path": path, "line": line, "body": said} for path, line, said in remarks]
        data = {"event": verdict, "body": text, "comments": spots}
        return int(self.call("POST", f"/repos/{repo}/pulls/{number}/reviews", login, data)["id"])

    def reply(self, repo: str, number: int, remark: int, login: str, text: str) -> int:
        """Answer a remark at a line; the answer's id."""
        path = f"/repos/{repo}/pulls/{number}/comments/{remark}/replies"
        return int(self.call("POST", path, login, {"body": text})["id"])

    def merge(self, repo: str, number: int, login: str, method: str = "merge") -> str:
        """Merge by hand; the commit that did it."""
        data = {"merge_method": method}
        return str(self.call("PUT", f"/repos/{repo}/pulls/{number}/merge", login, data)["sha"])

    # ---------------------------------------------------------------- commits

    def push(
        self,
        repo: str,
        branch: str,
        files: Mapping[str, str | None],
        login: str,
        *,
        message: str = "Change",
        base: str = "",
        force: bool = False,
    ) -> str:
        """Push a commit with these files (None removes one) to a branch; its sha.

        A new branch grows from `base` (by default the default branch). `force` begins at `base` again.
        """
        found = self.known(repo)
        with self.site.lock:
            tips = found.bare.branches()
            old = tips.get(branch, "")
            start = old if old and not force else tips.get(base or found.default, "")
            data = {name: None if text is None else text.encode() for name, text in files.items()}
            tree = found.bare.with_files(start, data)
            by = self.site.person(login)
            sha = found.bare.write_commit(tree, [start] if start else [], f"{message}\n", by)
            found.bare.set_reference(f"refs/heads/{branch}", sha, old)
            follow(self.site, found, login)
            return sha

    def status(
        self, repo: str, ref: str, context: str, state: str, login: str, text: str = "", url: str = ""
    ) -> None:
        """Set a commit status."""
        data = {"state": state, "context": context, "description": text, "target_url": url or None}
        self.call("POST", f"/repos/{repo}/statuses/{self.known(repo).bare.resolve(ref)}", login, data)

    def check(
        self, repo: str, ref: str, name: str, conclusion: str = "", *, log: str = "", app: str = _ACTIONS
    ) -> int:
        """Set the result of a check ("" : it is under way), with what its job printed; its id."""
        found = self.known(repo)
        sha = found.bare.resolve(ref)
        data = {"name": name, "head_sha": sha, "output": {"title": name, "summary": conclusion}}
        data |= {"conclusion": conclusion} if conclusion else {"status": "in_progress"}
        with self.site.lock:
            under_way = [r for r in found.checks.values() if r.suite.sha == sha and r.name == name]
            if under_way and under_way[-1].status != "completed":
                path, method = f"/repos/{repo}/check-runs/{under_way[-1].id}", "PATCH"
            else:
                path, method = f"/repos/{repo}/check-runs", "POST"
            number = int(self.call(method, path, app, data)["id"])
            found.checks[number].log = log
            return number

    # ---------------------------------------------------------------- what the owner sets

    def permit(self, repo: str, login: str, level: str) -> None:
        """What somebody may do in a repository."""
        with self.site.lock:
            self.site.user(login)
            self.known(repo).permissions[login.lower()] = level_named(level)

    def protect(
        self,
        repo: str,
        branch: str = "main",
        *,
        checks: Sequence[str] | None = None,
        strict: bool = False,
        approvals: int | None = None,
        dismiss_stale: bool = False,
        enforce_admins: bool = True,
    ) -> None:
        """Ask checks and approvals of what is merged into a branch; of admins too, unless told otherwise."""
        listed = None if checks is None else list(checks)
        with self.site.lock:
            guard = Protection(listed, strict, approvals, dismiss_stale, enforce_admins)
            self.known(repo).protections[branch] = guard

    def known(self, repo: str) -> Repo:
        """A repository by its full name."""
        found = self.site.find(repo)
        if found is None:
            raise UsageError(f"the stand-in has no repository {repo}")
        return found


def level_named(level: str) -> Level:
    """The level of that name."""
    for known in LEVELS:
        if known == level:
            return known
    raise UsageError(f"no such permission: {level}", do=f"one of {', '.join(LEVELS)}")


MOVES = (
    "open_issue", "label", "unlabel", "assign", "comment", "close_issue", "reopen", "open_pull", "review",
    "reply", "merge", "push", "status", "check", "permit", "protect",
)  # fmt: skip
