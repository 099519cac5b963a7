"""The key that seals, and the public one that others check with. Ed25519, in the form of C2SP signed notes.

A public key is one word, `NAME+ID+BASE64`, and so is the private one, behind `PRIVATE+KEY+`. The library that
signs is loaded when it is first needed, since most verbs sign nothing.
"""

from __future__ import annotations

import os
import secrets
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from fleet.model.errors import Permanent

_ED25519 = b"\1"
_PRIVATE = "PRIVATE+KEY+"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Who can be checked by it is called `name`; `raw` are the 32 bytes."""

    name: str
    raw: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that stand before each signature."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.raw).digest()[:4]

    @property
    def word(self) -> str:
        """The key in one word, to be given to others."""
        return f"{self.name}+{self.id.hex()}+{b64encode(_ED25519 + self.raw).decode()}"

    def holds(self, signature: bytes, message: bytes) -> bool:
        """Whether the owner of this key signed the message."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The private key. `seed` never leaves this process but for its own file."""

    public: PublicKey
    seed: bytes

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the signature."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)

    def __repr__(self) -> str:
        return f"SigningKey({self.public.word})"


def parse_public(word: str) -> PublicKey:
    """The key of this word. Raises `ValueError` when it is none."""
    name, _, rest = word.strip().partition("+")
    stated, _, encoded = rest.partition("+")
    raw = _bytes(encoded)
    key = PublicKey(name, raw[1:])
    if not name or len(raw) != 33 or raw[:1] != _ED25519 or key.id.hex() != stated:
        raise ValueError("it is no Ed25519 key of the form NAME+ID+BASE64")
    return key


def key_of(seed: bytes) -> SigningKey:
    """The key that these 32 bytes make. It is named by what it is."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    raw = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return SigningKey(PublicKey(f"fleet/{sha256(raw).hexdigest()[:16]}", raw), seed)


def read_key(path: Path) -> SigningKey | None:
    """The key in this file, None where there is no file. Raises `Permanent` when it holds something else."""
    try:
        words = path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return None
    parts = words.removeprefix(_PRIVATE).split("+", 2)  # the last one may hold a + itself
    raw = _bytes(parts[-1]) if words.startswith(_PRIVATE) else b""
    if len(raw) != 33 or raw[:1] != _ED25519:
        raise Permanent(
            f"The signing key {path} cannot be read.",
            why="it was damaged, or is something else",
            do="restore it from a copy; without it new seals are made with a new key",
        )
    return key_of(raw[1:])


def make_key(path: Path) -> SigningKey:
    """The key in this file; made when there is none. Only its owner may read it.

    The file gets its name when it is whole, and never in place of one that is there.
    """
    found = read_key(path)
    if found is not None:
        return found
    made = key_of(secrets.token_bytes(32))
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            secret = b64encode(_ED25519 + made.seed).decode()
            file.write(f"{_PRIVATE}{made.public.name}+{made.public.id.hex()}+{secret}\n")
            file.flush()
            os.fsync(handle)
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass  # another process was faster: its key is the key
    finally:
        draft.unlink()
    return make_key(path)


def _bytes(encoded: str) -> bytes:
    try:
        return b64decode(encoded, validate=True)
    except (NotBase64, ValueError):
        return b""
