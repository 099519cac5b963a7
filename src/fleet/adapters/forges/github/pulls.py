"""Pull requests as GitHub has them, and since when each head was there to be seen."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fleet.adapters.forges.github.marks import fitted, mark_of, marked, same_text
from fleet.adapters.forges.github.requests import Rejected, Requests
from fleet.ports.forge import PullRequest

MARK = "pull-request"
_NEWEST = 50
_MANY = 10
_REMEMBERED = 2000


class Heads:
    """Heads of pull requests with the time of GitHub's at which we first saw them.

    Kept in `folder`: what a person says while no watcher runs was said of the head that the last one saw.
    """

    def __init__(self, folder: Path | None) -> None:
        self._file = folder / "heads.json" if folder else None
        self._lock = threading.Lock()
        self._since: dict[str, int] = self._load()

    def saw(self, repo: str, number: int, head: str, at_ms: int) -> None:
        """This head is there."""
        with self._lock:
            if _name(repo, number, head) in self._since:
                return
            self._since[_name(repo, number, head)] = at_ms
            while len(self._since) > _REMEMBERED:
                del self._since[next(iter(self._since))]
            self._save()

    def since(self, repo: str, number: int, head: str) -> int:
        """Since when it is known to be there, 0 for not yet."""
        return self._since.get(_name(repo, number, head), 0)

    def _load(self) -> dict[str, int]:
        try:
            found = json.loads(self._file.read_text()) if self._file else {}
            return {str(name): int(at) for name, at in found.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def _save(self) -> None:
        if self._file is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        beside = self._file.with_suffix(".new")
        beside.write_text(json.dumps(self._since))
        beside.replace(self._file)


def _name(repo: str, number: int, head: str) -> str:
    return f"{repo}#{number} {head}"


def newest(requests: Requests, repo: str) -> list[Mapping[str, Any]]:
    """The pull requests that changed last; always the same request, so it is free while none did."""
    path = f"repos/{repo}/pulls?state=all&sort=updated&direction=desc&per_page={_NEWEST}"
    return list(requests.get(path).document)


def documents_of(requests: Requests, repo: str, numbers: Iterable[int]) -> dict[int, Mapping[str, Any]]:
    """GitHub's documents of these pull requests: mostly one request for all."""
    missing = set(numbers)
    found: dict[int, Mapping[str, Any]] = {}
    if not missing:
        return found

    def take(documents: Iterable[Mapping[str, Any]]) -> None:
        for document in documents:
            number = int(document["number"])
            if number in missing:
                found[number] = document
                missing.discard(number)

    path = f"repos/{repo}/pulls"
    take(newest(requests, repo))
    if len(missing) > _MANY:
        take(requests.pages(f"{path}?state=open"))
    for number in sorted(missing):
        document = requests.find(f"{path}/{number}")
        if document is not None:
            found[number] = document
    return found


def read_pull(document: Mapping[str, Any]) -> PullRequest:
    """GitHub's document in the words of the port."""
    merged = bool(document.get("merged") or document.get("merged_at"))
    return PullRequest(
        number=int(document["number"]),
        head=str(document["head"]["sha"]),
        base=str(document["base"]["ref"]),
        open=document.get("state") == "open",
        merged=str(document.get("merge_commit_sha") or "") if merged else "",
        title=str(document.get("title") or ""),
        body=str(document.get("body") or ""),
        labels=tuple(str(each["name"]) for each in document.get("labels") or ()),
        mergeable=document.get("mergeable"),
        url=str(document.get("html_url") or ""),
    )


def open_pull_request(
    requests: Requests, repo: str, *, branch: str, base: str, title: str, body: str
) -> Mapping[str, Any]:
    """The open pull request of this branch, made when there is none."""
    found = _open_one(requests, repo, branch, base)
    if found is not None:
        return found
    new = {"title": title, "head": branch, "base": base, "body": written(body)}
    try:
        made: Mapping[str, Any] = requests.send("POST", f"repos/{repo}/pulls", new)
    except Rejected as error:
        # Made by the request before this one, whose answer we did not see.
        found = _open_one(requests, repo, branch, base) if error.status == 422 else None
        if found is None:
            raise
        return found
    return made


def written(body: str) -> str:
    """The text with a mark that says what it was when Fleet wrote it."""
    return marked(body, f"{MARK}:{_sum(fitted(body))}")


def is_untouched(text: str) -> bool:
    """Whether a pull request's text is as Fleet wrote it. What a person has changed there is theirs."""
    mark = mark_of(text)
    rest = text.replace("\r\n", "\n").rpartition("<!-- fleet:")[0].strip()
    return mark == MARK or mark == f"{MARK}:{_sum(rest)}"


def _sum(text: str) -> str:
    return hashlib.sha256(text.strip().encode()).hexdigest()[:12]


def texts_to_set(document: Mapping[str, Any], title: str | None, body: str | None) -> dict[str, str]:
    """What to change so that it has this title and this text. A text that a person has edited is theirs."""
    new: dict[str, str] = {}
    if title is not None and title != document.get("title"):
        new["title"] = title
    there = str(document.get("body") or "")
    if body is not None and is_untouched(there) and not same_text(written(body), there):
        new["body"] = written(body)
    return new


def _open_one(requests: Requests, repo: str, branch: str, base: str) -> Mapping[str, Any] | None:
    owner = repo.partition("/")[0]
    query = urlencode({"state": "open", "head": f"{owner}:{branch}", "base": base})
    for each in requests.pages(f"repos/{repo}/pulls?{query}"):
        if (each.get("head") or {}).get("ref") == branch:
            document: Mapping[str, Any] = each
            return document
    return None
