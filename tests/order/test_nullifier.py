"""Nullifiers: fixed values, scopes apart, and holders that only parties can check."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import BadTerm, VerificationError
from clearway.ledger.order import nullifier

SECRET = bytes(range(16))


def test_a_nullifier_is_the_hash_that_the_page_says() -> None:
    scope = b"\x15certificate-line/2026"
    expected = hashlib.sha256(b"clearway-nullifier/1\n" + scope + SECRET).digest()
    assert nullifier.of("certificate-line/2026", SECRET) == expected
    message = b"clearway-nullifier-keyed/1\n" + scope + b"KE-1"
    expected = hmac.new(bytes(32), message, "sha256").digest()
    assert nullifier.keyed("certificate-line/2026", bytes(32), "KE-1") == expected


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_scopes_and_secrets_give_nullifiers_of_their_own(one: bytes, two: bytes) -> None:
    assert nullifier.of("a", one) != nullifier.of("b", one)
    assert (nullifier.of("a", one) == nullifier.of("a", two)) == (one == two)


@pytest.mark.parametrize("scope", ["", "x" * 65, "two words", "é"])
def test_a_scope_not_in_form_is_refused(scope: str) -> None:
    with pytest.raises(BadTerm):
        nullifier.of(scope, SECRET)


@pytest.mark.parametrize("text", ["", "a\nb", "\ud800", "x" * 1025])
def test_a_text_not_in_form_is_refused(text: str) -> None:
    with pytest.raises(BadTerm):
        nullifier.keyed("a", bytes(32), text)


def test_a_secret_of_wrong_length_is_refused_and_not_shown() -> None:
    for call in (
        lambda: nullifier.of("a", b"SECRET"),
        lambda: nullifier.keyed("a", b"SECRET", "t"),
    ):
        with pytest.raises(BadTerm) as refused:
            call()
        assert "SECRET" not in str(refused.value)


def test_a_holder_is_checked_by_whoever_has_the_secret() -> None:
    committed = nullifier.holder(SECRET, "customs", "receipt 7")
    nullifier.require_holder(committed, SECRET, "customs", "receipt 7")
    for secret, agency, reference in (
        (bytes(16), "customs", "receipt 7"),
        (SECRET, "port", "receipt 7"),
        (SECRET, "customs", "receipt 8"),
        (SECRET, "customsreceipt", " 7"),
    ):
        with pytest.raises(VerificationError):
            nullifier.require_holder(committed, secret, agency, reference)
