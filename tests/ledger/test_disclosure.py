"""Disclosures: any part verifies, any change is refused, and what is kept back stays hidden."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.errors import ClearwayError, InputError, MalformedMessage, NotFound, VerificationError
from clearway.ledger import disclosure as disclosures
from clearway.ledger.commitment import fields_of, leaf_hash
from clearway.ledger.cosignature import Cosigner
from clearway.ledger.disclosure import Disclosure, KeptBack, Shown, disclose, parse, verify
from clearway.ledger.fact import BY_FIELD, WHOLE, Fact
from clearway.ledger.fields import commit_fields, together
from clearway.ledger.log import Log
from clearway.ledger.note import Signer
from clearway.ledger.quorum import Quorum

from .conftest import NOON, ORIGIN, SIGNER, salt_of

BODY = (
    b'{"mrn":"26KE1","declaration":{"items":[{"hs":"080390","kg":1.50},{"hs":"070200"}],'
    b'"note":"m\xc3\xa4ngo"}}'
)
FACT = Fact(2, "parcel.sent/1", "parcel:2", "customs", "trader:a", NOON, NOON, BODY, BY_FIELD)
NAMES = fields_of(FACT).names


def proof_of(fact: Fact = FACT) -> tuple[list[bytes], str]:
    """Return path and signed head of a log of five whose third fact is this one."""
    log = Log(ORIGIN, SIGNER)
    facts = [replace(FACT, seq=seq, form=WHOLE) for seq in range(5)]
    facts[2] = fact
    log.accept(log.prepare(facts, [salt_of(one.seq) for one in facts]))
    return log.inclusion(None, 2), log.note


PATH, NOTE = proof_of()


def shown(*asked: str) -> Disclosure:
    return disclose(FACT, salt_of(2), asked, PATH, NOTE)


def test_one_field_is_shown_and_the_rest_is_not() -> None:
    data = shown("/declaration/items/0/hs").marshal()
    proved = verify(parse(data), [SIGNER.verifier])
    assert dict(proved.fields) == {
        "type": '"parcel.sent/1"',
        "/declaration/items/0/hs": '"080390"',
    }
    assert (proved.seq, proved.type, proved.signed_by) == (2, "parcel.sent/1", (ORIGIN,))
    assert set(proved.kept_back) == set(NAMES) - set(proved.fields)
    assert (proved.checkpoint.origin, proved.checkpoint.size) == (ORIGIN, 5)
    for secret in (b"26KE1", b"070200", b"1.50", "mängo".encode(), b"trader:a", salt_of(2)):
        assert secret not in data


def test_a_pointer_to_what_was_cut_shows_all_that_is_in_it() -> None:
    proved = verify(shown("/declaration/items"), [SIGNER.verifier])
    assert [name for name in proved.fields if name.startswith("/")] == [
        "/declaration/items/0/hs",
        "/declaration/items/0/kg",
        "/declaration/items/1/hs",
    ]
    assert proved.fields["/declaration/items/0/kg"] == "1.50", "exactly as stored"


@given(asked=st.sets(st.sampled_from(NAMES)))
def test_any_part_verifies_and_round_trips(asked: set[str]) -> None:
    told = shown(*asked)
    assert parse(told.marshal()) == told
    proved = verify(told, [SIGNER.verifier])
    values = dict(zip(NAMES, fields_of(FACT).values, strict=True))
    assert set(proved.fields) == asked | {"type"}
    assert all(values[name].decode() == text for name, text in proved.fields.items())


@settings(max_examples=300)
@given(st.data())
def test_any_changed_byte_is_refused(data: st.DataObject) -> None:
    whole = shown("/mrn", "/declaration/items/0").marshal()
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[at]))
    changed = whole[:at] + bytes([byte]) + whole[at + 1 :]
    try:
        proved = verify(parse(changed), [SIGNER.verifier])
    except ClearwayError:
        return
    # Only spaces between members may change, and then nothing else is proved.
    assert proved == verify(parse(whole), [SIGNER.verifier])
    assert json.loads(changed) == json.loads(whole)


def test_fields_cannot_be_swapped_renamed_left_out_or_added() -> None:
    told = shown("/mrn").fields
    renamed = replace(told[7], name="/declaration/other")
    hostile: list[tuple[Any, ...]] = [
        told[:-1],
        (*told, told[-1]),
        (told[1], told[0], *told[2:]),
        (*told[:7], renamed, *told[8:]),
        (*told[:6], KeptBack("/mrn", told[6].commitment), KeptBack("/mrn/x", told[7].commitment)),
        (*told[:6], KeptBack("/mrn\n/x", told[6].commitment), *told[7:]),
        (),
    ]
    for fields in hostile:
        with pytest.raises(VerificationError):
            verify(replace(shown("/mrn"), fields=tuple(fields)), [SIGNER.verifier])


def test_a_log_cannot_hold_two_values_for_one_name() -> None:
    """The operator itself, who can put any 32 bytes into a leaf, cannot tell two stories."""
    cut = fields_of(FACT)
    names, values = [*cut.names, "/mrn"], [*cut.values, b'"26KE2"']
    commitments = commit_fields(values, salt_of(2))
    assert together(names, commitments) != together(cut.names, commitments[:-1])
    with pytest.raises(VerificationError, match="not named as those of a fact"):
        disclosures._require_outline(names)


def test_the_type_must_be_shown() -> None:
    told = shown("/mrn")
    first = KeptBack("type", told.fields[0].commitment)
    with pytest.raises(VerificationError, match="does not show the fact's type"):
        verify(replace(told, fields=(first, *told.fields[1:])), [SIGNER.verifier])


def test_another_log_or_another_place_is_refused() -> None:
    told = shown("/mrn")
    stranger = Signer.from_seed("other.example/log", bytes(32)).verifier
    for wrong, trust in (
        (told, stranger),
        (replace(told, index=3), SIGNER.verifier),
        (replace(told, path=told.path[:-1]), SIGNER.verifier),
    ):
        with pytest.raises(VerificationError):
            verify(wrong, [trust])


def test_a_policy_that_asks_for_a_witness_is_not_met_by_the_log_alone() -> None:
    witness = Cosigner.from_seed("witness.example/w", bytes(32)).verifier.vkey
    policy = Quorum.parse(f"log {SIGNER.verifier.vkey}\nwitness w {witness}\nquorum w\n")
    with pytest.raises(VerificationError, match="policy asks for"):
        verify(shown("/mrn"), policy)


@pytest.mark.parametrize("asked", ["/nothing", "", "mrn", "/mrn/x", "/declaration/items/2"])
def test_a_field_that_there_is_not_is_refused(asked: str) -> None:
    with pytest.raises(InputError, match=r"no field.*; it (has: |lies in )"):
        shown(asked)


def test_facts_of_the_other_form_and_erased_ones_are_refused() -> None:
    with pytest.raises(InputError, match="give its receipt instead"):
        disclose(replace(FACT, form=WHOLE), salt_of(2), ["/mrn"], PATH, NOTE)
    with pytest.raises(NotFound, match="was erased"):
        disclose(replace(FACT, body=b""), b"", ["/mrn"], PATH, NOTE)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[" * 100_000,
        shown().marshal().replace(b"disclosure/1", b"disclosure/2"),
        shown().marshal().replace(b'"index": 2', b'"index": -1'),
        shown().marshal().replace(b'"index": 2', b'"index": 2, "index": 2'),
        shown().marshal().replace(b'"salt"', b'"commitment"'),
        shown().marshal().replace(b'"commitment"', b'"other"'),
        shown().marshal().replace(b'="', b'"'),
    ],
)
def test_a_file_of_another_form_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        parse(data)


def test_a_shown_field_hashes_to_what_the_leaf_holds() -> None:
    told = shown(*NAMES)
    assert all(isinstance(field, Shown) for field in told.fields)
    commitments = [field.commitment for field in told.fields]
    assert commitments == commit_fields(fields_of(FACT).values, salt_of(2))
    assert leaf_hash(FACT, salt_of(2))
