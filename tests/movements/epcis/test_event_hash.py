"""The CBV event hash against every published case, and what must and must not change it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.movements.epcis import names
from clearway.movements.epcis.document import Document
from clearway.movements.epcis.event_hash import bytes_digest, hash_of, left_out, prehash
from clearway.movements.epcis.formats import jsonld, xml
from clearway.movements.epcis.model import (
    ErrorDeclaration,
    Event,
    Extension,
    QuantityElement,
    SensorElement,
    SensorReport,
)
from tests.movements.epcis import samples
from tests.movements.epcis.strategies import events

CASES = (
    "ReferenceEventHashAlgorithm2",
    "SensorDataExamples",
    "epcisDocWith2DifferentTransformationEvents",
    "epcisDocWithAllGS1Keys",
    "epcisDocWithSensorDataObjectEvent",
    "epcisDocWithVariousEventTypes",
    "epcisDocWithXMLstartTagAndErrorDeclaration",
    "epcisQueryDocument",
    "epcisXmlQueryDocHavingEventWithIgnoreFields",
)
(ARRIVAL,) = jsonld.read(samples.ARRIVAL).events


def lines(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text("utf-8").splitlines() if line.strip()]


def documents(folder: Path, case: str) -> list[Document]:
    found = [
        read(path.read_bytes())
        for read, suffix in ((jsonld.read, ".jsonld"), (xml.read, ".xml"))
        if (path := (folder / case).with_suffix(suffix)).exists()
    ]
    assert found
    return found


@pytest.mark.parametrize("case", CASES)
def test_every_published_hash_and_prehash_is_met(shared_data: Path, case: str) -> None:
    folder = shared_data / "epcis" / "event-hash"
    hashes = lines(folder / f"{case}.hashes")
    for document in documents(folder, case):
        without = left_out(document)
        assert [hash_of(event, without) for event in document.events] == hashes
        texts = [prehash(event, without) for event in document.events]
        if case != "epcisDocWithAllGS1Keys":
            assert texts == lines(folder / f"{case}.prehashes")


def test_the_one_published_prehash_that_is_not_met_does_not_have_its_own_hash(
    shared_data: Path,
) -> None:
    folder = shared_data / "epcis" / "event-hash"
    (text,) = lines(folder / "epcisDocWithAllGS1Keys.prehashes")
    (hashed,) = lines(folder / "epcisDocWithAllGS1Keys.hashes")
    assert hashlib.sha256(text.encode()).hexdigest() not in hashed


def test_no_published_case_is_left_out(shared_data: Path) -> None:
    folder = shared_data / "epcis" / "event-hash"
    assert sorted(path.stem for path in folder.glob("*.hashes")) == sorted(CASES)


def test_the_hash_is_a_named_information_uri_of_the_prehash() -> None:
    digest = hashlib.sha256(prehash(ARRIVAL).encode()).hexdigest()
    assert hash_of(ARRIVAL) == f"ni:///sha-256;{digest}?ver=CBV2.0"


def test_the_digest_of_bytes_changes_where_the_hash_does_not() -> None:
    spaced = samples.ARRIVAL.replace(b",", b" ,")
    assert bytes_digest(spaced) != bytes_digest(samples.ARRIVAL)
    assert [hash_of(event) for event in jsonld.read(spaced).events] == [hash_of(ARRIVAL)]
    assert bytes_digest(b"") == f"sha-256:{hashlib.sha256(b'').hexdigest()}"


@given(events(), st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_the_order_of_lists_and_fields_does_not_change_the_hash(
    event: Event, random: Random
) -> None:
    def turned(held: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(random.sample(held, len(held)))

    lists = {
        name: turned(getattr(event, name))
        for name in (
            *("epc_list", "child_epcs", "input_epc_list", "output_epc_list", "quantity_list"),
            *("child_quantity_list", "biz_transaction_list", "source_list", "destination_list"),
            *("sensor_element_list", "ilmd", "extensions", "certification_info"),
        )
    }
    assert prehash(replace(event, **lists)) == prehash(event)


@given(events())
@settings(max_examples=30)
def test_the_spelling_of_an_identifier_does_not_change_the_hash(event: Event) -> None:
    spelled = replace(event, epc_list=tuple(names.identifier(one) for one in event.epc_list))
    assert prehash(spelled) == prehash(event)


def test_what_the_hash_leaves_out_does_not_change_it() -> None:
    declared = ErrorDeclaration(samples.NOON, "https://ref.gs1.org/cbv/ER-incorrect_data")
    other = replace(
        ARRIVAL, event_id="urn:uuid:1", record_time=samples.NOON, error_declaration=declared
    )
    assert hash_of(other) == hash_of(ARRIVAL)


@pytest.mark.parametrize(
    "change",
    [
        {"event_time": samples.NOON + timedelta(milliseconds=1)},
        {"event_time_zone_offset": "+02:00"},
        {"action": "DELETE"},
        {"epc_list": ("urn:x:1",)},
        {"epc_list": (*ARRIVAL.epc_list, "urn:x:1")},
        {"biz_step": None},
        {"read_point": None},
        {"parent_id": "urn:x:1"},
        {"quantity_list": (QuantityElement("urn:x:1"),)},
        {"sensor_element_list": (SensorElement((SensorReport(value=Decimal(1)),)),)},
        {"extensions": (Extension("{urn:x:}a", "1"),)},
        {"ilmd": (Extension("{urn:x:}a", "1"),)},
    ],
)
def test_what_the_event_says_changes_the_hash(change: dict[str, object]) -> None:
    assert hash_of(replace(ARRIVAL, **change)) != hash_of(ARRIVAL)


@pytest.mark.parametrize(
    ("micros", "shown"),
    [(0, "000"), (141_499, "141"), (141_500, "142"), (142_500, "143"), (999_500, "000")],
)
def test_half_a_millisecond_is_rounded_up(micros: int, shown: str) -> None:
    event = replace(ARRIVAL, event_time=samples.NOON + timedelta(microseconds=micros))
    assert f".{shown}Z" in prehash(event)


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("10.0", "10"),
        ("0.3430", "0.343"),
        ("-0", "0"),
        ("1E+3", "1000"),
        ("111100001111000011110000", "111100001111000003641344"),
    ],
)
def test_numbers_are_written_without_trailing_zeros(number: str, written: str) -> None:
    event = replace(ARRIVAL, quantity_list=(QuantityElement("urn:x:1", Decimal(number)),))
    assert f"quantity={written}action" in prehash(event)


def test_a_huge_number_has_a_hash_too() -> None:
    event = replace(ARRIVAL, extensions=(Extension("{urn:x:}a", "9" * 40 + "e999"),))
    assert hash_of(event).startswith("ni:///sha-256;")


def test_comments_do_not_count_and_ignored_fields_do_not_either() -> None:
    comment = Extension("{http://www.w3.org/2000/01/rdf-schema#}comment", "for people")
    own = Extension("{urn:x:}seen", "1")
    noted = replace(ARRIVAL, extensions=(comment, own))
    assert prehash(noted, {"{urn:x:}seen"}) == prehash(ARRIVAL)
