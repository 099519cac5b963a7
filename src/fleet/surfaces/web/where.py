"""Where the page is served: by which names, and how its own addresses begin."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from fleet.model.errors import UsageError

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class Where:
    """`url` is how others reach it, such as https://fleet.example.org; "" on the loopback."""

    url: str = ""

    @property
    def secure(self) -> bool:
        """Whether browsers reach it by TLS."""
        return self.url.startswith("https:")

    def serves(self, host: str) -> bool:
        """Whether a request for this Host is meant for us."""
        return host.lower() == self._host if self.url else name_of(host) in LOOPBACK

    def is_own(self, origin: str | None, host: str) -> bool:
        """Whether a page of this origin is one of ours."""
        return origin == (self.url or f"http://{host}")

    @property
    def _host(self) -> str:
        return urlsplit(self.url).netloc.lower()


def name_of(host: str) -> str:
    """The name in a Host header, without its port."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()


def public(url: str) -> Where:
    """A place that others reach. Raises `UsageError` for an address that can't be one."""
    try:
        found = urlsplit(url.rstrip("/"))
        port = found.port
    except ValueError:
        found, port = urlsplit(""), None
    plain = found.path or found.query or found.fragment or found.username
    if found.scheme != "https" or not found.hostname or plain:
        raise UsageError(
            f"{url!r} can't be the address of the page",
            why="it has to be https, a name and maybe a port, and nothing more",
            do="Say it as browsers will: --url https://fleet.example.org",
        )
    name = f"[{found.hostname}]" if ":" in found.hostname else found.hostname
    return Where(f"https://{name}" if port in (None, 443) else f"https://{name}:{port}")
