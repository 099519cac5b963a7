"""The proof that one event is in the log: with the public key alone, without the log.

It is plain JSON: the event's record as it was sealed, the hashes beside its way up the tree, and the signed
checkpoint whose root that way leads to.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from fleet.adapters.seals import checkpoint
from fleet.adapters.seals.key import PublicKey
from fleet.adapters.seals.merkle import Path, root_by

KIND = "fleet inclusion proof, version 1"


@dataclass(frozen=True, slots=True)
class Proven:
    """What a proof proves: this body (canonical JSON of a CloudEvent) is record `seq` of the log that was
    signed at `time`, when it had `size` records.
    """

    body: str
    seq: int
    size: int
    time: str


def prove(seq: int, body: str, hashes: Iterable[bytes], note: str, key: PublicKey) -> dict[str, Any]:
    """The proof for the record `seq` with this body. `hashes` are those of the log from its beginning; as
    many are taken as the checkpoint has signed. Raises `ValueError` when it does not hold.
    """
    said = checkpoint.read(note, key)
    path, before = Path(seq - 1), b""
    for number, each in enumerate(hashes, start=1):
        if number > said.size:
            break
        if number == seq - 1:
            before = each
        path.add(each)
    proof = {
        "kind": KIND,
        "seq": seq,
        "body": body,
        "previous": before.hex(),
        "way": [b64encode(each).decode() for each in path.way()],
        "checkpoint": note,
        "key": key.word,
    }
    check(proof, key)
    return proof


def check(proof: Mapping[str, Any], key: PublicKey) -> Proven:
    """What the proof proves by this key. Raises `ValueError` with the reason when it proves nothing."""
    if proof.get("kind") != KIND:
        raise ValueError("it is no proof that this Fleet knows")
    try:
        seq, body, note = proof["seq"], proof["body"], proof["checkpoint"]
        before = bytes.fromhex(proof["previous"])
        way = [b64decode(each, validate=True) for each in proof["way"]]
        if type(seq) is not int or not isinstance(body, str) or not isinstance(note, str) or seq < 1:
            raise ValueError("a field has the wrong type")
        raw = body.encode()
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"it is not whole ({error})") from error
    said = checkpoint.read(note, key)
    # As the log makes it: the hash before, the record's number, its body. The first follows a fixed hash.
    first = sha256(b"fleet event log, version 1").digest()
    record = sha256((before or first) + seq.to_bytes(8, "big") + raw).digest()
    if root_by(record, seq - 1, said.size, way) != said.root:
        raise ValueError("the event is not in the log that was signed, or not so")
    return Proven(body, seq, said.size, said.time)
