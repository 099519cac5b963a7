"""What keeps secrets from eyes and logs: the detector, readers that go by it, a process that tells none."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet.ports.harness import Reader
    from fleet.ports.secrets import MaskedReader, Secrets


_PR_SET_DUMPABLE = 4


def open_secrets() -> Secrets:
    """What finds keys and tokens. Its patterns are loaded with the first text."""
    from fleet.adapters.secrets.detector import SecretDetector

    return SecretDetector()


def masked_reader(secrets: Secrets, reader: Reader) -> MaskedReader:
    """The reader, with every secret masked in what it gives."""
    from fleet.adapters.secrets import masked

    return masked.MaskedReader(reader, secrets)


def masked_lines(secrets: Secrets, text: str) -> str:
    """The text without its secrets, in as many lines: what was in a key's other lines is empty."""
    from fleet.ports.session import Record

    lines = (Record(0, "out", line, True) for line in text.split("\n"))
    return "\n".join(record.text for record in secrets.mask_records(lines))


def keep_to_itself() -> None:
    """Let no other program of the same user trace this process or read its environment and memory, in which
    there are the user's tokens and the keys of the log (Linux; root may). It leaves no core dump then.
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
