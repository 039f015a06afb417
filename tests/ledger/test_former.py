"""Former keys: trusted up to a limit, and no further."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import VerificationError
from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.cosignature import Cosigner
from clearway.ledger.former import Former, read_keys
from clearway.ledger.note import Signer, add_lines, open_note
from clearway.ledger.quorum import Quorum

ORIGIN = "customs.example/border"
OLD = Signer.from_seed(ORIGIN, bytes(range(32)))
NEW = Signer.from_seed(ORIGIN, bytes(range(1, 33)))
WITNESS = Cosigner.from_seed("plants.example/w", bytes([7] * 32))
NOON = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
LIST = (
    f"# present\n{NEW.verifier.vkey}\n\n{OLD.verifier.vkey} until size 100\n"
    f"{WITNESS.verifier.vkey} until {NOON.isoformat()}\n"
)


def text_of(size: int) -> str:
    return Checkpoint(ORIGIN, size, bytes(32)).marshal()


def test_a_list_names_the_present_key_and_former_ones_with_their_limits() -> None:
    present, former, witness = read_keys(LIST)
    assert present == NEW.verifier
    assert former == Former(OLD.verifier, up_to_size=100)
    assert witness == Former(WITNESS.verifier, up_to=NOON)
    assert (former.vkey, former.key_id) == (OLD.verifier.vkey, OLD.verifier.key_id)
    assert read_keys(NEW.verifier.vkey + "\r\n") == (NEW.verifier,)


def test_a_former_key_signs_up_to_its_size_and_is_unknown_beyond() -> None:
    keys = read_keys(LIST)
    assert Quorum.of(keys).judge(OLD.sign(text_of(100))).log_signed
    with pytest.raises(VerificationError, match="No known key"):
        open_note(OLD.sign(text_of(101)), keys)
    both = NEW.sign(text_of(101)) + OLD.signature_line(text_of(101))
    assert [one.key_id for one in open_note(both, keys).signatures] == [NEW.verifier.key_id]


def test_a_former_witness_counts_up_to_its_instant() -> None:
    quorum = Quorum.of(read_keys(LIST))
    note = NEW.sign(text_of(5))
    for late, counted in ((0, 1), (1, 0)):
        line = WITNESS.cosign(text_of(5), NOON + timedelta(seconds=late))
        assert len(quorum.judge(add_lines(note, [line])).cosigned_by) == counted


def test_a_bad_signature_of_a_former_key_still_refuses_the_note() -> None:
    with pytest.raises(VerificationError, match="does not hold"):
        open_note(NEW.sign(text_of(5)) + OLD.signature_line(text_of(6)), read_keys(LIST))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("# nothing\n", "is empty"),
        ("nonsense", "line 1: A key text has three parts"),
        (f"\n{OLD.verifier.vkey} until size -1", "line 2: the limit 'size -1' is neither"),
        (f"{OLD.verifier.vkey} until tomorrow", "the limit 'tomorrow' is neither"),
        (f"{OLD.verifier.vkey} until 2026-06-30T00:00:00Z", "state no time; limit"),
        (f"{WITNESS.verifier.vkey} until 2026-06-30T00:00:00", "has no time zone"),
        ("#" * (256 * 1024 + 1), "at most 262144 characters"),
    ],
)
def test_what_is_wrong_with_a_list_is_named(text: str, message: str) -> None:
    with pytest.raises(VerificationError, match=message):
        read_keys(text)


def test_a_former_key_without_a_limit_is_refused() -> None:
    with pytest.raises(VerificationError, match="needs a limit"):
        Former(OLD.verifier)


@given(text=st.text(max_size=200))
def test_anything_else_is_refused_in_our_own_words(text: str) -> None:
    with pytest.raises(VerificationError):
        read_keys(text)
