"""A request as an endpoint sees it, and what it may answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fleet.testing.github.records import Issue, Pull
from fleet.testing.github.site import Level, Repo, Site

DOCS = "https://docs.github.com/rest"


@dataclass(frozen=True, slots=True)
class Roots:
    """Where the API and the web pages seem to be, as links in answers name them."""

    api: str = "https://api.github.com"
    web: str = "https://github.com"


class Refusal(Exception):
    """An endpoint's "no": a status, and GitHub's error document."""

    def __init__(self, status: int, message: str, errors: list[Any] | None = None, docs: str = DOCS) -> None:
        super().__init__(message)
        self.status = status
        self.document: dict[str, Any] = {"message": message}
        if errors is not None:
            self.document["errors"] = errors
        self.document |= {"documentation_url": docs, "status": str(status)}


def missing() -> Refusal:
    """404: it is not there, or you may not know that it is."""
    return Refusal(404, "Not Found")


def invalid(resource: str, field: str, code: str = "invalid", message: str = "") -> Refusal:
    """422 with one error, in the form of a failed validation."""
    error = {"resource": resource, "code": code, "field": field} | ({"message": message} if message else {})
    return Refusal(422, "Validation Failed", [error])


def unprocessable(*words: str) -> Refusal:
    """422 whose errors are plain sentences."""
    return Refusal(422, "Unprocessable Entity", list(words))


@dataclass(slots=True)
class Answer:
    """What an endpoint answers. `text` goes out as it is, else `document` as JSON."""

    document: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    modified: int = 0


@dataclass(slots=True)
class Ask:
    """One request. `login` is "" when it came without a token; `args` are the parts of the path, by name."""

    site: Site
    method: str
    path: str
    login: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    accept: str = ""
    roots: Roots = field(default_factory=Roots)
    args: dict[str, str] = field(default_factory=dict)
    found: Repo | None = None

    @property
    def repo(self) -> Repo:
        """The repository that the path names."""
        assert self.found is not None
        return self.found

    def number(self, name: str = "number") -> int:
        """A part of the path that is a number."""
        return int(self.args[name])

    def issue(self) -> Issue:
        """The issue or pull request that the path names, else 404."""
        issue = self.repo.issues.get(self.number())
        if issue is None:
            raise missing()
        return issue

    def pull(self) -> tuple[Issue, Pull]:
        """The pull request that the path names, else 404."""
        issue = self.issue()
        if issue.pull is None:
            raise missing()
        return issue, issue.pull

    def may(self, level: Level) -> bool:
        """Whether the asker may do here what needs `level`."""
        return self.repo.allows(self.login, level)

    def text(self, name: str, resource: str, *, needed: bool = True) -> str | None:
        """A text of the body. 422 when it is needed and not there, or is no text."""
        value = self.body.get(name)
        if value is None or value == "":
            if needed:
                raise invalid(resource, name, "missing_field")
            return None if value is None else ""
        if not isinstance(value, str):
            raise Refusal(422, f'Invalid request.\n\nFor "{name}", {value!r} is not a string.')
        return value

    def needed(self, name: str, resource: str) -> str:
        """A text that the body must have."""
        return self.text(name, resource) or ""


Endpoint = Callable[[Ask], Answer]


def iso(seconds: int) -> str:
    """A time as GitHub writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_or_none(seconds: int) -> str | None:
    """… or null for "not yet"."""
    return iso(seconds) if seconds else None


def since(ask: Ask) -> int:
    """The `since` of a request as epoch seconds, 0 without one."""
    text = ask.query.get("since", "")
    if not text:
        return 0
    try:
        when = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise Refusal(422, f"Invalid value for parameter since: {text}") from None
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
