"""A stand-in for each test, and the real gh to ask it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fleet.testing.github import GitHub

Need = Callable[..., str]


@dataclass(frozen=True)
class Said:
    """What gh printed for `gh api -i`."""

    status: int
    headers: dict[str, str]
    body: Any
    code: int
    complaint: str


@dataclass(frozen=True)
class Gh:
    """The real gh against the stand-in, as any login."""

    program: str
    hub: GitHub

    def run(
        self, *words: str, login: str = "acme", host: str = "", feed: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """`gh WORDS`, as it ended."""
        environment = os.environ | self.hub.environment(login, host)
        return subprocess.run(
            [self.program, *words], env=environment, input=feed, capture_output=True, text=True, timeout=30
        )

    def api(self, path: str, method: str = "GET", /, *words: str, login: str = "acme", **body: Any) -> Said:
        """`gh api -i`, with a JSON body when there is one."""
        more = ("--input", "-") if body else ()
        done = self.run("api", "-i", "-X", method, path, *words, *more, login=login, feed=json.dumps(body))
        head, _, rest = done.stdout.replace("\r\n", "\n").partition("\n\n")
        first, *lines = head.split("\n")
        headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines)}
        status = int(first.split()[1]) if first.startswith("HTTP/") else 0
        try:
            document = json.loads(rest) if rest.strip() else None
        except ValueError:
            document = rest
        return Said(status, headers, document, done.returncode, done.stderr)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[GitHub]:
    """The stand-in with the repository acme/shop, where bob may write and alice, too."""
    with GitHub(tmp_path / "hub") as made:
        made.repo(
            "acme/shop", permissions={"alice": "write", "bob": "write"}, files={"price.txt": "1\n2\n3\n"}
        )
        yield made


@pytest.fixture
def gh(hub: GitHub, need: Need) -> Gh:
    """The real gh."""
    return Gh(need("gh", "the GitHub CLI; Debian: apt-get install gh"), hub)
