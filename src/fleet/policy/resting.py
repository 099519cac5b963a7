"""Which commands cannot be at work while they last: they sleep, serve, follow a file, or wait for a key.
Whatever the processor does meanwhile is not their doing.
"""

from __future__ import annotations

import re

from fleet.policy.commands import parts

_RESTS = re.compile(
    r"(?:"
    r"sleep|wait|read|pause|watch|top|htop|vi|vim|nvim|nano|emacs|less|more|man|ssh|ftp|telnet|nc -\w*l"
    r"|inotifywait|gdb|psql|mysql|git (?:rebase -i|add -p)"
    r"|python3? -c .import time; ?time\.sleep\([^)]*\).$"
    r")(?:\s|$)"
)
_SERVES = re.compile(
    r"(?:"
    r"tail (?:\S+ )*-[a-zA-Z]*[fF]|journalctl (?:\S+ )*-f|(?:kubectl|docker) logs (?:\S+ )*-f"
    r"|python3?(?: -\w)* -m http\.server|php -S|flask run|uvicorn|gunicorn|hypercorn|nodemon|live-server"
    r"|http-server|serve|(?:npm|pnpm|yarn|bun)(?: run)? (?:start|dev|serve|watch)"
    r"|npx (?:serve|vite|http-server)|vite|next dev|ng serve|rails s(?:erver)?|hugo server"
    r"|jekyll serve|mkdocs serve|(?:\S+ )?manage\.py runserver|redis-server|mongod|postgres|nginx"
    r"|docker(?: |-)compose up(?!.*\s-d\b)"
    r")(?:\s|$)"
)
_BESIDE = re.compile(
    r"(?:cd|echo|printf|export|true|:|\[|test|for|date|ls|cat|grep|set|pwd|clear|\d*>\S+)(?:\s|$)"
)
_ENDS = re.compile(r"(?<![&>])&\s*(?:$|\n|[a-z(])|\b(?:nohup|timeout|setsid|disown)\b")


def rests(command: str) -> bool:
    """Whether it cannot be at work while it lasts. Not so one that is sent to the background."""
    if _ENDS.search(command):
        return False
    each = parts(command)
    return any(_stays(part) for part in each) and all(_stays(part) or _BESIDE.match(part) for part in each)


def serves(command: str) -> bool:
    """Whether it rests, and does not end by itself: it serves, or follows a file."""
    return rests(command) and any(_SERVES.match(part) for part in parts(command))


def _stays(part: str) -> bool:
    return bool(_RESTS.match(part) or _SERVES.match(part))
