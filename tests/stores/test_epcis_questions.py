"""What SQL finds of EPCIS events is what the query means, on every engine, whatever is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from clearway.ledger import tables as ledger
from clearway.ledger.fact import encode
from clearway.movements.epcis import select, tables
from clearway.movements.epcis.facts import EventCaptured
from clearway.movements.epcis.index import index_of
from clearway.movements.epcis.model import (
    ErrorDeclaration,
    Event,
    Extension,
    Place,
    QuantityElement,
    SensorElement,
    SensorReport,
)
from clearway.movements.epcis.parameters import read
from clearway.movements.epcis.query import matches

START = datetime(2026, 1, 1, tzinfo=UTC)
COUNT = 400
STEPS = ("arriving", "departing", "shipping")
UNITS = (("CEL", 1), ("KEL", 1), ("FAH", 1), ("KGM", 100))
PREFIXES = {"example": "https://ns.example.com/"}


def item(number: int) -> str:
    return f"urn:epc:id:sgtin:0614141.107346.{number}"


def event(dice: Random) -> Event:
    unit, scale = dice.choice(UNITS)
    report = SensorReport(
        type="https://gs1.org/voc/Temperature", value=Decimal(dice.randrange(-20, 300) * scale),
        uom=unit,
    )  # fmt: skip
    wrong = ErrorDeclaration(START, "https://ref.gs1.org/cbv/ER-incorrect_data")
    return Event(
        type=dice.choice(("ObjectEvent", "AggregationEvent")),
        event_time=START + timedelta(minutes=dice.randrange(500)),
        event_time_zone_offset="+00:00",
        action=dice.choice(("ADD", "OBSERVE")),
        biz_step=f"https://ref.gs1.org/cbv/BizStep-{dice.choice(STEPS)}",
        epc_list=tuple({item(dice.randrange(30)) for _ in range(dice.randrange(3))}),
        parent_id=dice.choice((None, "urn:epc:id:bic:CSQU3054383")),
        quantity_list=(QuantityElement("urn:x:class", Decimal(dice.randrange(9)), "TNE"),),
        read_point=Place(f"urn:epc:id:sgln:0614141.{dice.randrange(5):05d}.{dice.randrange(2)}"),
        sensor_element_list=(SensorElement((report,)),) if dice.random() < 0.5 else (),
        error_declaration=wrong if dice.random() < 0.1 else None,
        extensions=(Extension("{https://ns.example.com/}lot", str(dice.randrange(6))),),
    )


def questions(dice: Random) -> Iterator[dict[str, Any]]:
    """Yield random conjunctions of parameters of every kind."""

    def at() -> str:
        return (START + timedelta(minutes=dice.randrange(500))).isoformat()

    kinds = (
        lambda: {"EQ_bizStep": "|".join(dice.sample(STEPS, dice.randrange(1, 3)))},
        lambda: {"eventType": "ObjectEvent", "EQ_action": "ADD"},
        lambda: {"GE_eventTime": at()},
        lambda: {"LT_eventTime": at()},
        lambda: {"GE_recordTime": at()},
        lambda: {"LT_recordTime": at()},
        lambda: {"MATCH_epc": item(dice.randrange(40))},
        lambda: {"MATCH_anyEPC": f"{item(3)}|urn:epc:idpat:bic:*"},
        lambda: {"MATCH_epc": "urn:epc:idpat:sgtin:0614141.107346.*"},
        lambda: {"EQ_readPoint": f"urn:epc:id:sgln:0614141.{dice.randrange(5):05d}.1"},
        lambda: {"WD_readPoint": f"urn:epc:id:sgln:0614141.{dice.randrange(5):05d}.0"},
        lambda: {f"{dice.choice(('GE', 'GT'))}_value_KEL": dice.randrange(200, 600)},
        lambda: {f"{dice.choice(('LE', 'LT'))}_value_CEL": dice.randrange(-50, 200)},
        lambda: {"EQ_quantity_KGM": [dice.randrange(9) * 1000, 500]},
        lambda: {"EXISTS_errorDeclaration": None},
        lambda: {"EXISTS_sensorElement": None},
        lambda: {"EQ_example:lot": str(dice.randrange(7)), "GE_example:lot": 2},
        lambda: {"EQ_eventID": [f"urn:x:{dice.randrange(COUNT)}", "urn:x:3"]},
    )
    for _ in range(150):
        wanted: dict[str, Any] = {}
        for kind in dice.sample(kinds, dice.randrange(1, 4)):
            wanted |= kind()
        yield wanted | dice.choice(
            (
                {},
                {"orderBy": "eventTime"},
                {"orderBy": "eventTime", "orderDirection": "ASC"},
                {"orderBy": "recordTime"},
            )
        )


@pytest.fixture
def known(engine: Engine) -> list[tuple[int, Event]]:
    """Events on record, as facts and in the tables."""
    dice = Random(5)
    events, rows, facts = [], [], []
    for seq in range(COUNT):
        one = replace(event(dice), event_id=f"urn:x:{seq}")
        recorded = START + timedelta(minutes=seq)
        one_id = str(one.event_id)
        rows.append((seq, one_id, one, recorded, index_of(one, one_id, recorded), ()))
        body = encode(EventCaptured(one, one_id, "", "", 0, ""))
        facts.append(
            {
                "seq": seq, "type": EventCaptured.TYPE, "subject": one_id, "issuer": "customs",
                "actor": "officer:amina", "occurred_at": recorded, "recorded_at": recorded,
                "body": body, "form": 1, "salt": b"\0" * 32, "leaf_hash": b"\0" * 32,
            }
        )  # fmt: skip
        events.append((seq, one))
    with engine.begin() as connection:
        connection.execute(insert(ledger.fact), facts)
        tables.store(connection, rows)
    return events


def expected(known: list[tuple[int, Event]], wanted: dict[str, Any]) -> list[int]:
    query = read(wanted, PREFIXES)
    found = [
        (one.event_time, seq)
        for seq, one in known
        if matches(query, index_of(one, str(one.event_id), START + timedelta(minutes=seq)))
    ]
    by_time = wanted.get("orderBy") == "eventTime"
    found.sort(key=lambda one: one if by_time else one[1], reverse=query.descending)
    return [seq for _, seq in found]


@pytest.mark.parametrize("counted", [10_000, 1], ids=["by candidates", "by walking"])
def test_every_question_finds_what_it_means_page_by_page(
    engine: Engine, known: list[tuple[int, Event]], counted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(select, "COUNTED", counted)
    some = 0
    for wanted in questions(Random(counted)):
        query = read(wanted, PREFIXES)
        seqs: list[int] = []
        after = None
        with engine.connect() as connection:
            while True:
                page = tables.find_events(connection, query, after=after, limit=25)
                seqs += [one.seq for one in page.found]
                after = page.after
                if after is None:
                    break
        assert seqs == expected(known, wanted), wanted
        some += bool(seqs)
    assert some > 30


def test_what_was_erased_is_found_no_more(engine: Engine, known: list[tuple[int, Event]]) -> None:
    with engine.begin() as connection:
        connection.execute(ledger.fact.update().where(ledger.fact.c.seq == 3).values(body=b""))
    with engine.connect() as connection:
        found = tables.find_events(connection, read({}), limit=5).found
    assert [one.seq for one in found] == [0, 1, 2, 4]
    assert known[3][0] == 3


def test_names_and_objects_are_listed_in_order(
    engine: Engine, known: list[tuple[int, Event]]
) -> None:
    with engine.connect() as connection:
        steps = tables.list_names(connection, "bizStep")
        objects = tables.list_epcs(connection, limit=1_000)
        rest = tables.list_epcs(connection, after=objects[4], limit=1_000)
    assert [one.rpartition("-")[2] for one in steps] == sorted(STEPS)
    assert list(objects) == sorted(set(objects))
    assert rest == objects[5:]
    assert len(objects) == 31
