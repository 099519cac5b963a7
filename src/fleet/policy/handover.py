"""The note that whoever goes on after a run is given: what it tried, from its acts alone."""

from __future__ import annotations

from fleet.model.state import Run

_MOST = 12
_SAID = 200


def handover(run: Run) -> str:
    """What was tried, most often first; "" when the run did nothing."""
    if not run.deeds:
        return ""
    deeds = sorted(run.deeds.values(), key=lambda deed: -deed.times)[:_MOST]
    order = list(run.deeds)
    deeds.sort(key=lambda deed: order.index(deed.text))
    lines = [_line(deed.text, deed.times, deed.failed, deed.said) for deed in deeds]
    left = len(run.deeds) - len(lines)
    more = [f"- and {left} other things"] if left > 0 else []
    nudged = [f"It was told: {reason}." for reason in run.nudges]
    said = [f"Its last words: {run.text[:_SAID]}"] if run.text else []
    head = f"What {run.id} ({run.agent}) did, as seen from outside; its files are still in your directory:"
    return "\n".join([head, *lines, *more, *nudged, *said])


def _line(text: str, times: int, failed: int, said: str) -> str:
    often = f" ({times} times)" if times > 1 else ""
    if not failed:
        return f"- {text}{often}"
    how = (
        "failed"
        if failed == times == 1
        else "failed each time"
        if failed == times
        else f"failed {failed} times"
    )
    return f"- {text}{often}: {how}{f', at last: {said[:_SAID]}' if said else ''}"
