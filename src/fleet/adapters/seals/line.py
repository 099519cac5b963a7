"""A checkpoint in one line, for a message or a sheet of paper: how many records the log had, the chain hash
of the last one, which is a digest of all of them, when that was, and the signature.

    fleet-checkpoint 412 9f0c…(64 digits) 2026-01-31T09:00:00.000Z fleet/0a1b2c3d4e5f6071 BASE64
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass

from fleet.adapters.seals.key import PublicKey, SigningKey

_WORD = "fleet-checkpoint"
_LINE = re.compile(
    rf"{_WORD}\s+([0-9]{{1,15}})\s+([0-9a-f]{{64}})\s+(\S{{1,40}})\s+(\S{{1,80}})\s+([A-Za-z0-9+/=]{{90,96}})"
)


@dataclass(frozen=True, slots=True)
class Line:
    """What it says: `head` is the chain hash of the record `size`, `name` that of the key."""

    size: int
    head: str
    time: str
    name: str
    signature: bytes = b""

    @property
    def _said(self) -> bytes:
        return f"{_WORD} {self.size} {self.head} {self.time} {self.name}\n".encode()

    def text(self, key: SigningKey) -> str:
        """The line, signed."""
        signature = b64encode(key.public.id + key.sign(self._said)).decode()
        return f"{self._said.decode().strip()} {signature}"

    def is_signed_by(self, key: PublicKey) -> bool:
        """Whether the owner of this key said so."""
        return self.signature[:4] == key.id and key.holds(self.signature[4:], self._said)


def lines_in(text: str) -> list[Line]:
    """Every such line in a text, whatever stands around it; a mail program may have broken them."""
    return [
        Line(int(size), head, time, name, b64decode(signature + "=" * (-len(signature) % 4)))
        for size, head, time, name, signature in _LINE.findall(text)
    ]
