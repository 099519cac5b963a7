"""Entry of the per-run process: `python -I -S -X utf8 shim.py RUN_DIR`.

Python compiles a script anew at each start but caches what is imported, so this file does next to nothing. It
makes an empty `fleet` package by hand, since -I keeps our folder off the path and the real one is not to be
loaded: of Fleet only its own folder can be imported from here.
"""

from __future__ import annotations

import sys


def begin() -> int:
    """Live the life of one run; returns the process's exit status."""
    package = type(sys)("fleet")
    package.__path__ = [__file__.rsplit("/", 2)[0]]
    sys.modules["fleet"] = package
    from fleet.shim.life import live

    return live(sys.argv[1])


if __name__ == "__main__":
    raise SystemExit(begin())
