"""Run the GitHub stand-in from a shell until it is interrupted; prints how to point gh and git at it."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from threading import Event

from fleet.model.errors import FleetError, UsageError
from fleet.testing.github.faults import load_faults
from fleet.testing.github.hub import GitHub

_MORE = """\
A login's token is token-LOGIN; the owner of a repository is its admin, everybody else may read.
People's moves and faults over the same API:
  gh api _admin/permit -f repo=acme/shop -f login=bob -f level=write
  gh api _admin/open_issue -f repo=acme/shop -f login=bob -f title="It breaks"
  gh api _admin/label -f repo=acme/shop -F number=1 -f label=fleet:ready -f login=bob
  gh api _admin/faults -f path=/pulls -F status=502 -F times=3
  gh api _admin/requests
"""


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted or terminated."""
    parser = argparse.ArgumentParser(
        prog="python -m fleet.testing.github",
        description=__doc__,
        epilog=_MORE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--root", type=Path, required=True, help="where the bare repositories are or come to be"
    )
    parser.add_argument(
        "--repo",
        action="append",
        default=[],
        metavar="OWNER/NAME[=PATH]",
        help="a repository; PATH is a bare one that is there, else one is made",
    )
    parser.add_argument(
        "--login", default="", help="whose token the printed lines use (default: the first owner)"
    )
    parser.add_argument(
        "--permit", action="append", default=[], metavar="LOGIN=LEVEL", help="in every repository"
    )
    parser.add_argument("--socket", type=Path, help="the socket's path (default: a new one)")
    parser.add_argument("--port", type=int, help="listen on this port of 127.0.0.1 too; 0 takes a free one")
    parser.add_argument("--limit", type=int, default=5000, help="requests an hour for each login")
    parser.add_argument("--faults", type=Path, help="a YAML or JSON file of what goes wrong")
    asked = parser.parse_args(arguments)
    ended = Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    try:
        faults = load_faults(asked.faults) if asked.faults else []
        permissions = dict(_pair(text, "LOGIN=LEVEL") for text in asked.permit)
        with GitHub(asked.root, socket=asked.socket, port=asked.port, limit=asked.limit) as hub:
            for text in asked.repo:
                full, _, path = text.partition("=")
                hub.repo(full, path=Path(path) if path else None, permissions=permissions)
            hub.faults.add(*faults)
            owner = asked.repo[0].partition("/")[0] if asked.repo else "me"
            _tell(hub, asked.login or owner)
            ended.wait()
    except KeyboardInterrupt:
        return 0
    except (FleetError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _tell(hub: GitHub, login: str) -> None:
    """Lines for a shell; the comments say what they are."""
    lines = [f"# socket: {hub.socket}", *([f"# http: {hub.url}"] if hub.url else [])]
    lines.append(f"# gh, as {login}:")
    lines += [f"export {name}={value!r}" for name, value in hub.environment(login).items()]
    lines.append("# git, by GitHub's addresses:")
    lines += [f"export {name}={value!r}" for name, value in hub.git_environment().items()]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _pair(text: str, form: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"{text} is not of the form {form}")
    return name, value


if __name__ == "__main__":
    sys.exit(main())
