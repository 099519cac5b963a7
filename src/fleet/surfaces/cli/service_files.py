"""What tells systemd (Linux) or launchd (macOS) to keep a watcher running. Pure: texts and names.

Both end the watcher alone (`KillMode=process`, `AbandonProcessGroup`): agents go on without it, and the next
watcher adopts them.
"""

from __future__ import annotations

import plistlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fleet.model.errors import UsageError

_RESTART_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Service:
    """A watcher as a service: its project's name and digest, its folder, its program, and its PATH."""

    project: str
    digest: str
    root: str
    argv: tuple[str, ...]
    path: str

    @property
    def name(self) -> str:
        """A name that no other project on this machine has."""
        return f"fleet-{re.sub(r'[^A-Za-z0-9_-]', '-', self.project)[:60]}-{self.digest}"


def systemd_unit(service: Service) -> str:
    """The unit file, after systemd.service(5) and systemd.exec(5). UsageError: a path has a line end.

    Variables that agents need besides PATH stand in `.fleet/watcher.env`, one `NAME=value` a line.
    """
    log = f"{service.root}/.fleet/watcher.log"
    words = " ".join(_quoted(each).replace("$", "$$") for each in service.argv)
    return (
        "[Unit]\n"
        f"Description=Fleet's watcher of {_plain(service.project)}\n"
        "StartLimitIntervalSec=60\n"
        "StartLimitBurst=10\n"
        "\n"
        "[Service]\n"
        "Type=exec\n"
        f"WorkingDirectory={_plain(service.root)}\n"
        f"Environment={_quoted(f'PATH={service.path}')}\n"
        f"EnvironmentFile=-{_plain(service.root)}/.fleet/watcher.env\n"
        f"ExecStart={words}\n"
        f"StandardOutput=append:{_plain(log)}\n"
        f"StandardError=append:{_plain(log)}\n"
        "KillMode=process\n"
        "Restart=on-failure\n"
        f"RestartSec={_RESTART_SECONDS}\n"
        "\n"
        "[Install]\n"
        "WantedBy=default.target\n"
    )


def launchd_plist(service: Service) -> bytes:
    """The property list, after launchd.plist(5)."""
    log = f"{service.root}/.fleet/watcher.log"
    document: Mapping[str, object] = {
        "Label": service.name,
        "ProgramArguments": list(service.argv),
        "WorkingDirectory": service.root,
        "EnvironmentVariables": {"PATH": service.path},
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "AbandonProcessGroup": True,
        "StandardOutPath": log,
        "StandardErrorPath": log,
    }
    return plistlib.dumps(document)


def systemd_start(name: str) -> Sequence[tuple[str, ...]]:
    """The commands that make systemd start it now and at each login."""
    return ("systemctl", "--user", "daemon-reload"), (
        "systemctl",
        "--user",
        "enable",
        "--now",
        f"{name}.service",
    )


def systemd_end(name: str) -> Sequence[tuple[str, ...]]:
    """The command that makes systemd end it, now and for later."""
    return (("systemctl", "--user", "disable", "--now", f"{name}.service"),)


def launchd_start(plist: str, user: int) -> Sequence[tuple[str, ...]]:
    """The command that makes launchd start it now and at each login."""
    return (("launchctl", "bootstrap", f"gui/{user}", plist),)


def launchd_end(name: str, user: int) -> Sequence[tuple[str, ...]]:
    """The command that makes launchd end it."""
    return (("launchctl", "bootout", f"gui/{user}/{name}"),)


def _plain(text: str) -> str:
    """For a setting that takes the rest of its line: no line end, and `%` begins no specifier."""
    if "\n" in text or "\r" in text:
        raise UsageError("A path with a line end can't stand in a unit file", why=repr(text))
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    """One word in quotes. In a command line `$` begins a variable besides, elsewhere it does not."""
    return '"' + _plain(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
