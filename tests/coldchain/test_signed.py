"""Signed batches: written, read, verified; hostile bytes are refused before any cryptography."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.coldchain import envelope
from clearway.coldchain.chain import NOTHING
from clearway.coldchain.formats import deltas, json, signed
from clearway.coldchain.model import Batch, Reading, warmest
from clearway.errors import (
    BadTerm,
    ClearwayError,
    MalformedMessage,
    RuleViolation,
    TooLarge,
    VerificationError,
)
from clearway.ledger import cose
from clearway.terms.transport import ContainerNumber

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HERE = ContainerNumber("CSQU3054383")
KEYS: list[signed.PrivateKey] = [
    ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32))),
    ec.derive_private_key(9, ec.SECP256R1()),
]


def public(key: signed.PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def sign(batch: Batch, previous: bytes = NOTHING, key: signed.PrivateKey = KEYS[0]) -> bytes:
    return signed.write(batch, previous, key, signed.key_id_of(public(key)))


def fifty() -> Batch:
    """A reefer with two probes, sampled every ten minutes, as noisy as real ones are."""
    readings = tuple(
        Reading(
            2304 + i,
            NOON + timedelta(minutes=10 * i),
            supply_c=round(13.2 + ((i * 37) % 41 - 20) / 100, 2),
            return_c=round(14.0 + ((i * 53) % 31 - 15) / 100, 2),
            pulp_c=13.9,
            ambient_c=round(29.0 + ((i * 29) % 61 - 30) / 50, 2),
            powered=True,
            door_open=False,
            set_point_c=13.5,
            probes_c=(13.8, 13.9),
            humidity_pct=85.0,
        )
        for i in range(50)
    )
    return Batch("reefer-0817", HERE, "2026-02-14a", readings)


BATCH = fifty()


@pytest.mark.parametrize("key", KEYS)
def test_a_batch_is_read_as_it_was_signed(key: signed.PrivateKey) -> None:
    message = sign(BATCH, bytes(range(32)), key)
    found = signed.read(message)
    assert signed.verify(found, public(key)) == BATCH
    assert found.previous == bytes(range(32))
    assert found.key_id == signed.key_id_of(public(key))
    assert found.digest == sha256(found.envelope.message.payload or b"").digest()
    assert (found.link.first_seq, found.link.last_seq) == (2304, 2353)
    assert sign(BATCH, bytes(range(32)), key) == message  # deterministic


def test_fifty_readings_take_less_than_the_910_bytes_of_plain_cbor() -> None:
    size = len(sign(BATCH))
    assert 300 < size < 620, size
    assert len(json.write(BATCH)) > 15 * size


def measured() -> st.SearchStrategy[tuple[Reading, ...]]:
    """Readings in whole seconds and hundredths, with gaps of every kind."""
    number = st.none() | st.integers(-32767, 32767).map(lambda n: n / 100)
    flag = st.none() | st.booleans()
    probes = st.lists(number, max_size=3).map(tuple)
    one = st.tuples(
        st.integers(0, 2**32 - 1),
        number,
        number,
        number,
        number,
        flag,
        flag,
        number,
        probes,
        number,
    )
    return st.lists(one, min_size=1, max_size=12).map(_readings)


def _readings(rows: list[Any]) -> tuple[Reading, ...]:
    most = max(len(row[8]) for row in rows)
    made = []
    for seq, (at, supply, back, pulp, ambient, power, door, point, probes, humid) in enumerate(
        rows
    ):
        probes = (*probes, *(None,) * (most - len(probes)))
        pulp = warmest(probes) if warmest(probes) is not None else pulp
        when = datetime.fromtimestamp(at, UTC)
        made.append(
            Reading(seq, when, supply, back, pulp, ambient, power, door, point, probes, humid)
        )
    while most and all(one.probes_c[most - 1] is None for one in made):
        most -= 1
    return tuple(
        replace(one, probes_c=() if warmest(one.probes_c) is None else one.probes_c[:most])
        for one in made
    )


@given(measured())
def test_every_reading_comes_back_equal(readings: tuple[Reading, ...]) -> None:
    data = deltas.write(readings)
    assert deltas.read(data, 0, len(readings)) == readings


@given(measured(), st.data())
@settings(max_examples=200)
def test_there_is_one_way_only_to_write_readings(readings: Any, data: st.DataObject) -> None:
    """Whatever bytes are taken at all, writing what they say gives the same bytes."""
    written = bytearray(deltas.write(readings))
    place = data.draw(st.integers(0, len(written) - 1))
    written[place] = data.draw(st.integers(0, 255))
    try:
        found = deltas.read(bytes(written), 0, len(readings))
    except MalformedMessage:
        return
    assert deltas.write(found) == bytes(written)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_in_words(data: bytes) -> None:
    for read in (signed.read, lambda raw: deltas.read(raw, 0, 5)):
        with pytest.raises(ClearwayError):
            read(data)


@given(st.integers(0, 10**6), st.integers(1, 255))
@settings(max_examples=300)
def test_no_changed_byte_passes(place: int, change: int) -> None:
    message = bytearray(sign(BATCH))
    message[place % len(message)] ^= change
    with pytest.raises(ClearwayError):
        signed.verify(signed.read(bytes(message)), public(KEYS[0]))


@pytest.mark.parametrize("size", range(0, 400, 7))
def test_no_shortened_message_passes(size: int) -> None:
    with pytest.raises(MalformedMessage):
        signed.read(sign(BATCH)[:size])


def renamed(key_id: bytes) -> signed.SignedBatch:
    right = signed.read(sign(BATCH))
    return replace(right, envelope=replace(right.envelope, key_id=key_id))


def test_another_key_is_refused_even_under_the_id_of_the_right_one() -> None:
    thief = ed25519.Ed25519PrivateKey.from_private_bytes(bytes([9] * 32))
    stolen_name = signed.write(BATCH, NOTHING, thief, signed.key_id_of(public(KEYS[0])))
    with pytest.raises(VerificationError, match="does not hold"):
        signed.verify(signed.read(stolen_name), public(KEYS[0]))
    with pytest.raises(VerificationError, match="names the key"):
        signed.verify(signed.read(sign(BATCH, key=thief)), public(KEYS[0]))
    with pytest.raises(VerificationError, match="not a SubjectPublicKeyInfo"):
        signed.verify(renamed(signed.key_id_of(b"x")), b"x")


def test_the_algorithm_must_be_that_of_the_key() -> None:
    header = {cose.ALG: cose.ES256, cose.KID: signed.key_id_of(public(KEYS[0]))}
    right = signed.read(sign(BATCH))
    wrong = replace(right.envelope.message, header=header)
    claimed = replace(right, envelope=replace(right.envelope, message=wrong))
    with pytest.raises(VerificationError, match="algorithm"):
        signed.verify(claimed, public(KEYS[0]))


def repack(**changes: Any) -> bytes:
    """Return a message of the same shape with parts changed, signed by the device."""
    payload = cbor2.loads(signed.read(sign(BATCH)).envelope.message.payload or b"")
    names = ["form", "device", "container", "boot_id", "first", "count", "previous", "columns"]
    payload = [changes.get(name, value) for name, value in zip(names, payload, strict=True)]
    payload += changes.get("more", [])
    raw = changes.get("payload", cbor2.dumps(payload))
    header = {cose.KID: signed.key_id_of(public(KEYS[0])), **changes.get("header", {})}
    assert isinstance(KEYS[0], ed25519.Ed25519PrivateKey)
    return cose.sign_ed25519(raw, KEYS[0], header)


@pytest.mark.parametrize(
    "changes",
    [
        {"form": 2},
        {"form": True},
        {"device": 5},
        {"device": "d" * 65},
        {"container": b"CSQU3054383"},
        {"first": -1},
        {"first": 2**53},
        {"first": True},
        {"count": 0},
        {"count": 49},
        {"count": True},
        {"previous": bytes(31)},
        {"columns": b""},
        {"columns": [1]},
        {"more": [1]},
        {"payload": b""},
        {"payload": b"\xf6"},
        {"payload": cbor2.dumps({1: 2})},
        {"header": {3: 1}},
        {"header": {cose.KID: bytes(7)}},
        {"header": {cose.KID: "text"}},
        {"header": {cose.CRIT: [1]}},
    ],
)
def test_what_is_not_in_form_is_refused_though_the_device_signed_it(changes: Any) -> None:
    with pytest.raises(MalformedMessage):
        signed.read(repack(**changes))


def test_numbers_and_lengths_must_be_in_their_shortest_form() -> None:
    payload = signed.read(sign(BATCH)).envelope.message.payload or b""
    longer = payload.replace(b"\x18\x32\x58", b"\x19\x00\x32\x58", 1)
    assert longer != payload
    with pytest.raises(MalformedMessage, match="shortest form"):
        signed.read(repack(payload=longer))


def test_sizes_are_bounded_before_anything_is_read() -> None:
    with pytest.raises(TooLarge, match=r"65,536 bytes"):
        signed.read(bytes(envelope.MAX_SIZE + 1))
    with pytest.raises(TooLarge, match="at most 1,000"):
        signed.read(repack(count=1001))
    with pytest.raises(BadTerm, match="check digit"):
        signed.read(repack(container="CSQU3054384"))


COLUMNS = [[1772452800, 600]] + [None] * 9


@pytest.mark.parametrize(
    "columns",
    [
        cbor2.dumps(COLUMNS) + b"\x00",
        cbor2.dumps(COLUMNS)[:-1],
        cbor2.dumps([*COLUMNS, None]),
        cbor2.dumps([None, *COLUMNS[1:]]),
        cbor2.dumps([[None], *COLUMNS[1:]]),
        cbor2.dumps([[2**32], *COLUMNS[1:]]),
        cbor2.dumps([[-1], *COLUMNS[1:]]),
        cbor2.dumps([[5, 0], *COLUMNS[1:]]),
        cbor2.dumps([COLUMNS[0], [1, 1, 1, 1], *COLUMNS[2:]]),
        cbor2.dumps([COLUMNS[0], [None, None, None], *COLUMNS[2:]]),
        cbor2.dumps([COLUMNS[0], [32768], *COLUMNS[2:]]),
        cbor2.dumps([COLUMNS[0], [[1]], *COLUMNS[2:]]),
        cbor2.dumps([COLUMNS[0], 1, *COLUMNS[2:]]),
        cbor2.dumps([COLUMNS[0], [True], *COLUMNS[2:]]),
        cbor2.dumps([COLUMNS[0], [1.5], *COLUMNS[2:]]),
        cbor2.dumps([*COLUMNS[:5], [2], *COLUMNS[6:]]),
        cbor2.dumps([*COLUMNS[:9], []]),
        cbor2.dumps([*COLUMNS[:9], [None]]),
        cbor2.dumps([*COLUMNS[:9], [[1]] * 9]),
        cbor2.dumps([*COLUMNS[:3], [1], *COLUMNS[4:9], [[1]]]),
        b"\x81" * 30_000,
        b"\x9b" + b"\xff" * 8,
        b"\x8a" + b"\x99\x03\xff" * 18,
        b"\xd8\x1c\x81\xd8\x1d\x00",
        b"\xc2\x58\x20" + bytes(32),
        cbor2.dumps([[0x10000], *COLUMNS[1:]]).replace(b"\x1a\x00\x01", b"\x1a\x00\x00"),
    ],
)
def test_hostile_columns_are_refused(columns: bytes) -> None:
    with pytest.raises(MalformedMessage):
        deltas.read(columns, 0, 3)


def test_the_example_of_columns_means_what_the_page_says() -> None:
    columns = [
        [1772452800, 600],
        [1320, 10, -5],
        [1400, 10],
        None,
        None,
        [1],
        [],
        [1350],
        None,
        None,
    ]
    found = deltas.read(cbor2.dumps(columns), 7, 4)
    assert [one.seq for one in found] == [7, 8, 9, 10]
    assert [one.at.minute for one in found] == [0, 10, 20, 30]
    assert [one.supply_c for one in found] == [13.2, 13.3, 13.25, 13.25]
    assert [one.return_c for one in found] == [14.0, 14.1, 14.1, 14.1]
    assert {(one.powered, one.door_open, one.set_point_c) for one in found} == {(True, False, 13.5)}
    assert {one.pulp_c for one in found} == {None}


def test_what_cannot_be_written_is_refused() -> None:
    first = BATCH.readings[0]
    for broken, error in [
        (replace(first, at=NOON + timedelta(milliseconds=1)), BadTerm),
        (replace(first, at=NOON.replace(tzinfo=None)), BadTerm),
        (replace(first, supply_c=400.0), BadTerm),
        (replace(first, supply_c=float("nan")), BadTerm),
        (replace(first, probes_c=(1.0,) * 9), BadTerm),
    ]:
        with pytest.raises(error):
            sign(replace(BATCH, readings=(broken,)))
    with pytest.raises(RuleViolation, match="without a gap"):
        sign(replace(BATCH, readings=(first, replace(first, seq=first.seq + 2))))
    with pytest.raises(TooLarge):
        sign(replace(BATCH, readings=()))
