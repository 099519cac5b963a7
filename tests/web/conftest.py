"""A project in a real repository with a real log, and its page: in this process, served, in a browser."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import fleet
from fleet.adapters.logs.sqlite import SqliteLog
from fleet.model.event import Event
from fleet.surfaces.web.app import build_app
from fleet.surfaces.web.keys import FIELD
from fleet.surfaces.web.projection import Projection
from fleet.surfaces.web.site import Site
from fleet.testing.story import Story
from fleet.wiring import Place, clock, load_fleet, watcher_status

HERE = "http://127.0.0.1:8717"
SOURCE = str(Path(fleet.__file__).parents[1])
CONFIG = """\
version: 1
project: {name: shop, forge: local, base: main}
defaults: {harness: scripted}
agents:
  developer:
    template: developer
    model: small
    options: {script: script.yaml}
    budget: {per_run: {time: 10m, cost: 5}, per_day: {cost: 60}}
  tech-lead: {template: tech-lead, options: {script: script.yaml}}
workflows:
  feature:
    on: {issue: {labeled: "fleet:ready"}}
    jobs:
      implement: {agent: developer}
      review: {agent: tech-lead, needs: [implement]}
      merge: {action: merge, needs: [review]}
    rounds: 1
checks: {test: make test}
gates:
  merge:
    - review: {approvals: 1}
    - checks: passing
    - human: {when: "risk.score >= 60"}
"""


def git(where: Path, *words: str) -> str:
    who = ["-c", "user.name=Mia", "-c", "user.email=mia@example.org"]
    done = subprocess.run(["git", *who, *words], cwd=where, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@dataclass
class Shop:
    """The project, and the story that its log tells."""

    root: Path
    log: SqliteLog = field(init=False)
    story: Story = field(init=False)

    def __post_init__(self) -> None:
        self.place.dot.mkdir()
        self.log = SqliteLog(self.place.log)
        self.story = Story(load_fleet(self.place), self.log)

    @property
    def place(self) -> Place:
        return Place(self.root)

    def merge_asked(self, title: str = "Add a note", *, score: int = 80) -> str:
        """A change that waits for a person's word; returns the approval."""
        item = self.story.issue(title)
        self.story.deliver(self.newest_run(item))
        self.story.deliver(self.newest_run(item), "approve")
        self.story.examine(score=score)
        return list(self.story.state.approvals)[-1]

    def newest_run(self, item: int) -> str:
        return [run.id for run in self.story.state.runs.values() if run.item == item][-1]

    def newest(self, kind: str) -> Event:
        return [event for event in self.log.read() if event.type == kind][-1]

    def count(self) -> int:
        return self.log.head().seq


class Page(TestClient):
    """A browser that was let in, without a script, of which each request sees what the log has by now."""

    def __init__(self, site: Site) -> None:
        super().__init__(build_app(site), base_url=HERE, follow_redirects=False)
        self.site = site
        self.get("/enter", params={"key": site.keys.once})

    def request(self, *args: Any, **kwargs: Any) -> Any:
        self.site.projection.catch_up()
        return super().request(*args, **kwargs)

    def submit(self, path: str, *, origin: str = HERE, **fields: str) -> Any:
        """A form of ours, sent."""
        data = {FIELD: self.site.keys.token, **fields}
        return self.post(path, data=data, headers={"origin": origin})


def make_site(shop: Shop) -> Site:
    place = shop.place
    projection = Projection(shop.log, lambda: load_fleet(place), lambda: watcher_status(place), clock)
    projection.load()
    return Site(place, projection, "user/mia")


@dataclass
class Server:
    """`fleet web` as a process of its own."""

    process: subprocess.Popen[str]
    link: str

    @property
    def address(self) -> str:
        return self.link.partition("/enter")[0]

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def session(self) -> str:
        """The cookie of a browser that uses the link."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", self.link.removeprefix(self.address))
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return (answer.getheader("set-cookie") or "").partition(";")[0]

    def text(self, path: str, cookie: str) -> str:
        """A page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", path, headers={"cookie": cookie})
        text = connection.getresponse().read().decode()
        connection.close()
        return text

    def stream(self, path: str, cookie: str, **headers: str) -> Stream:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", path, headers={"cookie": cookie, **headers})
        return Stream(connection, connection.getresponse())

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        finally:
            if self.process.poll() is None:
                self.process.kill()
            self.process.wait()
            if self.process.stdout:
                self.process.stdout.close()


class Stream:
    """Server-sent events, read one by one."""

    def __init__(self, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse) -> None:
        self.status = answer.status
        self._connection, self._answer = connection, answer

    def next(self) -> tuple[int, Any]:
        """The next message: its id and its data."""
        id_ = -1
        while True:
            line = self._answer.readline().decode().rstrip("\n")
            if line.startswith("id: "):
                id_ = int(line[4:])
            if line.startswith("data: "):
                return id_, json.loads(line[6:])

    def close(self) -> None:
        self._answer.close()
        self._connection.close()


def start_server(shop: Shop, *words: str) -> Server:
    names = {name: value for name, value in os.environ.items() if not name.startswith("FLEET_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "fleet", "web", "--port", "0", *words],
        cwd=shop.root,
        env={**names, "PYTHONPATH": SOURCE, "LOGNAME": "mia", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    return Server(process, next_link(process))


def next_link(process: subprocess.Popen[str]) -> str:
    """The next link that it prints."""
    assert process.stdout is not None
    for line in process.stdout:
        found = re.search(r"https?://\S+", line)
        if found:
            return found[0]
    raise AssertionError("it ended without a link")


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository to copy: git takes its time to make one."""
    root = tmp_path_factory.mktemp("shop")
    git(root, "init", "-q", "-b", "main")
    (root / "fleet.yaml").write_text(CONFIG)
    (root / "script.yaml").write_text("steps: []\n")
    (root / ".gitignore").write_text(".fleet/\n")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "Begin")
    return root


@pytest.fixture
def shop(repository: Path, tmp_path: Path) -> Iterator[Shop]:
    root = tmp_path / "shop"
    shutil.copytree(repository, root)
    made = Shop(root)
    yield made
    made.log.close()


@pytest.fixture
def page(shop: Shop) -> Iterator[Page]:
    site = make_site(shop)
    with Page(site) as made:
        yield made
    site.transcripts.close()


@pytest.fixture
def make_page() -> Iterator[Callable[[Path, Path], tuple[Shop, Page]]]:
    """Makes a project at a place, and its page."""
    with ExitStack() as stack:

        def make(root: Path, repository: Path) -> tuple[Shop, Page]:
            shutil.copytree(repository, root)
            shop = Shop(root)
            stack.callback(shop.log.close)
            return shop, stack.enter_context(Page(make_site(shop)))

        yield make


@pytest.fixture
def server(shop: Shop) -> Iterator[Server]:
    made = start_server(shop)
    yield made
    if made.process.poll() is None:
        made.end()


def until(true: Any, seconds: float = 20) -> None:
    """Wait for what another process brings about."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.02)
