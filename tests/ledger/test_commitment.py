"""Envelopes and commitments: one text for a fact, one leaf for a text and a salt."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import VerificationError
from clearway.ledger.commitment import (
    commit,
    commitment,
    entry,
    envelope,
    leaf_hash,
    read_envelope,
)
from clearway.ledger.fact import Fact

SALT = bytes(range(32))
FACT = Fact(
    seq=7,
    type="parcel.weighed/1",
    subject="parcel:7",
    issuer="customs",
    actor="officer:amina",
    occurred_at=datetime(2026, 3, 2, 12, 0, tzinfo=UTC),
    recorded_at=datetime(2026, 3, 2, 12, 0, 0, 250, tzinfo=UTC),
    body='{"note":"mängo \\"A\\""}'.encode(),
)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
instants = st.datetimes(
    min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)
)
facts = st.builds(
    Fact,
    st.integers(0, 10**9),
    words,
    words,
    words,
    words,
    instants,
    instants,
    words.map(str.encode),
)


def test_the_envelope_is_this_text_and_no_other() -> None:
    """A change of this text breaks every commitment ever made: it takes a new version."""
    assert envelope(FACT).decode() == (
        '{"envelope":"clearway-envelope/1","type":"parcel.weighed/1","subject":"parcel:7",'
        '"issuer":"customs","actor":"officer:amina","occurred_at":"2026-03-02T12:00:00Z",'
        '"recorded_at":"2026-03-02T12:00:00.000250Z",'
        '"body":"{\\"note\\":\\"mängo \\\\\\"A\\\\\\"\\"}"}'
    )


def test_the_leaf_is_built_as_documented() -> None:
    secret = hmac.new(SALT, envelope(FACT), hashlib.sha256).digest()
    assert commitment(FACT, SALT) == secret
    assert entry(secret) == b"clearway-leaf/1\n" + secret
    assert leaf_hash(FACT, SALT) == hashlib.sha256(b"\x00clearway-leaf/1\n" + secret).digest()


@given(fact=facts)
def test_every_fact_comes_back_from_its_envelope(fact: Fact) -> None:
    assert read_envelope(envelope(fact), fact.seq) == fact


def test_the_zone_in_which_an_instant_was_written_does_not_matter() -> None:
    nairobi = timezone(timedelta(hours=3))
    there = replace(FACT, occurred_at=FACT.occurred_at.astimezone(nairobi))
    assert envelope(there) == envelope(FACT)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(VerificationError, match="has no time zone"):
        envelope(replace(FACT, recorded_at=datetime(2026, 3, 2, 12, 0)))


@pytest.mark.parametrize("change", [{"body": b"\xff"}, {"subject": "\ud800"}])
def test_what_is_not_text_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(VerificationError, match="not valid Unicode"):
        envelope(replace(FACT, **change))


@given(fact=facts, other=facts)
def test_different_facts_have_different_leaves(fact: Fact, other: Fact) -> None:
    same = replace(fact, seq=0) == replace(other, seq=0)
    assert (leaf_hash(fact, SALT) == leaf_hash(other, SALT)) is same


def test_fields_cannot_run_into_each_other() -> None:
    shifted = replace(FACT, type=FACT.type + "p", subject=FACT.subject[1:])
    assert leaf_hash(shifted, SALT) != leaf_hash(FACT, SALT)


def test_without_the_salt_the_leaf_cannot_be_guessed() -> None:
    assert leaf_hash(FACT, SALT) != leaf_hash(FACT, bytes(32))


@pytest.mark.parametrize("salt", [b"", SALT[:-1], SALT + b"\0"])
def test_a_salt_of_wrong_length_is_refused(salt: bytes) -> None:
    with pytest.raises(VerificationError, match="A salt has 32 bytes"):
        commit(b"{}", salt)


def test_a_commitment_of_wrong_length_is_refused() -> None:
    with pytest.raises(VerificationError, match="A commitment has 32 bytes, not 3"):
        entry(b"abc")


TEXT = envelope(FACT)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{}",
        TEXT[:-1],
        TEXT + b" ",
        b" " + TEXT,
        TEXT.replace(b"envelope/1", b"envelope/3"),
        TEXT.replace(b":00Z", b":00+00:00"),
        TEXT.replace(b"}", b',"more":1}'),
        TEXT.replace(b'"issuer"', b'"type":"other/1","issuer"'),
        TEXT.replace(b"\xc3\xa4", b"\\u00e4"),
        TEXT.replace(b"\xc3\xa4", b"\xff"),
    ],
)
def test_any_other_form_of_an_envelope_is_refused(text: bytes) -> None:
    with pytest.raises(VerificationError):
        read_envelope(text, 7)


@given(salt=st.binary(min_size=32, max_size=32), text=st.binary(max_size=300))
def test_the_commitment_is_the_hmac_of_the_standard_library(salt: bytes, text: bytes) -> None:
    assert commit(text, salt) == hmac.digest(salt, text, "sha256")
