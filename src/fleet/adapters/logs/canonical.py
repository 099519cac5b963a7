r"""Canonical JSON (RFC 8785): the one spelling of a value, which the hash chain is computed over.

What an agent writes is not always JSON. So that nothing an agent prints can stop the log, values without an
exact JSON form are given a readable one here, at the rim, before anything is hashed or stored:

* a lone surrogate (which is how Python carries a byte that was no UTF-8) becomes its visible escape, the six
  characters `\udcff`, which still tells the byte; should two keys of an object become equal by this, the
  later one gets an apostrophe;
* an integer that a double cannot hold exactly becomes a string of its digits, as RFC 7493 advises;
* NaN and the infinities become the strings `NaN`, `Infinity` and `-Infinity`;
* tuples are arrays, and enumerations of texts or numbers are their values.

Anything else that is no JSON (bytes, sets, keys that are no text, more than a hundred levels) is a mistake of
Fleet's own and raises `Permanent`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import rfc8785

from fleet.model.errors import Permanent

MAX_DEPTH = 100
_MAX_EXACT = 2**53 - 1
_encode = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode


def canonical(value: object) -> str:
    """The canonical JSON of `value`. Raises `Permanent` for what is no JSON."""
    text = canonical_if_simple(value)
    if text is None:
        plain = plain_json(value)
        text = canonical_if_simple(plain)
        if text is None:
            text = rfc8785.dumps(plain).decode()
    return text


def canonical_if_simple(value: object) -> str | None:
    """The fast way, for a value that reads back from its canonical JSON exactly as it is; else None."""
    if not is_simple(value):
        return None
    text = _encode(value)
    return text if is_writable(text) else None


def is_simple(value: Any, depth: int = 0) -> bool:
    """Whether the encoder in C spells `value` as RFC 8785 asks.

    It does for null, booleans, exact integers, strings, arrays, and objects whose keys are ASCII: there, the
    order of code points is the order of UTF-16 units. It does not for floats (`1.0` is spelled `1`), for
    other types, or for what is nested too deeply. Lone surrogates in strings are not looked for here.
    """
    kind = type(value)
    if kind is dict:
        try:
            if not "".join(value).isascii():
                return False
        except TypeError:
            return False  # a key that is no text
        items: Iterable[Any] = value.values()
    elif kind is list:
        items = value
    else:
        return _is_simple_scalar(value)
    for item in items:
        # Texts and small numbers are most of what there is: spare them the call.
        kind = type(item)
        if kind is str or (kind is int and -_MAX_EXACT <= item <= _MAX_EXACT):
            continue
        if depth == MAX_DEPTH or not is_simple(item, depth + 1):
            return False
    return True


def _is_simple_scalar(value: object) -> bool:
    if type(value) is int:
        return -_MAX_EXACT <= value <= _MAX_EXACT
    return type(value) in (str, bool) or value is None


def is_writable(text: str) -> bool:
    """Whether the text is free of lone surrogates, so that it can be written as UTF-8."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def plain_json(value: object, depth: int = 0) -> Any:
    """A copy of `value` made only of JSON's own types, by the rules of this module's text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return writable(value)
    if isinstance(value, int):
        return _exact(int(value))
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else _not_finite(value)
    if depth > MAX_DEPTH:
        raise _no_json(f"it is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, (list, tuple)):
        return [plain_json(item, depth + 1) for item in value]
    if isinstance(value, Mapping):
        result: dict[str, Any] = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise _no_json(f"an object in it has the key {key!r}, which is no text")
            name = writable(key)
            while name in result:
                name += "'"
            result[name] = plain_json(item, depth + 1)
        return result
    raise _no_json(f"it holds a {type(value).__name__}")


def writable(text: str) -> str:
    """The text where it can be written as UTF-8; else with a visible escape for each lone surrogate."""
    return text if is_writable(text) else text.encode("utf-8", "backslashreplace").decode()


def _exact(number: int) -> int | float | str:
    if -_MAX_EXACT <= number <= _MAX_EXACT:
        return number
    try:
        digits = str(number)
    except ValueError as error:
        raise _no_json("it holds an integer of thousands of digits") from error
    try:
        near = float(number)
    except OverflowError:
        return digits
    # A double may hold it all the same (1e16 does): then what was read can be appended again unchanged.
    return near if rfc8785.dumps(near).decode() == digits else digits


def _not_finite(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"


def _no_json(why: str) -> Permanent:
    return Permanent("This value cannot be written to the log.", why=why, do="give it as plain JSON")
