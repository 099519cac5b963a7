"""Makes a home for one run of Gemini, then becomes Gemini.

    python gemini_start.py RUN-DIR WORKSPACE refuse|obey gemini …

Gemini takes settings from files of its home and of the repository alone. So this run's home has links to all
that is in the user's own, and a settings file that is the user's with Fleet's laid over it. Settings in the
repository under work could start programs and lead its requests elsewhere, and one agent could write them for
the next: where there are any it does not start, unless fleet.yaml says that they may be obeyed. It is run as
a script and uses the standard library alone.
"""

from __future__ import annotations

import errno
import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

_HERE = ("settings.json", "projects.json")  # the second is a register of folders that is written anew
_REFUSED = (".gemini/settings.json", ".gemini/.env", ".gemini/agents", ".gemini/extensions")
_TOKENS = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)


def laid_over(own: Any, over: Any) -> Any:
    """Settings with others laid over them: objects key by key, all else whole."""
    if isinstance(own, dict) and isinstance(over, dict):
        return own | {key: laid_over(own.get(key), value) for key, value in over.items()}
    return over


def read_settings(path: Path) -> dict[str, Any]:
    """The user's settings; comments in them are allowed. None is as good as an empty file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    found = json.loads(_TOKENS.sub(lambda hit: hit[0] if hit[0].startswith('"') else " ", text) or "{}")
    return found if isinstance(found, dict) else {}


def make_home(run_dir: Path, own: Path, laid: dict[str, Any]) -> Path:
    """The home of this run. In a sandbox its folder can't be written to, but there `/tmp` is its own."""
    try:
        home = Path(tempfile.mkdtemp(prefix="gemini-", dir=run_dir))
    except OSError:
        home = Path(tempfile.mkdtemp(prefix="gemini-"))
    folder = home / ".gemini"
    folder.mkdir(mode=0o700)
    for name in ("tmp", "history"):  # conversations: the next run goes on with them, and so can the user
        (own / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    for each in own.iterdir():
        if each.name not in _HERE:
            (folder / each.name).symlink_to(each)
    settings = laid_over(
        laid_over(laid.get("default", {}), read_settings(own / _HERE[0])), laid.get("over", {})
    )
    allowed = settings.get("mcp", {}).get("allowed") if isinstance(settings.get("mcp"), dict) else None
    if isinstance(allowed, list):  # the user's own list of servers must not shut out the gateway
        allowed.append("fleet")
    add_hooks(settings, laid.get("hooks", {}))
    file = folder / _HERE[0]
    file.touch(mode=0o600)
    file.write_text(json.dumps(settings), encoding="utf-8")
    return home


def add_hooks(settings: dict[str, Any], hooks: dict[str, Any]) -> None:
    """Add these to the settings' own, and make sure that they are not switched off."""
    if not hooks:
        return
    own = settings["hooks"] if isinstance(settings.get("hooks"), dict) else {}
    settings["hooks"] = dict(own)
    for event, added in hooks.items():
        before = own[event] if isinstance(own.get(event), list) else []
        settings["hooks"][event] = [*before, added]
    names = {each["name"] for added in hooks.values() for each in added["hooks"]}
    switches = settings["hooksConfig"] if isinstance(settings.get("hooksConfig"), dict) else {}
    off = switches["disabled"] if isinstance(switches.get("disabled"), list) else []
    off = [name for name in off if name not in names]
    settings["hooksConfig"] = switches | {"enabled": True, "disabled": off}


def overruled() -> str:
    """The administrator's settings, where they say which hooks there are: they go before all others."""
    path = Path(os.environ.get("GEMINI_CLI_SYSTEM_SETTINGS_PATH") or "/etc/gemini-cli/settings.json")
    found = read_settings(path)
    return str(path) if "hooks" in found or "hooksConfig" in found else ""


def refused(workspace: Path) -> str:
    """What in the repository Gemini would obey; "" when there is nothing."""
    return next((name for name in _REFUSED if os.path.lexists(workspace / name)), "")


def main(arguments: list[str]) -> int:
    """Make the home, and go over to the program in the arguments."""
    run_dir, workspace, obeyed, *argv = arguments
    found = refused(Path(workspace)) if obeyed != "obey" else ""
    if found:
        _fail(
            f"the repository has {found}, which Gemini would obey. Take it away, or in fleet.yaml give the "
            "agent the option project_settings: obey"
        )
        return 1
    own = Path(os.environ.pop("FLEET_GEMINI_HOME", "") or Path.home()) / ".gemini"
    try:
        laid = json.loads(Path(run_dir, "gemini-settings.json").read_text(encoding="utf-8"))
        if laid.get("hooks") and (path := overruled()):
            _fail(f"{path} says which hooks there are, so the agent can't be held to its permissions")
            return 1
        os.environ["GEMINI_CLI_HOME"] = str(make_home(Path(run_dir), own, laid))
    except (OSError, ValueError) as error:
        _fail(f"no home could be made from {own}: {error}")
        return 1
    os.environ["GEMINI_CLI_TRUST_WORKSPACE"] = "true"  # else it has no MCP servers
    why = os.strerror(errno.ENOENT)
    for folder in os.get_exec_path():
        if not folder.startswith("/"):  # it would name a file of the workspace, which is data
            continue
        try:
            os.execv(f"{folder}/{argv[0]}", argv)  # noqa: S606  # no shell
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            why = error.strerror or why
    _fail(f"{argv[0]} could not be started: {why}")
    return 127


def _fail(text: str) -> None:
    sys.stderr.write(f"Error: {text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
