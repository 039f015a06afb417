"""Cosignatures: both kinds, their instants, and what they do not cover."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import VerificationError
from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.cosignature import Cosigner, Kind
from clearway.ledger.keys import read_vkey
from clearway.ledger.note import Signer, add_lines, open_note, split_note

LOG = Signer.from_seed("customs.example/border", bytes(range(32)))
HEAD = Checkpoint("customs.example/border", 11, bytes(range(32)))
TEXT = HEAD.marshal()
NOTE = LOG.sign(TEXT)
AT = datetime(2026, 3, 2, 12, 0, 7, tzinfo=UTC)
KINDS: tuple[Kind, ...] = get_args(Kind)
WITNESSES = {kind: Cosigner.from_seed("plants.example/w", bytes([7] * 32), kind) for kind in KINDS}
both = pytest.mark.parametrize("kind", KINDS)


def signature_of(line: str) -> bytes:
    """Return what follows the key id in a signature line."""
    return split_note(f"text\n\n{line}")[1][0][2]


@both
def test_a_cosignature_opens_to_its_name_and_instant(kind: Kind) -> None:
    witness = WITNESSES[kind]
    note = add_lines(NOTE, [witness.cosign(TEXT, AT)])
    opened = open_note(note, [LOG.verifier, witness.verifier])
    assert opened.names == ("customs.example/border", "plants.example/w")
    assert [one.at for one in opened.signatures] == [None, AT]
    assert opened.signatures[1].key_id == witness.verifier.key_id


@both
def test_the_text_forms_of_the_keys_round_trip(kind: Kind) -> None:
    witness = WITNESSES[kind]
    assert read_vkey(witness.verifier.vkey) == witness.verifier
    again = Cosigner.from_skey(witness.secret_skey)
    assert again.verifier == witness.verifier
    assert witness.secret_skey.rsplit("+", 1)[1] not in repr(witness)
    line = again.cosign(TEXT, AT)
    assert witness.verifier.verify(TEXT.encode(), signature_of(line)) == AT


def test_one_name_has_another_key_id_for_each_type() -> None:
    seed = bytes([7] * 32)
    ids = {
        Signer.from_seed("plants.example/w", seed).verifier.key_id,
        *(witness.verifier.key_id for witness in WITNESSES.values()),
    }
    assert len(ids) == 3


@both
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_any_flipped_bit_of_a_cosignature_is_refused(kind: Kind, place: int, bit: int) -> None:
    witness = WITNESSES[kind]
    signature = bytearray(signature_of(witness.cosign(TEXT, AT)))
    signature[place % len(signature)] ^= 1 << bit
    with pytest.raises(VerificationError, match="does not hold"):
        witness.verifier.verify(TEXT.encode(), bytes(signature))
