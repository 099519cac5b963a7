"""What a forge needs of the machine: gh with a login that may, and git that gets through."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from fleet.model.errors import FleetError
from fleet.surfaces.cli.doctor_tools import SECONDS, Finding, Tool, look_for

if TYPE_CHECKING:
    from fleet.adapters.forges.github.gh import Gh
    from fleet.model.fleet import Fleet, Repo
    from fleet.wiring import Place

_FOR = "issues and pull requests on GitHub"
_GH = Tool("gh", ("--version",), _FOR, "apt-get install gh (or cli.github.com), then: gh auth login")


def look_at_gh(fleet: Fleet | None) -> Finding:
    """Whether gh is there and logged in. For a fleet on GitHub it is asked there, by one request."""
    if fleet is None or fleet.forge != "github":
        return _without_a_request()
    from fleet.adapters.forges.github.detect import detect
    from fleet.adapters.forges.github.gh import Gh

    seen = detect(Gh(host=fleet.host, timeout=SECONDS))
    purpose = f"{_FOR}, as {seen.login}" if seen.login else _FOR
    return Finding("gh", "tool", seen.found, seen.version, True, purpose, seen.problem, seen.fix)


def look_at_login(place: Place, fleet: Fleet, login: str, folder: str) -> Finding:
    """Whether gh is logged in as one of the agents' logins, and whether GitHub counts its approvals."""
    from fleet.adapters.forges.github.detect import detect
    from fleet.adapters.forges.github.gh import Gh
    from fleet.adapters.forges.github.logins import gh_of
    from fleet.wiring import login_folder

    names = [agent.name for agent in fleet.agents if agent.login.lower() == login.lower()]
    purpose = (
        f"the reviews of {', '.join(names)} on GitHub" if names else "reviews, which no agent has it for"
    )
    at = f" --hostname {fleet.host}" if fleet.host else ""
    get = f"GH_CONFIG_DIR={folder or 'FOLDER'} gh auth login{at}, as {login}"
    get += "" if folder else f"; then name it in fleet.yaml: project: {{logins: {{{login}: FOLDER}}}}"
    try:
        gh = gh_of(Gh(host=fleet.host, timeout=SECONDS), login, login_folder(place, folder))
    except FleetError as error:
        return Finding(login, "login", False, "", True, purpose, f"{error.what}: {error.why}", get)
    seen = detect(gh)
    problem = seen.problem
    if not problem and seen.login.lower() != login.lower():
        problem = f"it is {seen.login} who is logged in there"
    for repo in fleet.repos if not problem else ():
        problem, get = _on_the_forge(gh, repo)
        problem = f"{repo.name}: {problem}; its reviews do not count there" if problem else ""
        if problem:
            break
    return Finding(login, "login", bool(seen.login), "", True, purpose, problem, get)


def look_at_repo(place: Place, fleet: Fleet, repo: Repo) -> Finding:
    """Whether gh's login may write to the repository, and git reaches it."""
    from fleet.adapters.forges.github.gh import Gh

    problem, get = _on_the_forge(Gh(host=fleet.host, timeout=SECONDS), repo)
    found = not problem
    if found:
        problem, get = _by_git(place, fleet, repo)
    purpose = f"a repository of fleet.yaml, its branch {repo.base}"
    return Finding(repo.name, "repository", found, "", True, purpose, problem, get)


def _without_a_request() -> Finding:
    found = look_for(_GH, os.environ.get("PATH", os.defpath))
    program = which("gh")
    if not found.ok or program is None:
        return found
    try:
        # It says whether there is a login by its exit code; what it prints is nobody's business.
        done = subprocess.run(
            [program, "auth", "token"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return found
    if done.returncode == 0:
        return found
    return Finding(
        "gh", "tool", True, found.version, False, _FOR, "it is not logged in", "log in with: gh auth login"
    )


def _on_the_forge(gh: Gh, repo: Repo) -> tuple[str, str]:
    """What keeps this gh's login from working there, and what to do; both "" when nothing does."""
    try:
        reply = gh.request("GET", f"repos/{repo.name}")
        about: Any = reply.json() if reply.ok else {}
    except FleetError as error:
        return error.why or error.what, error.do or "see the line of gh"
    except ValueError:
        return "GitHub's answer can't be read", "try again"
    if reply.status == 404:
        get = "correct it in fleet.yaml, or ask for access: GitHub hides what a login may not see"
        return "the login of gh does not see it", get
    if not reply.ok:
        return f"GitHub said: {reply.words}", "see the line of gh"
    name, rights = str(about.get("full_name") or repo.name), about.get("permissions")
    if name.lower() != repo.name.lower():
        return f"it is called {name} now", f"write {name} in fleet.yaml"
    if about.get("archived"):
        return "it is archived: nothing can be changed there", "unarchive it, or name another one"
    if isinstance(rights, dict) and not rights.get("push"):
        return "the login of gh may read it, but not write", "ask for write access to it"
    if about.get("has_issues") is False:
        return "its issues are switched off", "switch them on in its settings"
    return "", ""


def _by_git(place: Place, fleet: Fleet, repo: Repo) -> tuple[str, str]:
    """What keeps git from reaching it, and what to do; both "" when nothing does."""
    from fleet.adapters.git.remote import reach, shown
    from fleet.config.remote import url_of

    url, ref = url_of(place.root, fleet, repo), f"refs/heads/{repo.base}"
    try:
        with TemporaryDirectory() as nowhere:  # what the checkout's own configuration says helps no mirror
            found = reach(Path(nowhere), url, "ls-remote", "--quiet", "--", url, ref, timeout=SECONDS)
    except FleetError as error:
        said = f"{error.what}: {error.why}" if error.why else error.what
        return said, error.do or f"see that this works: git ls-remote {shown(url)}"
    if not found.text.strip():
        return f"it has no branch {repo.base}", "push it, or name another one as base in fleet.yaml"
    return "", ""
