"""The stand-in as a whole, for a test or a shell: repositories, people, faults, and how to point gh at it."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from fleet.model.errors import UsageError
from fleet.testing.github.bare import Bare
from fleet.testing.github.door import Door, Request
from fleet.testing.github.faults import Fault, Faults, as_data, faults_from
from fleet.testing.github.follow import follow
from fleet.testing.github.limits import Limits
from fleet.testing.github.moves import MOVES, Moves, level_named
from fleet.testing.github.server import Server
from fleet.testing.github.site import Repo, Site
from fleet.testing.github.wire import Ask, Refusal, missing

_FIRST = {"README.md": "# A project\n"}
_LONGEST_SOCKET = 100


class GitHub(Moves):
    """The stand-in. It listens from construction on, until `close`.

    `root` holds the bare repositories (`root/owner/name.git`). `limit` is the number of requests an hour for
    each login. `port` None: the Unix socket alone. What it remembers beside git is gone with it.
    """

    def __init__(
        self,
        root: Path,
        *,
        socket: Path | None = None,
        port: int | None = None,
        limit: int = 5000,
        clock: Callable[[], float] = time.time,
    ) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root.resolve()
        self.site = Site(self.root, clock)
        self._own = Path(tempfile.mkdtemp(prefix="github-"))
        self.socket = socket.absolute() if socket else self._own / "http.sock"
        if len(str(self.socket)) > _LONGEST_SOCKET:
            shutil.rmtree(self._own)
            raise UsageError(f"{self.socket} is too long for a socket", do="name a shorter path")
        (self._own / "gh").mkdir()
        # The version keeps newer gh from rewriting the file on its first start.
        (self._own / "gh" / "config.yml").write_text(f'version: "1"\nhttp_unix_socket: {self.socket}\n')
        self._limits = Limits(limit, self.site.now)
        self._door = Door(self.site, self._limits, self._administer, self._pause, clock)
        self._server = Server(self._door.answer, path=self.socket, port=port)
        self.url = f"http://127.0.0.1:{self._server.port}" if port is not None else ""

    def __enter__(self) -> Self:
        """The stand-in itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Stop listening; every connection ends. The repositories stay. Safe to call twice."""
        self._server.close()
        self.socket.unlink(missing_ok=True)
        shutil.rmtree(self._own, ignore_errors=True)

    # ---------------------------------------------------------------- repositories

    def repo(
        self,
        full: str,
        *,
        path: Path | None = None,
        files: Mapping[str, str] | None = None,
        private: bool = False,
        permissions: Mapping[str, str] | None = None,
    ) -> Repo:
        """A repository `owner/name`; the owner is its admin, everybody else may read unless it is private.

        `path` is a bare repository that there is already (it is linked to below the root). Otherwise one is
        made, whose first commit has `files`.
        """
        owner, _, name = full.partition("/")
        if not owner or not name or "/" in name:
            raise UsageError(f"{full} is no name of a repository", do="write owner/name")
        place = self.root / owner / f"{name}.git"
        with self.site.lock:
            if path is not None:
                bare = self._linked(path, place)
            else:
                bare = Bare(place) if place.exists() else Bare.create(place)
            made = Repo(full, self.site.new_id(), bare, self.site.now(), private=private)
            made.default = bare.git("symbolic-ref", "--short", "HEAD").decode().strip()
            for login in (owner, *(permissions or {})):
                self.site.user(login)
            made.permissions = {who.lower(): level_named(level) for who, level in (permissions or {}).items()}
            self.site.repos[full.lower()] = made
            made.heads = bare.branches()
            if not made.heads:
                given = _FIRST if files is None else files
                self.push(full, made.default, given, owner, message="Begin")
                made.activity.clear()
            return made

    def fork(self, full: str, login: str) -> Repo:
        """A fork of a repository, owned by this login; its branches are pushed to by its own name."""
        origin = self.known(full)
        place = self.root / login / f"{origin.name}.git"
        place.parent.mkdir(parents=True, exist_ok=True)
        with self.site.lock:
            origin.bare.git("clone", "--quiet", "--bare", str(origin.bare.path), str(place), inside=False)
            made = Repo(f"{login}/{origin.name}", self.site.new_id(), Bare(place), self.site.now())
            made.fork_of, made.default, made.heads = origin.full, origin.default, Bare(place).branches()
            self.site.user(login)
            self.site.repos[made.full.lower()] = made
            return made

    def _linked(self, path: Path, place: Path) -> Bare:
        if not (path / "HEAD").is_file():
            raise UsageError(f"{path} is no bare git repository")
        if path.resolve() != place.resolve():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.unlink(missing_ok=True)
            place.symlink_to(path.resolve())
        return Bare(path.resolve())

    # ---------------------------------------------------------------- who asks, and what was asked

    def token(self, login: str) -> str:
        """The token that makes a request this login's."""
        return f"token-{login}"

    def environment(self, login: str, host: str = "") -> dict[str, str]:
        """What to add to an environment so that gh there talks to the stand-in as this login.

        `host` is the name of an Enterprise server that gh shall believe in, instead of github.com.
        """
        shared = {
            "GH_CONFIG_DIR": str(self._own / "gh"),
            "GH_NO_UPDATE_NOTIFIER": "1",
            "GH_PROMPT_DISABLED": "1",
        }
        shared |= {"GH_SPINNER_DISABLED": "1", "NO_COLOR": "1", "GITHUB_TOKEN": ""}
        if host:
            return shared | {"GH_HOST": host, "GH_ENTERPRISE_TOKEN": self.token(login), "GH_TOKEN": ""}
        return shared | {"GH_TOKEN": self.token(login), "GH_HOST": "github.com"}

    def login_folder(self, login: str, host: str = "github.com") -> Path:
        """A folder for GH_CONFIG_DIR in which gh is logged in as this login."""
        folder = self._own / "logins" / login
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.yml").write_text((self._own / "gh" / "config.yml").read_text())
        token = self.token(login)
        about = {"user": login, "oauth_token": token, "users": {login: {"oauth_token": token}}}
        (folder / "hosts.yml").write_text(json.dumps({host: about}))
        return folder

    def git_environment(self, host: str = "github.com") -> dict[str, str]:
        """What to add so that git finds the repositories behind their addresses at GitHub."""
        key = f"url.file://{self.root}/.insteadOf"
        values = [f"https://{host}/", f"git@{host}:", f"ssh://git@{host}/"]
        named = {f"GIT_CONFIG_KEY_{n}": key for n in range(len(values))}
        named |= {f"GIT_CONFIG_VALUE_{n}": value for n, value in enumerate(values)}
        return {"GIT_CONFIG_COUNT": str(len(values)), **named}

    @property
    def requests(self) -> list[Request]:
        """The requests that were answered, oldest first."""
        with self._door.changed:
            return list(self._door.log)

    def forget_requests(self) -> None:
        """Begin the log of requests anew."""
        with self._door.changed:
            self._door.log.clear()

    def wait_for(self, wanted: Callable[[Request], bool], seconds: float = 30) -> Request:
        """The first request of the log that is wanted, waiting for it; `TimeoutError` when none comes."""
        found: list[Request] = []

        def seen() -> bool:
            found[:] = [request for request in self._door.log if wanted(request)][:1]
            return bool(found)

        with self._door.changed:
            if not self._door.changed.wait_for(seen, seconds):
                raise TimeoutError(f"no such request came within {seconds} s")
            return found[0]

    # ---------------------------------------------------------------- faults, limits, moves

    @property
    def faults(self) -> Faults:
        """What goes wrong: add, look at, clear."""
        return self._door.faults

    def fail(self, path: str = ".*", method: str = ".*", **how: Any) -> None:
        """Add one fault: `fail("/pulls$", "POST", status=502, performed=True)`."""
        self.faults.add(Fault(method=method, path=path, **how))

    def exhaust(self, login: str, seconds: int) -> None:
        """The primary limit of a login is used up, for so long."""
        with self.site.lock:
            self._limits.exhaust(login, seconds)

    def scopes(self, login: str, scopes: str) -> None:
        """What the token of a login may be used for, as the header tells it."""
        self._door.scopes[login] = scopes

    def call(self, method: str, path: str, login: str, body: Mapping[str, Any] | None = None) -> Any:
        """What the endpoint says to this login. Raises `Refusal`; it is neither counted nor taken down."""
        path, _, query = path.partition("?")
        pairs = dict(part.split("=", 1) for part in query.split("&") if "=" in part)
        with self.site.lock:
            who = self.site.user(login).login
            return self._door.perform(Ask(self.site, method, path, who, pairs, dict(body or {}))).document

    def sync(self) -> None:
        """Take in what was pushed by git, now; otherwise the next request does."""
        with self.site.lock:
            for repo in self.site.repos.values():
                follow(self.site, repo)

    def _pause(self, seconds: float) -> None:
        self._server.closing.wait(seconds)

    def _administer(self, method: str, what: str, data: Any) -> Any:
        """The side door: `_admin/faults`, `_admin/requests`, and `_admin/MOVE` with its arguments."""
        try:
            if what == "faults":
                if method == "DELETE":
                    self.faults.clear()
                elif method != "GET":
                    self.faults.add(*faults_from(data))
                return as_data(self.faults.waiting)
            if what == "requests":
                return [asdict(request) for request in self.requests]
            if what in MOVES and method == "POST":
                return getattr(self, what)(**data)
        except (UsageError, TypeError) as error:
            raise Refusal(422, str(error)) from None
        raise missing()
