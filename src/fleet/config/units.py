"""Durations, money, counts of tokens and lists of tools as people write them. Each function raises ValueError
with a hint.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

_MS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000}
_PART = re.compile(r"([0-9]{1,9})(d|h|m|s)")
_DURATION = re.compile(r"(?:[0-9]{1,9}[dhms])+")
_MOST_MS = 366 * _MS["d"]
_MOST_DOLLARS = 1_000_000
_MOST_TOKENS = 10**12
_BYTES = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
_THOUSANDS = {"": 1, "k": 1000, "M": 1_000_000}


def duration_ms(text: str) -> int:
    """`45m`, `2h30m`, `90s`, `1d` in milliseconds; the units go from large to small, each at most once."""
    written = text.replace(" ", "")
    if re.fullmatch(r"[0-9]+", written):
        raise ValueError(f"it needs a unit: {written}m is {written} minutes, {written}s is {written} seconds")
    if not _DURATION.fullmatch(written):
        raise ValueError("write it like 45m, 2h30m or 90s")
    parts = [(int(number), unit) for number, unit in _PART.findall(written)]
    order = ["dhms".index(unit) for _, unit in parts]
    if order != sorted(set(order)):
        raise ValueError("each unit stands once, the largest first: 2h30m")
    total = sum(number * _MS[unit] for number, unit in parts)
    return _within(Decimal(total), _MOST_MS, "a year at most")


def cost_micros(written: str | float) -> int:
    """Dollars (`5`, `0.5`, `"$5"`, `"5$"`) in micro-dollars."""
    text = str(written).strip()
    text = text[1:].strip() if text.startswith("$") else text.removesuffix("$").strip()
    try:
        dollars = Decimal(text)
    except InvalidOperation:
        raise ValueError("write dollars as a number: 5 or 0.5") from None
    if not dollars.is_finite():
        raise ValueError("write dollars as a number: 5 or 0.5")
    micros = dollars * 1_000_000
    if micros != micros.to_integral_value():
        raise ValueError("the smallest sum is 0.000001")
    return _within(micros, _MOST_DOLLARS * 1_000_000, "a million dollars at most")


def byte_count(written: str) -> int:
    """`500MB`, `20GB`, `1.5 TB` in bytes; a GB is 1,000 MB."""
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)\s*(MB|GB|TB)", written.strip())
    if not found:
        raise ValueError("write it like 500MB, 20GB or 1.5TB")
    return _within(Decimal(found[1]) * _BYTES[found[2]], 10**15, "1000 TB at most")


def token_count(written: str | int) -> int:
    """A number of tokens: `150000`, `200k`, `1.5M`."""
    text = str(written).strip()
    found = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*([kKM]?)", text)
    if not found:
        raise ValueError("write it like 150000, 200k or 1.5M")
    tokens = Decimal(found[1]) * _THOUSANDS[found[2].replace("K", "k")]
    if tokens != tokens.to_integral_value():
        raise ValueError("tokens are whole numbers")
    return _within(tokens, _MOST_TOKENS, "a million million at most")


def split_tools(value: object) -> object:
    """`Read, Grep, Bash(git *)` as a list; anything else as it is."""
    if not isinstance(value, str):
        return value
    return [tool for part in re.split(r",(?![^(]*\))", value) if (tool := part.strip())]


def _within(amount: Decimal, most: int, most_words: str) -> int:
    if amount <= 0:
        raise ValueError("it has to be more than nothing; the word none takes the ceiling away")
    if amount > most:
        raise ValueError(f"it can be {most_words}")
    return int(amount)
