"""Sealed content: its recipients read it, nobody else, and it cannot be moved."""

from __future__ import annotations

import os

import pytest
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.errors import ClearwayError, MalformedMessage, NotFound, TooLarge, VerificationError
from clearway.ledger import sealed
from clearway.ledger.sealed import (
    HYBRID,
    X25519,
    PublicKey,
    RecipientKey,
    binding,
    open_sealed,
    seal,
)

KEYS = {
    "customs": RecipientKey.from_seed(bytes(32), X25519),
    "plants": RecipientKey.from_seed(bytes(range(32)), HYBRID),
    "ports": RecipientKey.from_seed(b"p" * 32, HYBRID),
}
AAD = binding("customs.example/border", 12, b"l" * 32)
CONTENT = b"commercial invoice" * 20
TO = {name: KEYS[name].public for name in ("customs", "plants")}
SEALED = seal(CONTENT, TO, AAD, entropy=os.urandom)


@pytest.mark.parametrize("name", TO)
def test_each_recipient_opens_it(name: str) -> None:
    assert open_sealed(SEALED, name, KEYS[name], AAD) == CONTENT
    assert CONTENT[:18] not in SEALED


def test_nobody_else_opens_it() -> None:
    for name, key in (
        ("ports", "ports"),
        ("plants", "ports"),
        ("customs", "plants"),
        ("", "ports"),
    ):
        with pytest.raises(NotFound, match="not sealed for"):
            open_sealed(SEALED, name, KEYS[key], AAD)


def test_it_cannot_be_moved_to_another_fact() -> None:
    for aad in (binding("customs.example/border", 13, b"l" * 32), binding("x", 12, b"l" * 32), b""):
        with pytest.raises(VerificationError, match="belongs to another fact"):
            open_sealed(SEALED, "plants", KEYS["plants"], aad)


@settings(max_examples=150)
@given(at=st.integers(0, len(SEALED) - 1), flip=st.integers(1, 255))
def test_any_changed_byte_is_refused(at: int, flip: int) -> None:
    changed = SEALED[:at] + bytes([SEALED[at] ^ flip]) + SEALED[at + 1 :]
    with pytest.raises(ClearwayError):
        open_sealed(changed, "plants", KEYS["plants"], AAD)


@given(end=st.integers(0, len(SEALED) - 1))
def test_what_is_cut_off_is_refused(end: int) -> None:
    with pytest.raises(ClearwayError):
        open_sealed(SEALED[:end], "plants", KEYS["plants"], AAD)


def test_a_recipient_cannot_be_removed_unseen() -> None:
    start = len(sealed.FORM) + 1
    size = 1 + len("customs") + sealed.KEY_ID_SIZE
    wrapped = int.from_bytes(SEALED[start + size : start + size + 2], "big")
    without = sealed.FORM + b"\x01" + SEALED[start + size + 2 + wrapped :]
    with pytest.raises(NotFound):
        open_sealed(without, "customs", KEYS["customs"], AAD)
    with pytest.raises(VerificationError):
        open_sealed(without, "plants", KEYS["plants"], AAD)


def test_each_sealing_draws_a_new_content_key() -> None:
    assert seal(CONTENT, TO, AAD, entropy=os.urandom) != SEALED


def test_what_cannot_be_sealed_is_refused() -> None:
    key = KEYS["customs"].public
    for names in ({}, {"": key}, {"x" * 256: key}):
        with pytest.raises(MalformedMessage):
            seal(b"", names, AAD, entropy=os.urandom)
    with pytest.raises(TooLarge):
        seal(b"", {str(n): key for n in range(65)}, AAD, entropy=os.urandom)


@pytest.mark.parametrize("name", KEYS)
def test_keys_round_trip_and_do_not_show_their_secret(name: str) -> None:
    key = KEYS[name]
    assert RecipientKey.from_secret_text(key.secret_text) == key
    assert PublicKey.parse(key.public.text) == key.public
    assert key.seed.hex() not in repr(key) and str(key.seed) not in repr(key)
    assert len(key.public.key_id) == sealed.KEY_ID_SIZE


@pytest.mark.parametrize(
    "text", ["", "x25519:", "x25519:00", "rsa:" + "00" * 32, "x25519:" + "zz" * 32]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(MalformedMessage):
        PublicKey.parse(text)
    with pytest.raises(MalformedMessage):
        RecipientKey.from_secret_text(text)


def test_the_library_opens_the_first_vector_of_rfc_9180() -> None:
    """RFC 9180, A.1.1 (base mode, X25519, HKDF-SHA256, AES-128-GCM), sequence number 0."""
    private = "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8"
    enc = "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431"
    hidden = (
        "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a"
    )
    info, aad = b"Ode on a Grecian Urn", b"Count-0"
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
    key = X25519PrivateKey.from_private_bytes(bytes.fromhex(private))
    opened = openssl.hpke._decrypt_with_aad(suite, bytes.fromhex(enc + hidden), key, info, aad)
    assert opened == b"Beauty is truth, truth beauty"
