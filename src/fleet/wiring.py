"""The only file that names every adapter: where a project's things lie, and how the parts are put together.

Each function loads what it needs when it is called, so that a verb of the command line pays for its own parts
alone.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fleet.config.place import CONFIG_NAME, DOT_NAME, Place, find_place
from fleet.model.errors import FleetError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from fleet.adapters.git.repository import GitRepository
    from fleet.adapters.git.workspaces import CloneWorkspaces
    from fleet.adapters.logs.sqlite import SqliteLog
    from fleet.adapters.sessions.shim_sessions import ShimSessions
    from fleet.engine.parts import Ground
    from fleet.model.event import Event
    from fleet.model.fleet import Fleet, Repo
    from fleet.model.state import State
    from fleet.ports.forge import Forge
    from fleet.ports.harness import Harness
    from fleet.ports.log import Clock, Log
    from fleet.ports.sandbox import Sandbox
    from fleet.ports.telemetry import SpanSink
    from fleet.ports.terminal import Terminal

__all__ = ["CONFIG_NAME", "DOT_NAME", "Place", "find_place"]  # so that a surface has one place to ask

ENTRY_POINTS = "fleet.harnesses"


def clock() -> int:
    """The time now, in ms since the epoch."""
    return time.time_ns() // 1_000_000


def open_log(place: Place, clock: Clock = clock) -> SqliteLog:
    """The project's log; made when there is none. `clock` gives the times of its events."""
    from fleet.adapters.logs.sqlite import SqliteLog
    from fleet.config.folder import make_folder

    make_folder(place.dot)
    return SqliteLog(place.log, clock=clock)


def read_state(place: Place, log: Log | None = None) -> State:
    """What is true now, by the log."""
    from fleet.folding import fold_log

    if log is not None:
        return fold_log(place, log)
    opened = open_log(place)
    try:
        return fold_log(place, opened)
    finally:
        opened.close()


def load_fleet(place: Place, *, check_harnesses: bool = False) -> Fleet:
    """The operator's fleet.yaml. Raises `UsageError` with the place of each mistake; that a harness is not
    known is one only if `check_harnesses`, since that loads them all.
    """
    from fleet.config.load import load_fleet as load

    return load(place.config, harnesses=tuple(harnesses()) if check_harnesses else ())


def open_sessions(place: Place) -> ShimSessions:
    """The project's sessions."""
    from fleet.adapters.sessions.shim_sessions import ShimSessions

    return ShimSessions(place.runs)


def open_workspaces(place: Place) -> CloneWorkspaces:
    """The project's workspaces."""
    from fleet.adapters.git.project import find_project
    from fleet.adapters.git.workspaces import CloneWorkspaces

    return CloneWorkspaces(find_project(place.root), place.workspaces)


def open_repository(place: Place, base: str) -> GitRepository:
    """The project's repository, with `base` as the branch that is merged into."""
    from fleet.adapters.git.project import find_project
    from fleet.adapters.git.repository import GitRepository

    return GitRepository(find_project(place.root), base, place.git)


def open_grounds(place: Place, fleet: Fleet) -> Mapping[str, Ground]:
    """The repositories to work on: the user's own, or a mirror of each that the forge has."""
    from fleet.engine.parts import Ground

    if not fleet.repos:
        return {"": Ground(open_repository(place, fleet.base), open_workspaces(place))}
    return {each.name: _open_mirror(place, fleet, each) for each in fleet.repos}


def _open_mirror(place: Place, fleet: Fleet, repo: Repo) -> Ground:
    from fleet.adapters.git.mirror import Mirror
    from fleet.adapters.git.project import find_project
    from fleet.adapters.git.repository import GitRepository
    from fleet.adapters.git.workspaces import CloneWorkspaces
    from fleet.config.remote import url_of
    from fleet.engine.parts import Ground

    name = repo.name.replace("/", "+")
    mirror = Mirror(place.mirror(repo.name), url_of(place.root, fleet, repo), base=repo.base)
    mirror.ensure(reference=place.root)
    project = find_project(mirror.path)
    repository = GitRepository(project, repo.base, place.git / name)
    return Ground(repository, CloneWorkspaces(project, place.workspaces), mirror)


def open_forge(place: Place, fleet: Fleet, clock: Clock = clock) -> Forge | None:
    """The forge that fleet.yaml names, None for the local one, which is the log itself."""
    if not fleet.repos:
        return None
    from fleet.adapters.forges.github.forge import GitHubForge
    from fleet.adapters.forges.github.gh import Gh

    return GitHubForge(
        place.dot / "forge",
        gh=Gh(host=fleet.host),
        trusted=fleet.trusted,
        logins={login: login_folder(place, folder) for login, folder in fleet.logins},
        labels=dict(fleet.labels),
        clock=clock,
    )


def login_folder(place: Place, written: str) -> str:
    """The folder of gh's configuration that fleet.yaml names, from where that lies; "" for gh's own."""
    return os.path.normpath(place.root / Path(written).expanduser()) if written else ""


def open_sandbox(folder: Path) -> Sandbox:
    """What keeps sessions from the rest of the machine, where it works; what it prepares goes to `folder`."""
    if not sys.platform.startswith("linux"):
        from fleet.adapters.sandboxes.none import NoSandbox

        return NoSandbox("bubblewrap is for Linux alone")
    from fleet.adapters.sandboxes.bwrap import BwrapSandbox

    return BwrapSandbox(os.environ.get("PATH", os.defpath), folder)


def open_terminal(place: Place, project: str) -> Terminal:
    """Where people can look at sessions: tmux, or nowhere in particular."""
    from fleet.adapters.terminals.none import NoTerminal
    from fleet.adapters.terminals.tmux import TmuxTerminal

    terminal = TmuxTerminal(project, place.digest)
    return terminal if terminal.available() else NoTerminal()


def open_spans(project: str, endpoint: str) -> SpanSink:
    """Where traces go. Raises FleetError where what it takes is not installed."""
    from fleet.adapters.telemetry.otlp import OtlpSpans

    return OtlpSpans(project, running_version(), endpoint)


def in_tmux(place: Place, name: str, program: Sequence[str], folder: Path) -> tuple[str, ...] | None:
    """What a person's terminal runs to have the program in tmux; None where there is none."""
    from fleet.adapters.terminals.tmux import hosted

    return hosted(place.digest, name, program, folder)


def harnesses() -> Mapping[str, Harness]:
    """Every harness there is, by its name in fleet.yaml: our own, and those that other packages announce.

    A package that can't be loaded is left out; `fleet doctor` asks `broken_harnesses` why.
    """
    found: dict[str, Harness] = {}
    for name, make in _harness_makers().items():
        try:
            found[name] = make()
        except Exception:  # noqa: BLE001, S112  # someone else's package, and the others must work without it
            continue
    return found


def broken_harnesses() -> Mapping[str, str]:
    """Why announced harnesses can't be used, by name."""
    problems = {}
    for name, make in _harness_makers().items():
        try:
            make()
        except Exception as error:  # noqa: BLE001  # see `harnesses`
            problems[name] = str(error) or type(error).__name__
    return problems


def _harness_makers() -> Mapping[str, Callable[[], Harness]]:
    from importlib.metadata import entry_points

    from fleet.adapters.harnesses.acp import AcpHarness
    from fleet.adapters.harnesses.claude_code import ClaudeCodeHarness
    from fleet.adapters.harnesses.codex import CodexHarness
    from fleet.adapters.harnesses.command import CommandHarness
    from fleet.adapters.harnesses.copilot import CopilotHarness
    from fleet.adapters.harnesses.gemini import GeminiHarness
    from fleet.adapters.harnesses.opencode import OpencodeHarness
    from fleet.adapters.harnesses.scripted import ScriptedHarness

    announced = entry_points(group=ENTRY_POINTS)
    makers: dict[str, Callable[[], Harness]] = {each.name: partial(_make, each) for each in announced}
    ours = (
        *(AcpHarness, ClaudeCodeHarness, CodexHarness, CommandHarness, CopilotHarness, GeminiHarness),
        *(OpencodeHarness, ScriptedHarness),
    )
    return makers | {each().name: each for each in ours}


def _make(entry: EntryPoint) -> Harness:
    found: Harness = entry.load()()
    return found


def harness(name: str) -> Harness:
    """The harness of that name. Raises `FleetError` when there is none."""
    known = harnesses()
    if name not in known:
        raise FleetError(
            f"There is no harness {name!r}",
            why=f"there are: {', '.join(sorted(known))}",
            do="Name one of them in fleet.yaml, or install the package that brings it.",
        )
    return known[name]


async def watch(
    place: Place,
    fleet: Fleet,
    *,
    step: bool = False,
    until_idle: bool = False,
    ready: Callable[[int], None] = lambda _: None,
    stopping: Callable[[Callable[[str], None]], None] = lambda _: None,
    told: Callable[[Event], None] | None = None,
    clock: Clock = clock,
) -> int:
    """Be the project's watcher until it is stopped, or idle. Returns the exit code of `Engine.run`.

    `ready` is told the port once everything is served; `stopping` is given the function that stops it; `told`
    hears of every event; the log and the rules go by `clock`. The caller holds the lease.
    """
    from concurrent.futures import ThreadPoolExecutor

    from fleet.adapters.notifiers.apprise import AppriseNotifier
    from fleet.auditing import open_seals
    from fleet.config.amend import amended, config_path
    from fleet.config.folder import program_folder
    from fleet.engine.desk import EngineDesk
    from fleet.engine.journal import Journal
    from fleet.engine.loop import Engine
    from fleet.engine.parts import Parts
    from fleet.engine.tokens import read_secret, run_of
    from fleet.folding import open_snapshots
    from fleet.gateway.board import board_route
    from fleet.gateway.hooks import Hooks, command
    from fleet.gateway.serve import serve
    from fleet.gateway.server import build_app
    from fleet.masking import masked_reader, open_secrets
    from fleet.overview import overview
    from fleet.views.transcript import lines_of

    log, sessions = open_log(place, clock), open_sessions(place)
    secret = read_secret(place.secret)
    journal = Journal(log, clock, open_snapshots(place))
    journal.load()
    secrets = open_secrets()
    parts = Parts(
        fleet=fleet,
        log=log,
        sessions=sessions,
        sandbox=open_sandbox(place.sandbox),
        grounds=open_grounds(place, fleet),
        forge=open_forge(place, fleet, clock),
        notifier=AppriseNotifier(),
        harnesses=harnesses(),
        terminal=open_terminal(place, fleet.name),
        clock=clock,
        render=lines_of,
        threads=ThreadPoolExecutor(16, "deed"),
        root=place.root,
        runs=place.runs,
        socket=place.socket,
        program=program_folder(place),
        secret=secret,
        amend=partial(amended, place.root),
        config=config_path(place),
        seals=open_seals(place, fleet),
        environment=dict(os.environ),
        secrets=secrets,
        masked=partial(masked_reader, secrets),
        hook=command(),
    )
    parts.threads.submit(secrets.find, "")  # its patterns take a moment to load
    parts.threads.submit(parts.sandbox.problem)  # the first run need not wait for the trial
    engine = Engine(parts, journal)
    journal.told = told
    stopping(engine.stop)
    desk = EngineDesk(journal, parts)

    async def show() -> dict[str, Any]:
        await journal.catch_up()  # who has just written something finds it here
        return overview(place, parts.fleet, journal.state, log, clock(), watcher_status(place))

    routes = (Hooks(desk, desk.refused).routes(), board_route(show, partial(run_of, secret)))
    asked = build_app(desk, mcp=True, routes=routes, refused=desk.refused)
    serving = await serve(
        asked, build_app(desk, mcp=True, refused=desk.refused), place.socket, port=last_port(place)
    )
    parts.gateway_url = f"http://127.0.0.1:{serving.port}/mcp"
    try:
        return await engine.run(step=step, until_idle=until_idle, ready=lambda: ready(serving.port))
    finally:
        await serving.stop()
        journal.close()
        parts.threads.shutdown(wait=False, cancel_futures=True)
        sessions.close()
        log.close()


def last_port(place: Place) -> int:
    """The port that the last watcher served on, so that live agents find the next one there; 0 for any."""
    port = read_watcher(place).get("port", 0)
    return port if isinstance(port, int) and 0 < port < 65536 else 0


def read_watcher(place: Place) -> Mapping[str, object]:
    """What the last watcher wrote of itself, empty when there was none."""
    import json

    try:
        found = json.loads(place.watcher.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def watcher_status(place: Place) -> dict[str, Any]:
    """What is known of the watcher: `running`, and while it does `pid`, `port`, `started` (ms)."""
    from fleet.engine.lease import holder

    pid = holder(place.lock)
    about = read_watcher(place) if pid is not None else {}
    known = {name: about.get(name, 0) for name in ("port", "started")}
    return {"running": pid is not None, "pid": pid or 0, **known, "version": about.get("version", "")}


def running_version() -> str:
    """The version of Fleet that runs."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("fleet")
    except PackageNotFoundError:
        return "(not installed)"
