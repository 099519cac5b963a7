"""What of this machine a sandbox shows to every session: the system's programs and settings, and the programs
on PATH.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import fleet
from fleet.adapters.sandboxes.arguments import System
from fleet.ports.sandbox import Bind

_FOLDERS = ("/usr", "/opt", "/nix", "/run/current-system")
_MERGED = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_ETC = (
    # An allowlist: who runs Fleet as root could read keys and password hashes there.
    *("alternatives", "bash.bashrc", "ca-certificates.conf", "claude-code", "codex", "crypto-policies"),
    *("debian_version", "environment", "fonts", "gai.conf", "gitattributes", "group", "host.conf"),
    *("hostname", "hosts", "inputrc", "java*", "ld.so.cache", "ld.so.conf", "ld.so.conf.d"),
    *("locale.alias", "locale.conf", "localtime", "lsb-release", "magic", "maven", "mime.types"),
    *("nsswitch.conf", "os-release", "passwd", "perl", "pki/ca-trust", "pki/tls/cert.pem", "pki/tls/certs"),
    *("pki/tls/openssl.cnf", "profile", "profile.d", "protocols", "python3*", "redhat-release"),
    *("resolv.conf", "services", "shells", "ssl/cert.pem", "ssl/certs", "ssl/openssl.cnf", "static"),
    *("terminfo", "timezone"),
)
# The kernel asks for root there, not for its capabilities, and bubblewrap leaves them writable.
_KERNEL = ("/proc/fs", "/proc/sys")
_CHANGING = ("/etc/hosts", "/etc/resolv.conf")
_LINKS_AT_MOST = 40


def system(etc: Path | None, *, users: bool) -> System:
    """The system's own programs; its settings are those that were copied to `etc`, and those that change
    often. `users`: see `System`.
    """
    paths = [Bind(path) for path in _FOLDERS if os.path.isdir(path)]  # noqa: PTH112
    links = []
    for path in map(Path, _MERGED):
        if path.is_symlink():
            links.append((str(path.readlink()), str(path)))
        elif path.is_dir():
            paths.append(Bind(str(path)))
    if etc is not None:
        paths.append(Bind(str(etc), "/etc"))
        paths += (Bind(path) for path in _CHANGING if (etc / Path(path).name).exists())
    return System(tuple(paths), tuple(links), _KERNEL if os.geteuid() == 0 else (), users)


def copy_etc(folder: Path, of: Path = Path("/etc")) -> Path:
    """A copy, in `folder`, of what every program may read of /etc; one of an earlier time is used again.

    One folder, as fifty binds would take 15 ms of each start. It stays as it is: sessions may have it open.
    """
    found = sorted(path for pattern in _ETC for path in of.glob(pattern))
    about = [
        (str(path), path.stat().st_mtime_ns) for path in found if str(path) not in _CHANGING and path.exists()
    ]
    made = folder / f"etc-{hashlib.sha256(repr(about).encode()).hexdigest()[:16]}"
    if made.is_dir():
        return made
    draft = folder / f"{made.name}.{os.getpid()}"
    draft.mkdir(parents=True, mode=0o755)
    for path in found:
        at = draft / path.relative_to(of)
        at.parent.mkdir(parents=True, exist_ok=True)
        with suppress(OSError, shutil.Error):  # some of it is not for us to read, and so not for an agent
            if path.is_dir():
                shutil.copytree(path, at, symlinks=True)
            else:
                shutil.copyfile(path, at)
    try:
        draft.rename(made)
    except OSError:
        shutil.rmtree(draft)
        if not made.is_dir():  # else another process was faster
            raise
    return made


def own_program() -> tuple[Bind, ...]:
    """This Fleet and its Python, by which an agent runs `fleet agent`."""
    prefixes = {sys.prefix, sys.base_prefix, str(Path(sys.base_prefix).resolve())}
    found = {Bind(path) for path in prefixes}
    for package in fleet.__path__:
        found.add(Bind(package))
    found.update(_behind(Path(sys.executable)))
    return tuple(each for each in found if not _is_system(each.source))


def on_path(path: str) -> Iterator[Bind]:
    """The folders of PATH, and beside them what their programs are made of."""
    for folder in _folders(path):
        if _is_system(folder) or not os.path.isdir(folder):  # noqa: PTH112
            continue
        yield Bind(folder)
        above = Path(folder).parent
        if (above / "pyvenv.cfg").is_file() or (above / "Cellar").is_dir():
            yield Bind(str(above))
        if (above / "lib" / "node_modules").is_dir():
            yield Bind(str(above / "lib" / "node_modules"))


def find_program(name: str, path: str) -> str | None:
    """Where a program is, along `path`; as in a session, folders that are relative are passed over."""
    places = [name] if "/" in name else [f"{folder}/{name}" for folder in _folders(path)]
    return next((each for each in places if os.access(each, os.X_OK) and os.path.isfile(each)), None)  # noqa: PTH113


def of_program(program: str) -> Iterator[Bind]:
    """What a program needs to be run: itself, what its links lead to, and the package that it belongs to."""
    for bind in _behind(Path(program)):
        if not _is_system(bind.source):
            yield bind


def _behind(program: Path) -> Iterator[Bind]:
    for _ in range(_LINKS_AT_MOST):
        yield Bind(str(_package(program)))
        if not program.is_symlink():
            break
        program = Path(os.path.normpath(program.parent / program.readlink()))
    yield Bind(str(_package(program.resolve())))


def _package(program: Path) -> Path:
    """The folder that is installed as one with it; the file alone where there is no such folder."""
    for folder in reversed(program.parents):
        if folder.name == "node_modules" or (folder / "pyvenv.cfg").is_file():
            return folder
    return program


def _folders(path: str) -> list[str]:
    return [os.path.normpath(folder) for folder in path.split(os.pathsep) if folder.startswith("/")]


def _is_system(path: str) -> bool:
    return any(Path(path).is_relative_to(folder) for folder in (*_FOLDERS, *_MERGED))
