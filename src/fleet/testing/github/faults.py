"""What goes wrong on demand: which requests it strikes, how often, and how."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from threading import Lock
from typing import Any

import yaml

from fleet.model.errors import UsageError


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    It strikes requests whose method, path (with its query, without the host) and login match these regular
    expressions, the first `skip` of them not, then `times` of them (-1: all). Without `status` and the like
    the request is answered, only later (`delay_ms`), or with the clock `skew_s` seconds off.

    `performed`: the request is carried out first, so that what was done is done and only the answer is lost.
    """

    method: str = ".*"
    path: str = ".*"
    login: str = ".*"
    times: int = 1
    skip: int = 0
    status: int = 0  # this answer instead: 500, 502 (an HTML page), 404, 422 …
    message: str = ""  # of its document
    delay_ms: int = 0  # before anything is done
    hang: bool = False  # no answer until the client gives up or the stand-in closes
    cut: bool = False  # half of the answer's body, then the end
    reset: bool = False  # the connection is reset instead of an answer
    doubled: bool = False  # a list has each entry twice, any other answer is sent twice
    repeated: bool = False  # the request is carried out twice
    secondary: bool = False  # 403: the secondary limit, with `retry_after`
    exhausted: bool = False  # 403: the primary limit, until `retry_after` seconds from now
    retry_after: int = -1  # seconds, as a header; -1 leaves it out
    skew_s: int = 0  # how far the Date header is off
    headers: dict[str, str] = field(default_factory=dict)  # more of them, or others
    performed: bool = False

    def __post_init__(self) -> None:
        for name in ("method", "path", "login"):
            re.compile(getattr(self, name))

    @property
    def name(self) -> str:
        """The kind, for the log of requests."""
        kinds = ("hang", "cut", "reset", "doubled", "repeated", "secondary", "exhausted")
        named = [kind for kind in kinds if getattr(self, kind)]
        named += [str(self.status)] if self.status else []
        named += ["delay"] if self.delay_ms else []
        return " ".join(named or ["skew" if self.skew_s else "headers"])

    def matches(self, method: str, path: str, login: str) -> bool:
        """Whether it means this request."""
        return (
            re.fullmatch(self.method, method) is not None
            and re.search(self.path, path) is not None
            and re.fullmatch(self.login, login) is not None
        )


class Faults:
    """The faults in waiting. Of several that mean a request, the one added first strikes."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: list[list[Any]] = []

    def add(self, *faults: Fault) -> None:
        """Let these strike."""
        with self._lock:
            self._waiting += [[fault, fault.skip, fault.times] for fault in faults]

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._waiting.clear()

    @property
    def waiting(self) -> list[Fault]:
        """Those that have not struck as often as they shall."""
        with self._lock:
            return [fault for fault, _, times in self._waiting if times]

    def strike(self, method: str, path: str, login: str) -> Fault | None:
        """The fault that strikes this request."""
        with self._lock:
            for entry in self._waiting:
                if entry[2] == 0 or not entry[0].matches(method, path, login):
                    continue
                if entry[1] > 0:
                    entry[1] -= 1
                    continue
                if entry[2] > 0:
                    entry[2] -= 1
                found: Fault = entry[0]
                return found
        return None


def faults_from(data: Any) -> list[Fault]:
    """Faults from plain data; `UsageError` that names the field that does not fit."""
    known = {one.name: one.type for one in fields(Fault)}
    found = []
    for entry in data if isinstance(data, list) else [data]:
        if not isinstance(entry, dict):
            raise UsageError(f"a fault is a mapping, not {entry!r}")
        if strange := sorted(set(entry) - known.keys()):
            raise UsageError(f"no such field of a fault: {strange[0]}", do=f"fields are: {', '.join(known)}")
        kinds = {"str": str, "int": int, "bool": bool}
        for name, value in entry.items():
            if not isinstance(value, kinds.get(str(known[name]), dict)):
                raise UsageError(f"{name} of a fault cannot be {value!r}", do=f"write a {known[name]}")
        try:
            found.append(Fault(**entry))
        except re.error as error:
            raise UsageError("a fault's pattern is no regular expression", why=str(error)) from None
    return found


def load_faults(path: Path) -> list[Fault]:
    """Faults from a YAML or JSON file: a list of mappings with the fields of `Fault`."""
    try:
        return faults_from(yaml.safe_load(path.read_text()) or [])
    except OSError as error:
        raise UsageError(f"{path} cannot be read", why=str(error)) from None
    except yaml.YAMLError as error:
        raise UsageError(f"{path} is no YAML", why=str(error)) from None


def as_data(faults: Iterable[Fault]) -> Any:
    """Faults as plain data, without what is as always."""
    plain = Fault()
    shown = [
        {
            one.name: getattr(fault, one.name)
            for one in fields(Fault)
            if getattr(fault, one.name) != getattr(plain, one.name)
        }
        for fault in faults
    ]
    return json.loads(json.dumps(shown))
