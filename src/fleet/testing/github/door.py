"""From the bytes of a request to those of its answer: who asks, faults, limits, ETags, the log."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime
from threading import Condition
from typing import Any
from urllib.parse import parse_qsl

from fleet.model.errors import Permanent
from fleet.testing.github.endpoints.table import table
from fleet.testing.github.faults import Fault, Faults
from fleet.testing.github.follow import follow_all
from fleet.testing.github.limits import Limits
from fleet.testing.github.site import Site
from fleet.testing.github.wire import DOCS, Answer, Ask, Refusal, Roots

Admin = Callable[[str, str, Any], Any]

_KEPT = 100_000
# gh shows and checks scopes only of tokens that begin as those of its own login do.
_PREFIXES = ("token-", "gho_", "ghp_")
_SCOPES = "gist, read:org, repo, workflow"
_LIMITS_PAGE = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"
_FREE = ("/rate_limit", "/_logs/")


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it was answered. `counted`: it took one from the limit. `status` 0: no answer."""

    number: int
    method: str
    path: str
    query: str
    login: str
    at: float
    status: int
    counted: bool
    conditional: bool
    fault: str = ""


@dataclass(slots=True)
class Incoming:
    """A request as it came in. `secure`: over the socket, where the client believes in https."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    secure: bool


@dataclass(slots=True)
class Reply:
    """What goes out; the rest is what goes wrong on the way."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    hang: bool = False
    cut: bool = False
    reset: bool = False
    twice: bool = False


@dataclass(slots=True)
class Door:
    """Where requests come in. `pause` waits for so many seconds, or less when the stand-in closes."""

    site: Site
    limits: Limits
    admin: Admin
    pause: Callable[[float], None]
    clock: Callable[[], float]
    faults: Faults = field(default_factory=Faults)
    scopes: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    log: deque[Request] = field(default_factory=lambda: deque(maxlen=_KEPT))
    changed: Condition = field(default_factory=Condition)
    count: int = 0
    _table: Any = field(default_factory=table)

    def answer(self, incoming: Incoming) -> Reply:
        """Answer one request, and take it down."""
        at = self.clock()
        path, _, query = incoming.target.partition("?")
        path, roots = _place(incoming, path)
        if path.startswith("/_admin/"):
            return self._administer(incoming, path)
        login, known = self._who(incoming.headers.get("authorization", ""))
        fault = self.faults.strike(incoming.method, path + (f"?{query}" if query else ""), login)
        if fault is not None and fault.delay_ms:
            self.pause(fault.delay_ms / 1000)
        headers = dict(incoming.headers)
        method = "GET" if incoming.method == "HEAD" else incoming.method
        ask = Ask(self.site, method, path, login, dict(parse_qsl(query, keep_blank_values=True)), roots=roots)
        ask.accept = headers.get("accept", "")
        answer = self._struck(fault, login)
        if answer is None or (fault is not None and fault.performed):
            real = self._perform(ask, incoming.body, known)
            if fault is not None and fault.repeated:
                real = self._perform(ask, incoming.body, known)
            answer = answer or real
        if fault is not None and fault.doubled and isinstance(answer.document, list):
            answer.document = [entry for entry in answer.document for _ in (1, 2)]
        reply = self._reply(ask, answer, headers, known, fault)
        if incoming.method == "HEAD":
            reply.body = b""
        sent = 0 if reply.reset or reply.hang else reply.status
        self._write(incoming, path, query, login, at, sent, reply, fault)
        return reply

    def perform(self, ask: Ask) -> Answer:
        """What the endpoint says; raises `Refusal`. People's moves in tests come in here."""
        with self.site.lock:
            return self._answered(ask)

    def _answered(self, ask: Ask) -> Answer:
        answer: Answer = self._table.answer(ask, lambda found: follow_all(self.site, found.repo))
        return answer

    def _perform(self, ask: Ask, body: bytes, known: bool) -> Answer:
        """The same with everything that refuses a request."""
        try:
            if not known:
                raise Refusal(401, "Bad credentials")
            with self.site.lock:
                if ask.path == "/rate_limit":
                    return Answer(self.limits.document(ask.login))
                if not self.limits.left(ask.login):
                    return self._limited(ask.login)
                ask.body = _document(body)
                return self._answered(ask)
        except Refusal as refusal:
            return Answer(refusal.document, refusal.status)
        except Permanent as error:
            return Answer({"message": f"Server Error: {error}"}, 500)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            # A body of another form than the endpoint's: one that GitHub's schema would not let in.
            return Answer({"message": f"Invalid request.\n\n{error!r}", "documentation_url": DOCS}, 422)

    def _limited(self, login: str) -> Answer:
        who = f"user ID {self.site.user(login).id}" if login else "127.0.0.1"
        return Answer(
            {"message": f"API rate limit exceeded for {who}.", "documentation_url": _LIMITS_PAGE}, 403
        )

    def _struck(self, fault: Fault | None, login: str) -> Answer | None:
        """The answer that a fault makes, None when it leaves the answer to the endpoint."""
        if fault is None:
            return None
        if fault.exhausted:
            with self.site.lock:
                self.limits.exhaust(login, max(1, fault.retry_after))
                return self._limited(login)
        if fault.secondary:
            words = (
                "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
            )
            return Answer(
                {"message": words, "documentation_url": f"{_LIMITS_PAGE}#secondary-rate-limits"}, 403
            )
        if fault.status == 502 and not fault.message:
            page = (
                "<html>\n<head><title>502 Bad Gateway</title></head>\n<body>502 Bad Gateway</body>\n</html>\n"
            )
            return Answer(status=502, text=page, headers={"Content-Type": "text/html"})
        if fault.status:
            words = fault.message or {404: "Not Found", 422: "Validation Failed"}.get(
                fault.status, "Server Error"
            )
            more: dict[str, Any] = {"errors": []} if fault.status == 422 else {}
            return Answer(
                {"message": words, **more, "documentation_url": "https://docs.github.com/rest"}, fault.status
            )
        if fault.hang or fault.reset:
            return Answer(None, 200)
        return None

    def _reply(
        self, ask: Ask, answer: Answer, asked: dict[str, str], known: bool, fault: Fault | None
    ) -> Reply:
        body, headers = _body(answer), {"Server": "github.com"}
        headers["Date"] = formatdate(self.clock() + (fault.skew_s if fault else 0), usegmt=True)
        headers |= (
            {"Content-Type": "application/json; charset=utf-8"} if answer.text is None else _text_type(answer)
        )
        headers |= answer.headers
        status = answer.status
        if ask.method == "GET" and status == 200:
            tag = hashlib.sha256(body + ask.login.encode()).hexdigest()
            headers |= {"ETag": f'W/"{tag}"', "Cache-Control": "private, max-age=60, s-maxage=60"}
            headers["Vary"] = "Accept, Authorization, Cookie, X-GitHub-OTP"
            if answer.modified:
                headers["Last-Modified"] = formatdate(answer.modified, usegmt=True)
            if _unchanged(asked, tag, answer.modified):
                status, body = 304, b""
        if status in (204, 304):
            headers.pop("Content-Type", None)
        free = status == 304 or not known or ask.path.startswith(_FREE)
        struck = fault is not None and (
            fault.status or fault.secondary or fault.exhausted or fault.hang or fault.reset
        )
        with self.site.lock:
            if not free and not struck and self.limits.left(ask.login):
                self.limits.take(ask.login)
                headers["X-Counted"] = "1"
            headers |= self.limits.headers(ask.login)
        if ask.login:
            headers["X-OAuth-Scopes"] = self.scopes.get(ask.login, _SCOPES)
            headers["X-Accepted-OAuth-Scopes"] = "repo" if ask.path.startswith("/repos/") else ""
        headers |= {
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-GitHub-Api-Version-Selected": "2022-11-28",
        }
        reply = Reply(status, headers, body)
        if fault is not None:
            _spoil(reply, fault, isinstance(answer.document, list))
        return reply

    def _write(
        self,
        incoming: Incoming,
        path: str,
        query: str,
        login: str,
        at: float,
        status: int,
        reply: Reply,
        fault: Fault | None,
    ) -> None:
        counted = reply.headers.pop("X-Counted", "") == "1"
        conditional = "if-none-match" in incoming.headers or "if-modified-since" in incoming.headers
        with self.changed:
            self.count += 1
            named = fault.name if fault else ""
            reply.headers["X-GitHub-Request-Id"] = f"0001:{self.count:06X}"
            done = (self.count, incoming.method, path, query, login, at, status, counted, conditional, named)
            self.log.append(Request(*done))
            self.changed.notify_all()

    def _who(self, authorization: str) -> tuple[str, bool]:
        """The login of a token, and whether the token is good."""
        kind, _, token = authorization.strip().partition(" ")
        if kind.lower() == "basic":
            try:
                token = base64.b64decode(token).decode().partition(":")[2]
            except ValueError:
                return "", False
        token = token.strip()
        if not token:
            return "", True
        login = self.tokens.get(token, "")
        for prefix in _PREFIXES if not login else ():
            login = login or (token.removeprefix(prefix) if token.startswith(prefix) else "")
        with self.site.lock:
            return (self.site.user(login).login, True) if login else ("", False)

    def _administer(self, incoming: Incoming, path: str) -> Reply:
        """The tests' own side door: it is neither counted nor taken down."""
        status = 200
        try:
            shown = self.admin(
                incoming.method, path.removeprefix("/_admin/"), _document(incoming.body, any_kind=True)
            )
        except Refusal as refusal:
            shown, status = refusal.document, refusal.status
        return Reply(status, {"Content-Type": "application/json"}, _json(shown))


def _place(incoming: Incoming, path: str) -> tuple[str, Roots]:
    """The path below the API's root, and where that root is for this client."""
    host = incoming.headers.get("host", "api.github.com")
    scheme = "https" if incoming.secure else "http"
    if path.startswith("/api/v3"):
        return path.removeprefix("/api/v3") or "/", Roots(f"{scheme}://{host}/api/v3", f"{scheme}://{host}")
    if path == "/api/graphql":
        return "/graphql", Roots(f"{scheme}://{host}/api/v3", f"{scheme}://{host}")
    if incoming.secure and host.startswith("api."):
        return path, Roots(f"{scheme}://{host}", f"{scheme}://{host.removeprefix('api.')}")
    return path, Roots(f"{scheme}://{host}", f"{scheme}://{host}")


def _document(body: bytes, *, any_kind: bool = False) -> Any:
    if not body.strip():
        return {}
    try:
        data = json.loads(body)
    except ValueError:
        raise Refusal(400, "Problems parsing JSON") from None
    if isinstance(data, list) and not any_kind:
        data = {"labels": data}  # the one endpoint that takes a bare list
    if not isinstance(data, dict) and not any_kind:
        raise Refusal(400, "Body should be a JSON object")
    return data


def _body(answer: Answer) -> bytes:
    if answer.text is not None:
        return answer.text.encode()
    return b"" if answer.status in (204, 304) else _json(answer.document)


def _json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _text_type(answer: Answer) -> dict[str, str]:
    return {"Content-Type": answer.headers.get("Content-Type", "text/plain; charset=utf-8")}


def _unchanged(asked: dict[str, str], tag: str, modified: int) -> bool:
    """Whether what the client has is what it would get."""
    wanted = asked.get("if-none-match", "")
    if wanted:
        return wanted.strip() == "*" or tag in wanted
    after = asked.get("if-modified-since", "")
    if not after or not modified:
        return False
    try:
        return modified <= parsedate_to_datetime(after).timestamp()
    except (TypeError, ValueError):
        return False


def _spoil(reply: Reply, fault: Fault, is_list: bool) -> None:
    reply.hang, reply.cut, reply.reset = fault.hang, fault.cut, fault.reset
    reply.twice = fault.doubled and not is_list
    reply.headers |= fault.headers
    if fault.retry_after >= 0 and not fault.exhausted:
        reply.headers["Retry-After"] = str(fault.retry_after)
