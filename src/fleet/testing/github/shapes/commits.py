"""Commits, files, references, branches, tags and releases."""

from __future__ import annotations

import zlib
from typing import Any

from fleet.testing.github.bare import Commit
from fleet.testing.github.diff import ChangedFile
from fleet.testing.github.records import Release
from fleet.testing.github.shapes.basic import node_id, repo_url, user, user_or_none
from fleet.testing.github.wire import Ask, iso, iso_or_none

UNSIGNED = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}


def commit(ask: Ask, one: Commit) -> dict[str, Any]:
    """A commit with who is behind it."""
    at, page = f"{repo_url(ask)}/commits/{one.sha}", f"{ask.roots.web}/{ask.repo.full}/commit"
    return {
        "sha": one.sha,
        "node_id": node_id("C", int(one.sha[:10], 16)),
        "commit": {
            "author": _signature(one.author),
            "committer": _signature(one.committer),
            "message": one.message,
            "tree": {"sha": one.tree, "url": f"{repo_url(ask)}/git/trees/{one.tree}"},
            "url": f"{repo_url(ask)}/git/commits/{one.sha}",
            "comment_count": 0,
            "verification": UNSIGNED,
        },
        "url": at,
        "html_url": f"{page}/{one.sha}",
        "comments_url": f"{at}/comments",
        "author": user_or_none(ask, _login(ask, one.author[1])),
        "committer": user_or_none(ask, _login(ask, one.committer[1])),
        "parents": [
            {"sha": sha, "url": f"{repo_url(ask)}/commits/{sha}", "html_url": f"{page}/{sha}"}
            for sha in one.parents
        ],
    }


def commit_whole(ask: Ask, one: Commit, files: list[ChangedFile]) -> dict[str, Any]:
    """A commit when it is asked for itself: with its files."""
    added, removed = sum(f.additions for f in files), sum(f.deletions for f in files)
    stats = {"total": added + removed, "additions": added, "deletions": removed}
    return commit(ask, one) | {"stats": stats, "files": [changed(ask, one.sha, file) for file in files]}


def git_commit(ask: Ask, one: Commit) -> dict[str, Any]:
    """A commit as the git database shows it."""
    page = f"{ask.roots.web}/{ask.repo.full}/commit"
    return {
        "sha": one.sha,
        "node_id": node_id("C", int(one.sha[:10], 16)),
        "url": f"{repo_url(ask)}/git/commits/{one.sha}",
        "html_url": f"{page}/{one.sha}",
        "author": _signature(one.author),
        "committer": _signature(one.committer),
        "tree": {"sha": one.tree, "url": f"{repo_url(ask)}/git/trees/{one.tree}"},
        "message": one.message,
        "parents": [
            {"sha": sha, "url": f"{repo_url(ask)}/git/commits/{sha}", "html_url": f"{page}/{sha}"}
            for sha in one.parents
        ],
        "verification": UNSIGNED,
    }


def changed(ask: Ask, sha: str, one: ChangedFile) -> dict[str, Any]:
    """A file of a diff."""
    web = f"{ask.roots.web}/{ask.repo.full}"
    shown: dict[str, Any] = {
        "sha": None if one.status == "removed" else one.blob,
        "filename": one.path,
        "status": one.status,
        "additions": one.additions,
        "deletions": one.deletions,
        "changes": one.additions + one.deletions,
        "blob_url": f"{web}/blob/{sha}/{one.path}",
        "raw_url": f"{web}/raw/{sha}/{one.path}",
        "contents_url": f"{repo_url(ask)}/contents/{one.path}?ref={sha}",
    }
    if one.patch is not None:
        shown["patch"] = one.patch
    return shown | ({"previous_filename": one.previous} if one.previous else {})


def reference(ask: Ask, name: str, sha: str, kind: str = "commit") -> dict[str, Any]:
    """A reference by its full name."""
    return {
        "ref": name,
        "node_id": node_id("REF", zlib.crc32(name.encode())),
        "url": f"{repo_url(ask)}/git/{name}",
        "object": {"sha": sha, "type": kind, "url": f"{repo_url(ask)}/git/{kind}s/{sha}"},
    }


def branch(ask: Ask, name: str, sha: str) -> dict[str, Any]:
    """A branch in a list."""
    guard = ask.repo.protections.get(name)
    checks = (guard.checks or []) if guard else []
    level = "off" if guard is None else "everyone" if guard.enforce_admins else "non_admins"
    required: dict[str, Any] = {"enforcement_level": level, "contexts": checks}
    required["checks"] = [{"context": check, "app_id": None} for check in checks]
    return {
        "name": name,
        "commit": {"sha": sha, "url": f"{repo_url(ask)}/commits/{sha}"},
        "protected": guard is not None,
        "protection": {"enabled": guard is not None, "required_status_checks": required},
        "protection_url": f"{repo_url(ask)}/branches/{name}/protection",
    }


def tag(ask: Ask, name: str, sha: str) -> dict[str, Any]:
    """A tag in the list of tags."""
    return {
        "name": name,
        "zipball_url": f"{repo_url(ask)}/zipball/refs/tags/{name}",
        "tarball_url": f"{repo_url(ask)}/tarball/refs/tags/{name}",
        "commit": {"sha": sha, "url": f"{repo_url(ask)}/commits/{sha}"},
        "node_id": node_id("REF", zlib.crc32(name.encode())),
    }


def release(ask: Ask, one: Release) -> dict[str, Any]:
    """A release."""
    at, web = f"{repo_url(ask)}/releases/{one.id}", f"{ask.roots.web}/{ask.repo.full}"
    return {
        "url": at,
        "assets_url": f"{at}/assets",
        "upload_url": f"{at}/assets{{?name,label}}",
        "html_url": f"{web}/releases/tag/{one.tag}",
        "id": one.id,
        "author": user(ask, one.author),
        "node_id": node_id("RE", one.id),
        "tag_name": one.tag,
        "target_commitish": one.target,
        "name": one.name,
        "draft": one.draft,
        "immutable": False,
        "prerelease": one.prerelease,
        "created_at": iso(one.created),
        "updated_at": iso(one.created),
        "published_at": iso_or_none(one.published),
        "assets": [],
        "tarball_url": f"{repo_url(ask)}/tarball/{one.tag}",
        "zipball_url": f"{repo_url(ask)}/zipball/{one.tag}",
        "body": one.body,
    }


def _signature(who: tuple[str, str, int]) -> dict[str, str]:
    return {"name": who[0], "email": who[1], "date": iso(who[2])}


def _login(ask: Ask, email: str) -> str:
    """The login behind an address of the site itself."""
    name, _, host = email.partition("@")
    login = name.partition("+")[2]
    return login if host == "users.noreply.github.com" and login and ask.site.knows(login) else ""
