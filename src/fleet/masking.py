"""What keeps secrets from eyes and logs: the detector, and readers that go by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet.ports.harness import Reader
    from fleet.ports.secrets import Secrets


def open_secrets() -> Secrets:
    """What finds keys and tokens. Its patterns are loaded with the first text."""
    from fleet.adapters.secrets.detector import SecretDetector

    return SecretDetector()


def masked_reader(secrets: Secrets, reader: Reader) -> Reader:
    """The reader, with every secret masked in what it gives."""
    from fleet.adapters.secrets.masked import MaskedReader

    return MaskedReader(reader, secrets)
