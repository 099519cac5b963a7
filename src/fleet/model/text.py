"""Text from outside, made fit to be shown: it must not move the cursor or retitle the terminal."""

from __future__ import annotations


def clean(text: str, *, keep_lines: bool = False) -> str:
    """The text without control and direction-changing signs; line ends become spaces unless `keep_lines`."""
    if not keep_lines:
        text = " ".join(text.split())
    return "".join(sign for sign in text if sign in "\n\t" or not _is_control(sign))


def _is_control(sign: str) -> bool:
    code = ord(sign)
    return (
        code < 0x20
        or 0x7F <= code < 0xA0  # C1: some terminals take these as escape sequences
        or 0x202A <= code <= 0x202E  # embeddings and overrides of the writing direction
        or 0x2066 <= code <= 0x2069
        or 0xD800 <= code <= 0xDFFF  # half a character: cannot be encoded
    )
