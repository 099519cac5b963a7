"""What a watcher prints, as JSON: one object a line, with the ids of what it speaks of."""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Any

from fleet.model.event import Event, rfc3339
from fleet.views.events import headline

_IDS = ("run", "item", "change", "instance", "agent", "approval")


def tell_json(event: Event) -> None:
    """One line for an event that people care about."""
    said = headline(event)
    if said:
        found = {name: event.data[name] for name in _IDS if event.data.get(name)}
        ids = {"instance": event.correlation_id, **found} if event.correlation_id else found
        about = {"type": event.type, "event": event.id, "seq": event.seq, "source": event.source}
        print(line(event.time, "info", said, about | ids), flush=True)


def log_json() -> None:
    """Let whatever is warned of go to stderr in the same form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def line(time_ms: int, level: str, message: str, more: dict[str, Any]) -> str:
    """One record. Its time is RFC 3339, in UTC."""
    return json.dumps({"time": rfc3339(time_ms), "level": level, "message": message, **more}, default=str)


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        more = {"logger": record.name}
        if record.exc_info:
            more["error"] = self.formatException(record.exc_info)
        return line(time.time_ns() // 1_000_000, record.levelname.lower(), record.getMessage(), more)
