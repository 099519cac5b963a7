"""What `fleet init` does for a forge that is not local: the repository is found, its labels are made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fleet.model.errors import UsageError

if TYPE_CHECKING:
    from fleet.model.fleet import Fleet

_OTHERS = ("gitlab.com", "bitbucket.org", "codeberg.org", "git.sr.ht")


@dataclass(frozen=True, slots=True)
class Found:
    """A repository on GitHub: `host` "" for github.com, `base` its default branch, "" where that isn't known.

    `others` are the repositories that the checkout's other remotes lead to.
    """

    host: str
    repo: str
    base: str
    others: tuple[str, ...] = ()


def find_repo(root: Path, given: str) -> Found:
    """The repository that `given` names (owner/name, host/owner/name or an address), else the checkout's own.

    Raises `UsageError` where there is none.
    """
    from fleet.config.remote import GITHUB, REPO, default_branch, parse_address, remotes_of

    here = [each for each in remotes_of(root) if each.host not in _OTHERS]
    if given:
        named = (None, given) if REPO.fullmatch(given) else parse_address(given)
        named = named or parse_address(f"https://{given}")
        if named is None:
            raise UsageError(f"{given!r} is no repository", do="Use --repo OWNER/NAME, such as acme/shop.")
        here = [
            each for each in here if each.repo.lower() == named[1].lower() and named[0] in (None, each.host)
        ]
        if not here:
            return Found(_host(named[0] or GITHUB), named[1], "")
    if not here:
        raise UsageError(
            "No remote of this checkout leads to GitHub",
            why="neither origin nor upstream nor another one",
            do="Use --repo OWNER/NAME, or add it: git remote add origin ADDRESS",
        )
    first = here[0]
    others = dict.fromkeys(each.repo for each in here if each.repo.lower() != first.repo.lower())
    return Found(_host(first.host), first.repo, default_branch(root, first.name), tuple(others))


def make_labels(fleet: Fleet) -> list[str]:
    """Make the labels that the fleet's repositories lack, and return them as `owner/name: label`.

    Raises `FleetError` with GitHub's words when it can't; the watcher makes them too, when it needs them.
    """
    from fleet.adapters.forges.github.forge import GitHubForge
    from fleet.adapters.forges.github.gh import Gh

    forge = GitHubForge(None, gh=Gh(host=fleet.host), labels=dict(fleet.labels))
    made = []
    for repo in fleet.repos:
        missing = forge.missing_labels(repo.name)
        forge.make_labels(repo.name, missing)
        made += [f"{repo.name}: {label}" for label in missing]
    return made


def _host(host: str) -> str:
    from fleet.config.remote import GITHUB

    return "" if host == GITHUB else host
