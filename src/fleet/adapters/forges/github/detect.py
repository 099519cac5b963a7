"""Whether gh is there, logged in, and allowed what Fleet needs: for `fleet doctor` and `fleet init`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fleet.adapters.forges.github.gh import Gh, NoGh
from fleet.model.errors import FleetError

OLDEST = (2, 23)
_VERSION = re.compile(r"gh version (\d+(?:\.\d+)+)")
_GET = "install it: apt-get install gh, or see cli.github.com; then log in: gh auth login"


@dataclass(frozen=True, slots=True)
class Detected:
    """What was found. `problem` and `fix` (both "" when all is well) are for the reader.

    `scopes` is empty where the login does not tell them (fine-grained tokens, apps).
    """

    found: bool
    version: str = ""
    login: str = ""
    scopes: tuple[str, ...] = ()
    problem: str = ""
    fix: str = ""


def detect(gh: Gh) -> Detected:
    """Look for gh, its version, its login and scopes; one request. Never raises a FleetError."""
    try:
        said = gh.say("--version")
    except FleetError as error:
        return Detected(False, problem=error.why or error.what, fix=_GET)
    number = _VERSION.search(said)
    if number is None:
        return Detected(True, problem=f"{gh.program} --version says no version", fix=_GET)
    version = number[1]
    if tuple(int(part) for part in version.split(".")) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        return Detected(
            True, version, problem=f"it is older than {oldest}", fix="update it, see cli.github.com"
        )
    return _login(gh, version)


def _login(gh: Gh, version: str) -> Detected:
    at = f" --hostname {gh.host}" if gh.host else ""
    log_in = f"log in with: gh auth login{at}"
    try:
        reply = gh.request("GET", "user")
    except NoGh as error:
        return Detected(True, version, problem=error.what, fix=log_in)
    except FleetError as error:
        return Detected(
            True, version, problem=f"{error.what}: {error.why}", fix="look at the network, then again"
        )
    if reply.status == 401:
        return Detected(True, version, problem=f"its login is refused: {reply.words}", fix=log_in)
    if not reply.ok:
        return Detected(True, version, problem=f"GitHub said: {reply.words}", fix="try again in some minutes")
    try:
        user = reply.json()
    except ValueError:
        user = None
    login = str(user.get("login") or "") if isinstance(user, dict) else ""
    told = reply.headers.get("x-oauth-scopes")
    scopes = tuple(scope.strip() for scope in (told or "").split(",") if scope.strip())
    if told is not None and "repo" not in scopes:
        got = ", ".join(scopes) or "none"
        problem = f"its login lacks the scope repo (it has: {got})"
        return Detected(True, version, login, scopes, problem, f"gh auth refresh{at} --scopes repo")
    return Detected(True, version, login, scopes)
