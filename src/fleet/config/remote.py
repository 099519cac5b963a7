"""Where a repository is on a forge: addresses that git knows, read, found in a checkout, and made."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from fleet.config.survey import ask_git
from fleet.model.errors import FleetError
from fleet.model.fleet import Fleet, Repo

GITHUB = "github.com"
REPO = re.compile(r"(?!.*\.git$)[A-Za-z0-9][A-Za-z0-9_-]{0,38}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")

_LINK = re.compile(r"(https?|ssh|git\+ssh|git)://(?:[^/@\s]*@)?([^/:\s]+)(?::([0-9]+))?/(\S+)")
_SCP = re.compile(r"(?:[^/@:\s]+@)?([^/@:\s]+):(?!//)(\S+)")
_ALIASES = {"www.github.com": GITHUB, "ssh.github.com": GITHUB}
_FIRST = ("origin", "upstream")
_MOST = 20


@dataclass(frozen=True, slots=True)
class Remote:
    """A remote of a checkout: git's `name` for it, its `url` as it was written, and what that leads to."""

    name: str
    url: str
    host: str
    repo: str

    @property
    def by_ssh(self) -> bool:
        """Whether git reaches it by ssh."""
        return not self.url.startswith("http")


def parse_address(url: str) -> tuple[str, str] | None:
    """The host and owner/name in an address of git (https, ssh, or user@host:path); None when it has none."""
    link = _LINK.fullmatch(url)
    if link is not None:
        scheme, host, port, path = link.groups()
        host = f"{host}:{port}" if port and scheme.startswith("http") else host
    else:
        scp = _SCP.fullmatch(url)
        if scp is None or "://" in url:
            return None
        host, path = scp.groups()
    repo = path.strip("/").removesuffix(".git")
    host = host.lower()
    return (_ALIASES.get(host, host), repo) if REPO.fullmatch(repo) else None


def remotes_of(root: Path) -> tuple[Remote, ...]:
    """The remotes of a checkout that lead to a repository on a forge: origin, upstream, then the others."""
    listed = ask_git(root, "config", "--null", "--get-regexp", r"^remote\..+\.url$")
    written: dict[str, str] = {}
    for record in listed.split("\0"):
        key, _, url = record.partition("\n")
        written.setdefault(key.removeprefix("remote.").removesuffix(".url"), url)
    names = [*(name for name in _FIRST if name in written), *(n for n in written if n not in _FIRST)]
    found = []
    for name in [each for each in names if each][:_MOST]:
        # The user's own insteadOf may make another address of it, also one that tells nothing.
        led = parse_address(ask_git(root, "remote", "get-url", name)) or parse_address(written[name])
        if led is not None:
            found.append(Remote(name, written[name], _real(led[0]), led[1]))
    return tuple(found)


def default_branch(root: Path, remote: str) -> str:
    """The branch that was the remote's default when it was cloned, or its main or master; "" for none."""
    at = f"refs/remotes/{remote}/"
    head = ask_git(root, "symbolic-ref", "--quiet", f"{at}HEAD").removeprefix(at)
    for name in (head, "main", "master"):
        if name and ask_git(root, "rev-parse", "--verify", "--quiet", f"{at}{name}"):
            return name
    return ""


def url_of(root: Path, fleet: Fleet, repo: Repo) -> str:
    """Where git finds this repository: what fleet.yaml says, else the checkout's own remote of it, else its
    place on the host, by the way that the checkout's remotes take there (https when it has none).
    """
    if repo.url:
        return repo.url
    host = fleet.host or GITHUB
    here = [each for each in _remotes_or_none(root) if each.host == host.lower()]
    same = next((each.url for each in here if each.repo.lower() == repo.name.lower()), "")
    if same:
        return same
    by_ssh = bool(here) and here[0].by_ssh
    return f"git@{host}:{repo.name}.git" if by_ssh else f"https://{host}/{repo.name}.git"


def _remotes_or_none(root: Path) -> tuple[Remote, ...]:
    try:
        return remotes_of(root)
    except FleetError:
        return ()


def _real(host: str) -> str:
    """The host that an alias of ssh's own configuration means; a host with a dot is none."""
    ssh = which("ssh")
    if "." in host or ":" in host or host == "localhost" or ssh is None:
        return host
    try:
        done = subprocess.run(
            [ssh, "-G", "--", host],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return host
    found = re.search(r"^hostname (\S+)$", done.stdout, re.MULTILINE)
    real = found[1].lower() if found else host
    return _ALIASES.get(real, real)
