"""The in-toto statement in a DSSE envelope: signed with an Ed25519 key, checked with its public half."""

import base64
import binascii
import hashlib
import json
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from checks.core.cli import UnusableError

PAYLOAD_TYPE = "application/vnd.in-toto+json"


class NotSignedError(Exception):
    """An envelope is not what the key signed."""


def private_key(file: Path) -> Ed25519PrivateKey:
    """Read a private key in PEM; raises UnusableError for anything else."""
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UnusableError(f"`{file}` cannot be used as a key: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UnusableError(f"`{file}` is no Ed25519 key")
    return key


def public_key(file: Path) -> Ed25519PublicKey:
    """Read a public key in PEM; raises UnusableError for anything else."""
    try:
        key = load_pem_public_key(file.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise UnusableError(f"`{file}` cannot be used as a public key: {error}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise UnusableError(f"`{file}` is no Ed25519 key")
    return key


def signed(statement: str, key: Ed25519PrivateKey) -> str:
    """An envelope with the statement. Ed25519 is deterministic: the same statement and key give the same bytes."""
    payload = statement.encode()
    signature = {"keyid": key_id(key.public_key()), "sig": _base64(key.sign(_authenticated(payload)))}
    envelope = {"payloadType": PAYLOAD_TYPE, "payload": _base64(payload), "signatures": [signature]}
    return json.dumps(envelope, indent=2) + "\n"


def opened(envelope: str, key: Ed25519PublicKey) -> str:
    """The statement in an envelope; raises NotSignedError unless this key signed exactly that."""
    payload, signatures = _parts(envelope)
    if not any(_holds(key, signature, payload) for signature in signatures):
        raise NotSignedError("no signature in it is of this key, or what was signed has been changed")
    return payload.decode()


def key_id(key: Ed25519PublicKey) -> str:
    """SHA-256 of the public key as DER."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _parts(envelope: str) -> tuple[bytes, list[bytes]]:
    try:
        told = json.loads(envelope)
        if told["payloadType"] != PAYLOAD_TYPE:
            raise NotSignedError(f"it holds no `{PAYLOAD_TYPE}`")
        signatures = [_bytes(one["sig"]) for one in told["signatures"]]
        return _bytes(told["payload"]), signatures
    except (ValueError, KeyError, TypeError) as error:
        raise NotSignedError(f"it is no DSSE envelope: {error!r}") from None


def _holds(key: Ed25519PublicKey, signature: bytes, payload: bytes) -> bool:
    try:
        key.verify(signature, _authenticated(payload))
    except InvalidSignature:
        return False
    return True


def _authenticated(payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: the type is signed with the payload, and neither can run into the other."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def _base64(raw: bytes) -> str:
    return base64.standard_b64encode(raw).decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
