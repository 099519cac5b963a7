"""A socket's path in a form that fits: the kernel takes about a hundred bytes, and checkouts lie deeper.

Standard library only and quick to load: `fleet agent` uses it at its start.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_MOST = 100  # sun_path has 108 bytes on Linux and 104 on macOS, with a zero at its end


@contextmanager
def short_path(path: str) -> Iterator[str]:
    """The path to bind or connect to. A long one goes by way of its directory's descriptor where that works.

    Raises OSError when the directory isn't there.
    """
    if len(os.fsencode(path)) <= _MOST or not os.path.isdir("/proc/self/fd"):  # noqa: PTH112
        yield path
        return
    folder, name = os.path.split(path)
    descriptor = os.open(folder or ".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{name}"
    finally:
        os.close(descriptor)
