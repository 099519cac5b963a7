"""Signed statements: in-toto Statement v1 in a DSSE envelope, so that other programs can check them too."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from fleet.adapters.seals.key import PublicKey, SigningKey

PAYLOAD = "application/vnd.in-toto+json"


def wrap(statement: Mapping[str, Any], key: SigningKey) -> dict[str, Any]:
    """The statement in its envelope."""
    payload = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    signature = key.sign(_signed(payload))
    return {
        "payloadType": PAYLOAD,
        "payload": b64encode(payload).decode(),
        "signatures": [{"keyid": key.public.name, "sig": b64encode(signature).decode()}],
    }


def unwrap(envelope: Any, key: PublicKey) -> dict[str, Any]:
    """The statement, if `key` signed it. Raises `ValueError` with the reason."""
    try:
        kind, payload = envelope["payloadType"], b64decode(envelope["payload"], validate=True)
        signatures = [b64decode(each["sig"], validate=True) for each in envelope["signatures"]]
    except (TypeError, KeyError, ValueError) as error:
        raise ValueError(f"it is no DSSE envelope ({error})") from error
    if kind != PAYLOAD or not any(key.holds(each, _signed(payload)) for each in signatures):
        raise ValueError(f"it is not signed by {key.name}")
    found = json.loads(payload)
    if not isinstance(found, dict):
        raise ValueError("it is signed, but holds no statement")
    return found


def _signed(payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: what is signed."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD), PAYLOAD.encode(), len(payload), payload)
