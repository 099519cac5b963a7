"""Every request to GitHub goes through here, one after another: one budget for the whole fleet.

GitHub asks for just that ("make requests serially"). A question that was answered before is asked with its
ETag, and an answer "not modified" costs nothing. While a pause holds nothing is sent, whoever asks.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qsl, urlencode

from fleet.adapters.forges.github.cache import Cache, Kept
from fleet.adapters.forges.github.gh import Gh
from fleet.adapters.forges.github.limits import Clock, Limits
from fleet.adapters.forges.github.reply import Reply, next_path
from fleet.model.errors import Permanent, Temporary

PAGE = 100
_MOST_PAGES = 100
_AGAIN_S = (0.3, 1.5)  # a question that GitHub could not answer is asked so often again, after so long
_BACKOFF_MS, _LONGEST_BACKOFF_MS = 2_000, 120_000


class Rejected(Permanent):
    """GitHub said no; `why` holds its words, `status` the number."""

    def __init__(self, what: str, *, why: str, do: str = "", status: int) -> None:
        super().__init__(what, why=why, do=do)
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question brought. `fresh` is False when it is what was known before; `tag` names the version."""

    document: Any
    fresh: bool
    tag: str
    link: str
    headers: Mapping[str, str]
    date_ms: int


class Requests:
    """The door to GitHub, for any number of threads; one of them is inside at a time."""

    def __init__(
        self,
        gh: Gh,
        folder: Path | None,
        *,
        clock: Clock,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gh = gh
        self._lock = threading.RLock()
        self._cache = Cache(folder / "answers" if folder else None)
        self.limits = Limits(clock, folder)
        self._clock = clock
        self._sleep = sleep
        self._failures = 0
        self._skew_ms = 0
        self._here = threading.local()

    @property
    def spent_here(self) -> int:
        """How many requests of this thread counted against the quota, since it began."""
        return int(getattr(self._here, "spent", 0))

    def now_ms(self) -> int:
        """The forge's clock, as its answers let us know it."""
        return self._clock() + self._skew_ms

    def get(self, path: str, *, known: str = "") -> Answer:
        """Ask. When the answer is still the one named `known`, `document` is None: the caller has seen it.

        Raises Rejected (404 …), Temporary (a pause, no answer, the forge's own failure).
        """
        with self._lock:
            reply = self._ask(path)
            if reply.status == 304:
                tag = self._cache.tag(path)
                if known and known == tag:
                    return Answer(None, False, tag, "", reply.headers, reply.date_ms)
                kept = self._cache.get(path)
                if kept is not None:
                    self._cache.used(path)
                    # A page that came later is named by the new Link alone.
                    link = reply.headers.get("link", kept.link)
                    return Answer(json.loads(kept.body), False, tag, link, reply.headers, reply.date_ms)
                self._cache.drop(path)
                reply = self._ask(path)
            if not reply.ok:
                _refuse("GET", path, reply)
            document = self._read(path, reply)
            tag = reply.headers.get("etag") or reply.headers.get("last-modified", "")
            link = reply.headers.get("link", "")
            self._cache.put(Kept(path, tag, link, reply.body.decode("utf-8", "replace")))
            return Answer(document, True, tag, link, reply.headers, reply.date_ms)

    def find(self, path: str) -> Any:
        """What is there, or None for 404."""
        try:
            return self.get(path).document
        except Rejected as error:
            if error.status == 404:
                return None
            raise

    def pages(self, path: str, *, wrapped: str = "", most: int = _MOST_PAGES) -> Iterator[Any]:
        """The entries of a list, page after page, each once. `wrapped`: the key that holds the list."""
        seen: set[Any] = set()
        path = with_query(path, per_page=PAGE)
        for _ in range(most):
            answer = self.get(path)
            entries = answer.document.get(wrapped) if wrapped else answer.document
            for entry in entries or ():
                name = _name_of(entry)
                if name is None or name not in seen:
                    seen.add(name)
                    yield entry
            path = next_path(answer.link) or _page_after(path, answer, entries)
            if not path:
                return

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Change something; the document that GitHub answers. Sent once: the caller looks before it acts.

        Raises Rejected, Temporary. After a Temporary it may have been done.
        """
        with self._lock:
            self.limits.check()
            reply = self._once(method, path, body)
            if reply.status >= 500:
                raise self._failed(f"GitHub failed at {method} {_short(path)}", reply.words)
            if not reply.ok:
                _refuse(method, path, reply)
            return self._read(path, reply)

    def text(self, path: str, *, tail: int) -> str:
        """The end of a long plain text, at most so many bytes."""
        with self._lock:
            self.limits.check()
            reply = self._once("GET", path, None, tail=tail)
            if not reply.ok:
                _refuse("GET", path, reply)
            return reply.body[-tail:].decode("utf-8", "replace")

    def _ask(self, path: str) -> Reply:
        """A GET, again where GitHub failed to answer. 304 where what is known still holds."""
        tag = self._cache.tag(path)
        condition = "If-Modified-Since" if tag.endswith("GMT") and '"' not in tag else "If-None-Match"
        headers = (f"{condition}: {tag}",) if tag else ()
        last: Temporary | None = None
        for wait in (*_AGAIN_S, None):
            self.limits.check()
            try:
                reply = self._once("GET", path, None, headers=headers)
            except Temporary as error:
                if error.delay_ms:  # a pause, or a request that took as long as one may
                    raise
                last = error
            else:
                if reply.status < 500:
                    return reply
                last = Temporary(f"GitHub failed at GET {_short(path)}", why=reply.words)
            if wait is not None:
                self._sleep(wait)
        assert last is not None
        raise self._failed(last.what, last.why)

    def _once(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        *,
        headers: Sequence[str] = (),
        tail: int = 0,
    ) -> Reply:
        started = time.monotonic()
        try:
            reply = self._gh.request(method, path, body, headers=headers, tail=tail)
        except Temporary as error:
            if method == "GET" and time.monotonic() - started < self._gh.timeout / 2:
                raise
            raise self._failed(error.what, error.why) from error
        if reply.date_ms:
            self._skew_ms = reply.date_ms - self._clock()
        self._here.spent = self.spent_here + (reply.status != 304)
        self.limits.learn(reply)
        if reply.status < 500:
            self._failures = 0
        return reply

    def _failed(self, what: str, why: str) -> Temporary:
        """No answer: the next try is further away each time."""
        self._failures += 1
        delay = min(_BACKOFF_MS * 2 ** min(self._failures - 1, 8), _LONGEST_BACKOFF_MS)
        return Temporary(what, why=why, delay_ms=delay)

    def _read(self, path: str, reply: Reply) -> Any:
        try:
            return reply.json()
        except ValueError as error:
            raise self._failed(f"GitHub's answer at {_short(path)} is no JSON", str(error)) from error


def with_query(path: str, **more: object) -> str:
    """The path with these parameters, in the given order; what is there already stays."""
    bare, _, query = path.partition("?")
    there = dict(parse_qsl(query, keep_blank_values=True))
    there |= {name: str(value) for name, value in more.items() if name not in there}
    return f"{bare}?{urlencode(there)}" if there else bare


def _page_after(path: str, answer: Answer, entries: Sequence[Any] | None) -> str:
    """The next page's path where a page is full and no header says whether there is another: a known page may
    have got a successor since, and some forges have no such header.
    """
    if (answer.fresh and answer.link) or len(entries or ()) < PAGE:
        return ""
    query = dict(parse_qsl(path.partition("?")[2]))
    page = query.get("page", "1")
    if not page.isdigit() or query.keys() & {"after", "before"}:
        return ""
    return f"{path.partition('?')[0]}?{urlencode(query | {'page': str(int(page) + 1)})}"


def _name_of(entry: Any) -> Any:
    """What tells one entry of a list from another, None where nothing does."""
    if not isinstance(entry, dict):
        return None
    name = entry.get("id") or entry.get("node_id")
    return None if name is None else (name, entry.get("event"))


def _refuse(method: str, path: str, reply: Reply) -> NoReturn:
    do = ""
    if reply.status == 401:
        do = "log in again: gh auth login"
    elif reply.status in (403, 404):
        do = "look whether the login of gh may do this there: gh auth status"
    what = f"GitHub refused {method} {_short(path)} ({reply.status})"
    raise Rejected(what, why=reply.words, do=do, status=reply.status)


def _short(path: str) -> str:
    return path.partition("?")[0]
