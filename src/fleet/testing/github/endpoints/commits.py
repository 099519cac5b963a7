"""Commits, what lies between two of them, and the files in them."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from fleet.model.errors import Permanent
from fleet.testing.github.bare import Commit
from fleet.testing.github.diff import changed_files, diff_text
from fleet.testing.github.endpoints.statuses import commit_named
from fleet.testing.github.follow import follow
from fleet.testing.github.pages import page
from fleet.testing.github.routes import Routes
from fleet.testing.github.shapes.basic import repo_url
from fleet.testing.github.shapes.commits import changed, commit, commit_whole, git_commit
from fleet.testing.github.shapes.pulls import pull as pull_shape
from fleet.testing.github.wire import Answer, Ask, Refusal, missing

routes = Routes()

_MOST = 1000


@routes.on("GET", "/commits")
def history(ask: Ask) -> Answer:
    """The last commits of a branch, newest first."""
    head = ask.repo.bare.resolve(ask.query.get("sha") or ask.repo.default)
    if not head:
        if not ask.repo.heads:
            raise Refusal(409, "Git Repository is empty.")
        raise missing()
    return page(
        ask, ask.repo.bare.history(head, _MOST, ask.query.get("path", "")), lambda one: commit(ask, one)
    )


@routes.on("GET", "/git/commits/{sha}")
def one_git_commit(ask: Ask) -> Answer:
    """A commit as git has it."""
    return Answer(git_commit(ask, _commit(ask, ask.args["sha"])))


@routes.on("GET", "/compare/{span*}")
def compare(ask: Ask) -> Answer:
    """What lies between two commits (`base...head`)."""
    left, dots, right = ask.args["span"].partition("...")
    if not dots:
        raise missing()
    bare = ask.repo.bare
    base, head = _commit(ask, left.rpartition(":")[2]), _commit(ask, right.rpartition(":")[2])
    if "diff" in ask.accept:
        return Answer(text=diff_text(bare, base.sha, head.sha))
    since = bare.merge_base(base.sha, head.sha)
    if not since:
        raise Refusal(404, f"No common ancestor between {left} and {right}.")
    ahead, behind = bare.commits(base.sha, head.sha), len(bare.commits(head.sha, base.sha))
    state = {(False, False): "identical", (True, False): "ahead", (False, True): "behind"}
    web = f"{ask.roots.web}/{ask.repo.full}/compare/{left}...{right}"
    answer = page(ask, ahead, lambda one: commit(ask, one), per_page=250)
    answer.document = {
        "url": f"{repo_url(ask)}/compare/{left}...{right}",
        "html_url": web,
        "permalink_url": web,
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        "base_commit": commit(ask, base),
        "merge_base_commit": commit(ask, bare.commit(since)),
        "status": state.get((bool(ahead), bool(behind)), "diverged"),
        "ahead_by": len(ahead),
        "behind_by": behind,
        "total_commits": len(ahead),
        "commits": answer.document,
        "files": [changed(ask, head.sha, one) for one in changed_files(bare, base.sha, head.sha)[:300]],
    }
    return answer


@routes.on("GET", "/contents")
def top(ask: Ask) -> Answer:
    """What stands at the top of the tree."""
    return contents(ask)


@routes.on("GET", "/contents/{path*}")
def contents(ask: Ask) -> Answer:
    """A file (in base64), or the list of a folder."""
    bare, path, ref = (
        ask.repo.bare,
        ask.args.get("path", "").strip("/"),
        ask.query.get("ref") or ask.repo.default,
    )
    sha = bare.resolve(ref)
    if not sha:
        raise Refusal(
            404, f"No commit found for the ref {ref}" if ask.repo.heads else "This repository is empty."
        )
    if not path:
        return Answer(_listing(ask, sha, "", ref))
    try:
        kind = bare.git("cat-file", "-t", f"{sha}:{path}").decode().strip()
    except Permanent:
        raise missing() from None
    if kind == "tree":
        return Answer(_listing(ask, sha, path, ref))
    data = bare.git("cat-file", "blob", f"{sha}:{path}")
    if "raw" in ask.accept:
        return Answer(text=data.decode(errors="replace"))
    blob = bare.git("rev-parse", f"{sha}:{path}").decode().strip()
    more = {"content": base64.encodebytes(data).decode(), "encoding": "base64"}
    return Answer(_entry(ask, path, "file", blob, len(data), ref) | more)


@routes.on("PUT", "/contents/{path*}", "write", hidden=True)
def write_file(ask: Ask) -> Answer:
    """Write one file, as a commit upon a branch."""
    bare, path = ask.repo.bare, ask.args["path"]
    branch = str(ask.body.get("branch") or ask.repo.default)
    message, old = ask.needed("message", "Commit"), bare.branches().get(branch, "")
    try:
        data = base64.b64decode(str(ask.body.get("content") or ""), validate=False)
    except binascii.Error:
        raise Refusal(422, "content is not valid Base64") from None
    if not old and ask.repo.heads:
        raise Refusal(404, f"Branch {branch} not found")
    there = bare.git("rev-parse", "--quiet", "--verify", f"{old}:{path}", fine=(0, 1, 128)) if old else b""
    blob, given = there.decode().strip(), ask.body.get("sha")
    if blob and not given:
        raise Refusal(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
    if given and blob != given:
        raise Refusal(409, f"{path} does not match {given}")
    tree = bare.with_files(old, {path: data})
    by = ask.site.person(ask.login)
    made = bare.write_commit(tree, [old] if old else [], message, by, ask.site.committer())
    bare.set_reference(f"refs/heads/{branch}", made, old)
    follow(ask.site, ask.repo, ask.login)
    blob = bare.git("rev-parse", f"{made}:{path}").decode().strip()
    shown = _entry(ask, path, "file", blob, len(data), branch)
    return Answer({"content": shown, "commit": git_commit(ask, bare.commit(made))}, 200 if there else 201)


@routes.on("GET", "/commits/{sha}/pulls")
def pulls_of(ask: Ask) -> Answer:
    """The pull requests that bring or brought a commit."""
    sha, bare = commit_named_or_missing(ask, ask.args["sha"]), ask.repo.bare
    found = [
        one
        for one in ask.repo.pulls()
        if one.pull
        and (
            sha == one.pull.merge_commit or sha in [c.sha for c in bare.commits(one.pull.base, one.pull.head)]
        )
    ]
    return page(ask, found, lambda one: pull_shape(ask, one))


@routes.on("GET", "/commits/{ref*}")
def one_commit(ask: Ask) -> Answer:
    """A commit by its sha, a branch or a tag."""
    sha, bare = commit_named(ask), ask.repo.bare
    if "sha" in ask.accept.partition("+")[0]:
        return Answer(text=sha)
    one = bare.commit(sha)
    files = changed_files(bare, one.parents[0], sha) if one.parents else []
    if "diff" in ask.accept:
        return Answer(text=bare.git("show", "--format=", sha).decode(errors="replace"))
    return Answer(commit_whole(ask, one, files), modified=one.committer[2])


def commit_named_or_missing(ask: Ask, name: str) -> str:
    """The sha of a commit, else 404."""
    sha = ask.repo.bare.resolve(name)
    if not sha:
        raise missing()
    return sha


def _commit(ask: Ask, name: str) -> Commit:
    return ask.repo.bare.commit(commit_named_or_missing(ask, name))


def _listing(ask: Ask, sha: str, path: str, ref: str) -> list[dict[str, Any]]:
    out = ask.repo.bare.git("ls-tree", "-z", "-l", f"{sha}:{path}").decode(errors="replace")
    shown = []
    for line in out.split("\0"):
        if line:
            about, _, name = line.partition("\t")
            _, kind, blob, size = about.split()
            full = f"{path}/{name}" if path else name
            what = {"tree": "dir", "blob": "file"}.get(kind, "submodule")
            shown.append(_entry(ask, full, what, blob, int(size) if size.isdigit() else 0, ref))
    return shown


def _entry(ask: Ask, path: str, kind: str, blob: str, size: int, ref: str) -> dict[str, Any]:
    at, web = f"{repo_url(ask)}/contents/{path}?ref={ref}", f"{ask.roots.web}/{ask.repo.full}"
    what = "tree" if kind == "dir" else "blob"
    git_url, page_url = f"{repo_url(ask)}/git/{what}s/{blob}", f"{web}/{what}/{ref}/{path}"
    return {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": blob,
        "size": size,
        "url": at,
        "html_url": page_url,
        "git_url": git_url,
        "download_url": f"{web}/raw/{ref}/{path}" if kind == "file" else None,
        "type": kind,
        "_links": {"self": at, "git": git_url, "html": page_url},
    }
