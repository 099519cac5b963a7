"""Git towards a remote, as the user; what it answers is told apart into what passes and what does not.

Nobody is asked anything: whoever starts the watcher has logged in before. Over https gh's own login is the
last helper that git tries, so a user who did no more than `gh auth login` gets through.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from shutil import which

from fleet.adapters.git.command import GitBusy, GitFailed, Output, Place, run
from fleet.model.errors import FleetError, Permanent, Temporary

_SECRET = re.compile(r"(\w+://)[^/@\s]*@")
_HTTPS = re.compile(r"https://(?:[^/@\s]*@)?[^/\s]+")
_SSH = re.compile(r"(?:ssh://)?(?:[^/@\s]+@)?(\[[^]]+\]|[^/:\s]+)")

_NOT_THERE = (
    "Repository not found",
    "does not appear to be a git repository",
    "returned error: 404",
    "returned error: 410",
)
_DENIED = (
    "Authentication failed",
    "could not read Username",
    "could not read Password",
    "Permission denied",
    "Permission to ",
    "access to repository not granted",
    "returned error: 401",
    "returned error: 403",
    "Invalid username or",
    "SAML SSO",
    "is not authorized",
    "access denied",
    "Access denied",
)
_BROKEN = ("bad object", "does not match any", "missing blob", "missing tree", "not a git repository:")
_ANEW = "remove it and restart the watcher: it is made anew"
# The remote took the objects, but for reasons that pass it did not move the branch.
_PASSES = ("cannot lock ref", "failed to update ref", "Internal Server Error", "reference already exists")


def reach(git_dir: Path, url: str, verb: str, *args: str, timeout: float) -> Output:
    """Run a verb of git that reaches the remote at `url`. `timeout` is in seconds.

    Raises Temporary for trouble on the way, Permanent for a refusal, both with git's own words.
    """
    if not git_dir.is_dir():
        raise Permanent(f"the mirror of {shown(url)} is gone", why=f"there is no {git_dir}", do=_ANEW)
    try:
        return run(Place(git_dir, transports=True), verb, *args, timeout=timeout, env=_with_gh(url))
    except GitBusy as error:
        raise Temporary(f"git {verb} did not come through to {shown(url)}", why=_plain(error.why)) from error
    except GitFailed as error:
        raise explained(verb, url, _plain(error.why)) from error


def explained(verb: str, url: str, words: str) -> FleetError:
    """The error that git's words from a remote mean."""
    at = shown(url)
    if "transport '" in words and "not allowed" in words:
        do = "use its https or ssh address"
        return Permanent(f"Fleet does not reach a repository like {at}", why=words, do=do)
    if "Host key verification failed" in words:
        do = f"look at its key and accept it once: ssh -T git@{_host(url)}"
        return Permanent(f"ssh does not know the host of {at}", why=words, do=do)
    if any(sign in words for sign in _NOT_THERE) or re.search(r"repository '\S+' not found", words):
        do = "correct it in fleet.yaml; a private one is hidden from a login that may not read it"
        return Permanent(f"there is no repository at {at}", why=words, do=do)
    if any(sign in words for sign in _BROKEN):
        return Permanent(f"something is missing in the mirror of {at}", why=words, do=_ANEW)
    if any(sign in words for sign in _DENIED):
        return Permanent(f"access to {at} is denied", why=words, do=_way_in(url))
    if "[remote rejected]" in words and not any(sign in words for sign in _PASSES):
        do = "see the rules of the repository for branches"
        return Permanent(f"{at} refused the push", why=words, do=do)
    return Temporary(f"git {verb} did not come through to {at}", why=words)


def shown(url: str) -> str:
    """The address without a password or token in it."""
    return _SECRET.sub(r"\1", url)


def _plain(words: str) -> str:
    """Git's words without secrets, and without what it says to somebody at a keyboard."""
    return shown(words).replace("fatal: ", "").replace("hint: ", "")


def _way_in(url: str) -> str:
    if _HTTPS.match(url):
        return "log in with an account that may: gh auth login; then see that `git ls-remote` works"
    return f"see that `ssh -T git@{_host(url)}` works where the watcher is started"


def _host(url: str) -> str:
    found = _SSH.match(url)
    return found[1] if found else "HOST"


def _with_gh(url: str) -> dict[str, str]:
    """Configuration, through the environment, that lets git ask gh for what no other helper knows."""
    found = _HTTPS.match(url)
    if found is None or which("gh") is None:
        return {}
    given = os.environ.get("GIT_CONFIG_COUNT", "")
    count = int(given) if given.isdigit() else 0
    return {
        "GIT_CONFIG_COUNT": str(count + 1),
        f"GIT_CONFIG_KEY_{count}": f"credential.{shown(found[0])}.helper",
        f"GIT_CONFIG_VALUE_{count}": "!gh auth git-credential",
    }
