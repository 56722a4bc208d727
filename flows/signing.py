"""Signatures: who vouches for a generated file, by an ed25519 key held or known here."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from flows.outputs import write_whole
from flows.refusal import RefusedError

CONFIGURED = "FORESHOCK_SIGNING_KEY"
"""Variable that names a PEM file with the desk's private key."""
LOCAL = "local"
"""Name of the key that a machine without a configured one makes for itself."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key and what it is called.

    Attributes
    ----------
    key : Ed25519PrivateKey
    name : str
        `LOCAL`, or the stem of the configured file.
    """

    key: Ed25519PrivateKey
    name: str

    @property
    def local(self) -> bool:
        """Whether this machine made the key for itself."""
        return self.name == LOCAL

    def sign(self, content: bytes) -> dict[str, str]:
        """Signature with the fingerprint of the key that made it."""
        return {
            "key": fingerprint(self.key.public_key()),
            "name": self.name,
            "value": self.key.sign(content).hex(),
        }


def signer(root: Path) -> Signer:
    """The configured key, else the local one, which is made on first use.

    Parameters
    ----------
    root : Path
        State root; keys lie in ``keys/`` below it.

    Raises
    ------
    RefusedError
        If the configured file is no ed25519 private key.
    """
    named = os.environ.get(CONFIGURED)
    if named:
        path = Path(named).expanduser()
        return Signer(_private(path), path.stem)
    path = root / "keys" / f"{LOCAL}.pem"
    if not path.is_file():
        made = Ed25519PrivateKey.generate()
        _write_private(path, made)
    return Signer(_private(path), LOCAL)


def known_keys(root: Path) -> dict[str, Ed25519PublicKey]:
    """Public keys that this machine trusts, by fingerprint.

    Its own, the configured one, and every PEM file in ``keys/trusted/``.
    """
    keys = [signer(root).key.public_key()]
    local = root / "keys" / f"{LOCAL}.pem"
    if local.is_file():
        keys.append(_private(local).public_key())
    keys += [_public(path) for path in sorted((root / "keys" / "trusted").glob("*.pem"))]
    return {fingerprint(key): key for key in keys}


def fault_of_signature(root: Path, content: bytes, signature: object) -> str | None:
    """What is wrong with a signature, or None.

    Parameters
    ----------
    root : Path
        State root.
    content : bytes
        What was signed.
    signature : object
        As `Signer.sign` wrote it; anything may stand in a file that was tampered with.
    """
    if not isinstance(signature, dict):
        return "has no signature. Make the set again."
    known = known_keys(root).get(str(signature.get("key")))
    if known is None:
        return (
            f"is signed by key {signature.get('key')!s:.16}, which this machine does not know. If "
            f"you trust it, put its public key into {root / 'keys' / 'trusted'}."
        )
    try:
        known.verify(bytes.fromhex(str(signature.get("value"))), content)
    except (InvalidSignature, ValueError):
        return "was changed after it was signed. Make the set again, or restore it."
    return None


def fingerprint(key: Ed25519PublicKey) -> str:
    """First half of the SHA-256 of a public key's bytes."""
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:32]


def _private(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise RefusedError(f"{path}: not a readable private key ({error}).") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise RefusedError(
            f"{path}: must be an ed25519 private key. Make one with openssl genpkey."
        )
    return key


def _public(path: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise RefusedError(f"{path}: not a readable public key ({error}).") from error
    if not isinstance(key, Ed25519PublicKey):
        raise RefusedError(f"{path}: must be an ed25519 public key. Remove it from keys/trusted.")
    return key


def _write_private(path: Path, key: Ed25519PrivateKey) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    write_whole(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    write_whole(path.with_suffix(".pub.pem"), public)
