"""Figures as people read them: money, durations, moments. Every surface writes them the same way."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

_MICROS_IN_A_CENT = 10_000


def money(micros: int | None) -> str:
    """Micro-dollars as `$1.25`; sums under a cent show four digits, an unknown sum is a dash."""
    if micros is None:
        return "-"
    sign, rest = ("-", -micros) if micros < 0 else ("", micros)
    if 0 < rest < _MICROS_IN_A_CENT:
        return f"{sign}${rest // 1_000_000}.{_rounded(rest, 100):04d}"
    cents = _rounded(rest, _MICROS_IN_A_CENT)
    return f"{sign}${cents // 100:,}.{cents % 100:02d}"


def duration(ms: int | None) -> str:
    """Milliseconds in the units that say something: `320ms`, `4.2s`, `3m 05s`, `2h 10m`, `3d 4h`."""
    if ms is None:
        return "-"
    if ms < 0:
        return f"-{duration(-ms)}"
    if ms < 1000:
        return f"{ms}ms"
    if ms < 10_000:
        return f"{ms // 1000}.{ms % 1000 // 100}s"
    seconds = ms // 1000
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m {seconds % 60:02d}s"
    if seconds < 86_400:
        return f"{seconds // 3600}h {seconds % 3600 // 60:02d}m"
    return f"{seconds // 86_400}d {seconds % 86_400 // 3600}h"


def ago(then_ms: int, now_ms: int) -> str:
    """How long ago `then_ms` was at `now_ms` (both since the epoch): `just now`, `12s ago`, `3m 05s ago`."""
    passed = now_ms - then_ms
    if passed < 1000:
        return "just now"
    return f"{duration(passed - passed % 1000 if passed < 10_000 else passed).replace('.0s', 's')} ago"


def clock(ms: int, *, zone: tzinfo | None = None) -> str:
    """A moment (since the epoch) as `14:03:07` in `zone`, else in the machine's own."""
    return _local(ms, zone).strftime("%H:%M:%S")


def moment(ms: int, *, zone: tzinfo | None = None) -> str:
    """A moment (since the epoch) as `2026-02-03 14:03:07` in `zone`, else in the machine's own."""
    return _local(ms, zone).strftime("%Y-%m-%d %H:%M:%S")


def tokens(count: int) -> str:
    """A number of tokens, short: `870`, `12.4k`, `3.1M`."""
    if count < 1000:
        return str(count)
    if count < 1_000_000:
        return f"{count // 1000}.{count % 1000 // 100}k"
    return f"{count // 1_000_000}.{count % 1_000_000 // 100_000}M"


def _rounded(amount: int, unit: int) -> int:
    return (amount + unit // 2) // unit


def _local(ms: int, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(ms / 1000, tz=UTC).astimezone(zone)
