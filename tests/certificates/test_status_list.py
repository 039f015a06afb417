"""Status lists: their size, their places, and what is refused."""

from __future__ import annotations

import random
import zlib
from datetime import timedelta
from itertools import pairwise
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.certificates.claims import Place
from clearway.certificates.formats import status_list
from clearway.certificates.status import ENTRIES, State, scatter
from clearway.certificates.trust.model import Usage
from clearway.errors import BadTerm, ClearwayError, RuleViolation, TooLarge, VerificationError
from clearway.ledger import cose

from . import sealing
from .sealing import AT, KEY, PLACE, TRUST

MILLION = 1_000_000


def million(share: int = 100) -> dict[int, State]:
    """Return one of so many set, at places of chance, of every kind."""
    chance = random.Random(8)
    kinds = (State.WITHDRAWN, State.REPLACED, State.SUSPENDED)
    return {
        index: chance.choice(kinds) for index in chance.sample(range(MILLION), MILLION // share)
    }


def test_a_million_certificates_with_one_in_a_hundred_set_need_less_than_20_kb() -> None:
    data = sealing.list_bytes(million())
    assert len(data) < 20_000
    listed = status_list.verify(data, TRUST, AT)
    assert {index for index in range(MILLION) if listed.state(index)} == set(million())


def test_every_list_has_the_same_number_of_entries() -> None:
    assert sealing.listed({}).state(ENTRIES - 1) is State.VALID
    assert sealing.listed({}).state(ENTRIES) is None
    assert sealing.listed({}).state(-1) is None


@given(st.dictionaries(st.integers(0, ENTRIES - 1), st.sampled_from(State), max_size=30))
@settings(max_examples=25)
def test_what_is_set_is_read_and_nothing_else(states: dict[int, State]) -> None:
    listed = sealing.listed(states or {0: State.VALID})
    for index, state in states.items():
        assert listed.state(index) is state
        for beside in (index - 1, index + 1):
            if 0 <= beside < ENTRIES and beside not in states:
                assert listed.state(beside) is State.VALID


def test_the_bits_lie_as_the_standard_says() -> None:
    """Token Status List: the first entry in the least significant bits of the first byte."""
    packed = status_list.packed({0: State.WITHDRAWN, 1: State.SUSPENDED, 3: State.REPLACED}, 8)
    assert packed == bytes((0b11_00_10_01, 0))


def test_the_message_is_a_token_status_list() -> None:
    message = cbor2.loads(sealing.list_bytes({7: State.WITHDRAWN}))
    protected, unprotected, payload, signature = message.value
    claims = cbor2.loads(payload)
    assert message.tag == 18 and unprotected == {} and len(signature) == 64
    assert cbor2.loads(protected)[16] == "application/statuslist+cwt"
    assert claims[2] == "urn:clearway:status-list:EC:S1"
    assert claims[65533]["bits"] == 2
    assert zlib.decompress(claims[65533]["lst"])[1] == 0b01_00_00_00


# --- places


def scattered(number: int, key: bytes, list_id: str = "851-1") -> int:
    place = scatter(Place(list_id, number), key)
    assert place.list_id == list_id
    return place.index


@given(st.integers(0, ENTRIES - 1), st.binary(min_size=32, max_size=32))
@settings(max_examples=50)
def test_a_place_is_always_the_same_and_within_its_list(number: int, key: bytes) -> None:
    assert scattered(number, key) == scattered(number, key)
    assert 0 <= scattered(number, key) < ENTRIES


def test_no_two_certificates_have_one_place() -> None:
    found = {scattered(number, bytes(range(32))) for number in range(8_000)}
    assert len(found) == 8_000


def test_places_do_not_tell_the_order_of_issue() -> None:
    """Neighbours in time lie apart: their mean distance is that of chance, a third of the list."""
    places = [scattered(number, bytes(range(32))) for number in range(2_000)]
    distances = [abs(one - two) for one, two in pairwise(places)]
    assert 0.30 < sum(distances) / len(distances) / ENTRIES < 0.37
    assert 900 < sum(one < two for one, two in pairwise(places)) < 1_100


def test_another_key_or_another_list_gives_other_places() -> None:
    assert scattered(5, bytes(32)) != scattered(5, bytes([1]) * 32)
    assert scattered(5, bytes(32)) != scattered(5, bytes(32), "851-2")


@pytest.mark.parametrize(("number", "key"), [(-1, bytes(32)), (1 << 20, bytes(32)), (1, b"short")])
def test_a_place_without_running_number_or_key_is_refused(number: int, key: bytes) -> None:
    with pytest.raises(BadTerm):
        scatter(Place("851-1", number), key)


# --- refused


def test_a_list_of_a_stranger_is_refused() -> None:
    with pytest.raises(VerificationError, match="unknown"):
        status_list.verify(sealing.list_bytes(key=sealing.STRANGER), TRUST, AT)


def test_a_list_in_the_name_of_another_country_is_refused() -> None:
    payload = cbor2.loads(cbor2.loads(sealing.list_bytes()).value[2])
    payload[2] = "urn:clearway:status-list:KE:S1"
    with pytest.raises(VerificationError, match="wrong_country"):
        status_list.verify(signed(payload), TRUST, AT)


def test_a_list_of_a_revoked_key_or_of_a_key_for_documents_is_refused() -> None:
    for entry in (sealing.trusted(revoked_at=AT), sealing.trusted(usage=Usage.XML)):
        with pytest.raises(VerificationError):
            status_list.verify(sealing.list_bytes(), sealing.trust(entry), AT)


def signed(payload: Any, typ: str = status_list.TYPE) -> bytes:
    private: Any = KEY.private
    return cose.sign_es256(cbor2.dumps(payload), private, {cose.KID: KEY.key_id, 16: typ})


def plain(**changes: Any) -> dict[int, Any]:
    payload = dict(cbor2.loads(cbor2.loads(sealing.list_bytes()).value[2]))
    return payload | {int(key[1:]): value for key, value in changes.items()}


WRONG: list[dict[str, Any]] = [
    {"_2": "https://status.example/1"}, {"_2": 5}, {"_2": "urn:clearway:status-list:EC:S/1"},
    {"_4": None}, {"_4": -1}, {"_6": 1.5}, {"_6": True}, {"_6": 1 << 60},
    {"_65533": None}, {"_65533": {"bits": 1, "lst": zlib.compress(b"")}},
    {"_65533": {"bits": 2, "lst": b""}}, {"_65533": {"bits": 2, "lst": b"x broken"}},
    {"_65533": {"bits": 2, "lst": zlib.compress(bytes(2 << 20), 9)}},
    {"_65533": {"bits": 2, "lst": zlib.compress(bytes(8)) + b"more"}},
    {"_65533": {"bits": 2, "lst": zlib.compress(bytes(8))[:-2]}},
]  # fmt: skip


@pytest.mark.parametrize("change", WRONG)
def test_a_signed_list_of_another_form_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ClearwayError):
        status_list.verify(signed(plain(**change)), TRUST, AT)


def test_the_control_of_that_is_read_and_another_type_is_not() -> None:
    assert status_list.verify(signed(plain()), TRUST, AT).list_id == PLACE.list_id
    with pytest.raises(ClearwayError, match="type"):
        status_list.verify(signed(plain(), "application/cwt"), TRUST, AT)


def test_any_changed_byte_is_refused() -> None:
    data = sealing.list_bytes()
    for place in range(0, len(data), 3):
        changed = bytearray(data)
        changed[place] ^= 0x10
        with pytest.raises(ClearwayError):
            status_list.verify(bytes(changed), TRUST, AT)


def test_a_giant_is_refused_unread() -> None:
    with pytest.raises(TooLarge):
        status_list.verify(bytes(300_000), TRUST, AT)


def test_what_cannot_be_a_list_is_not_signed() -> None:
    with pytest.raises(RuleViolation, match="name"):
        sealing.list_bytes(list_id="no/slash")
    with pytest.raises(RuleViolation, match="next update"):
        sealing.list_bytes(next_update=AT - timedelta(days=9))
    with pytest.raises(BadTerm, match="Index"):
        sealing.list_bytes({ENTRIES: State.WITHDRAWN})
