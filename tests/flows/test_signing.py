"""Who vouches for a file: keys that are known, keys that are not, and what was changed since."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from flows.refusal import RefusedError
from flows.signing import CONFIGURED, Signer, fault_of_signature, fingerprint, signer


def written(path: Path, key: Ed25519PrivateKey | X25519PrivateKey) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


@pytest.fixture(autouse=True)
def unconfigured(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(CONFIGURED, raising=False)


def test_a_machine_makes_one_key_for_itself_and_keeps_it_private(tmp_path: Path):
    first, again = signer(tmp_path), signer(tmp_path)
    assert first.local
    assert fingerprint(first.key.public_key()) == fingerprint(again.key.public_key())
    assert stat.S_IMODE((tmp_path / "keys" / "local.pem").stat().st_mode) == 0o600


def test_the_signature_is_that_of_the_published_vector(tmp_path: Path):
    # RFC 8032, section 7.1, test 2: the message is one byte.
    key = Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    )
    assert Signer(key, "desk").sign(b"\x72")["value"] == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )


def test_what_was_signed_stands_and_what_was_changed_does_not(tmp_path: Path):
    signature = signer(tmp_path).sign(b"es 103.2")
    assert fault_of_signature(tmp_path, b"es 103.2", signature) is None
    assert "was changed" in str(fault_of_signature(tmp_path, b"es 103.3", signature))
    forged = {**signature, "value": "00" * 64}
    assert "was changed" in str(fault_of_signature(tmp_path, b"es 103.2", forged))
    for garbled in ("not hex", 7):
        bad = {**signature, "value": garbled}
        assert "was changed" in str(fault_of_signature(tmp_path, b"es 103.2", bad))
    for nothing in (None, [], "signed"):
        assert "no signature" in str(fault_of_signature(tmp_path, b"es 103.2", nothing))


def test_a_stranger_is_not_believed_until_somebody_says_so(tmp_path: Path):
    stranger = Signer(Ed25519PrivateKey.generate(), "stranger")
    signature = stranger.sign(b"set")
    assert "does not know" in str(fault_of_signature(tmp_path, b"set", signature))
    public = stranger.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    trusted = tmp_path / "keys" / "trusted"
    trusted.mkdir(parents=True, exist_ok=True)
    (trusted / "desk-b.pem").write_bytes(public)
    assert fault_of_signature(tmp_path, b"set", signature) is None


def test_a_configured_key_goes_before_the_local_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    local = signer(tmp_path).sign(b"set")
    path = written(tmp_path / "elsewhere" / "desk.pem", Ed25519PrivateKey.generate())
    monkeypatch.setenv(CONFIGURED, str(path))
    configured = signer(tmp_path)
    assert (configured.name, configured.local) == ("desk", False)
    for signature in (local, configured.sign(b"set")):
        assert fault_of_signature(tmp_path, b"set", signature) is None


def test_a_file_that_is_no_key_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    noise = tmp_path / "noise.pem"
    noise.write_text("secret")
    other = written(tmp_path / "x25519.pem", X25519PrivateKey.generate())
    for path, reason in (
        (noise, "not a readable private key"),
        (tmp_path / "absent.pem", "not a readable private key"),
        (other, "must be an ed25519"),
    ):
        monkeypatch.setenv(CONFIGURED, str(path))
        with pytest.raises(RefusedError, match=reason):
            signer(tmp_path)
