"""Lists, searches and notifications; the tables can be made again from the facts alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from clearway.declarations import schema, tables
from clearway.declarations.actions.clear import clear
from clearway.declarations.actions.correct import correct
from clearway.declarations.actions.invalidate import invalidate
from clearway.declarations.actions.order_control import order_control
from clearway.declarations.actions.release import release
from clearway.declarations.actions.request_documents import request_documents
from clearway.declarations.formats import json
from clearway.declarations.formats.notification import text_of
from clearway.declarations.lifecycle import Status
from clearway.declarations.model import Container, Declaration, Document, Kind, Party
from clearway.declarations.record import Filter
from clearway.errors import NotFound
from clearway.ledger import tables as ledger
from clearway.ledger.fact import Fact
from clearway.terms.identifiers import Lrn, Mrn, PartyId
from clearway.terms.places import Country
from clearway.terms.reason import Reason
from clearway.terms.transport import ContainerNumber

from .desk import Desk
from .samples import BROKER, CONTAINER, IMPORTER, NOON, bananas, item, three_items

WHY = (Reason("FRUIT", "Fruit of this origin is sampled."),)
OTHER = ContainerNumber("MSKU0000011")
GROWER = PartyId("KEP050000001A")


def numbered(number: int, **changed: Any) -> Declaration:
    return bananas(lrn=Lrn(f"B-{number:03d}"), **changed)


def flowers() -> Declaration:
    return numbered(
        900,
        kind=Kind.EXPORT,
        exporter=Party(GROWER, "Flowers Ltd"),
        importer=Party(None, "Bloem BV", Country("NL")),
        country_of_destination=Country("NL"),
        office="KENBO",
        containers=(Container(OTHER),),
        items=(item(procedure="1000", containers=(), documents=(Document("N851", "KE-9"),)),),
    )


@pytest.fixture
def filled(desk: Desk) -> dict[str, Mrn]:
    """Five declarations in different states."""
    numbers = {str(n): desk.accepted(numbered(n)).mrn for n in range(3)}
    numbers["flowers"] = desk.accepted(flowers()).mrn
    numbers["rejected"] = desk.lodge(numbered(7, packages=1)).mrn
    desk.act(release, numbers["1"], WHY)
    desk.act(order_control, numbers["2"], ("customs",), WHY)
    return numbers


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        (Filter(), ["rejected", "flowers", "2", "1", "0"]),
        (Filter(statuses=frozenset({Status.RELEASED, Status.CONTROL})), ["2", "1"]),
        (Filter(statuses=frozenset({Status.REJECTED})), ["rejected"]),
        (Filter(kind=Kind.EXPORT), ["flowers"]),
        (Filter(office="KENBO"), ["flowers"]),
        (Filter(importer=str(IMPORTER)), ["rejected", "2", "1", "0"]),
        (Filter(party=str(GROWER)), ["flowers"]),
        (Filter(visible_to=frozenset({str(GROWER)})), ["flowers"]),
        (Filter(visible_to=frozenset({str(BROKER)})), ["rejected", "flowers", "2", "1", "0"]),
        (Filter(visible_to=frozenset()), []),
        (Filter(container=str(OTHER)), ["flowers"]),
        (Filter(container=str(CONTAINER)), ["rejected", "2", "1", "0"]),
        (Filter(text="B-00"), ["rejected", "2", "1", "0"]),
        (Filter(text=" b-002 "), ["2"]),
        (Filter(text="msku"), ["flowers"]),
        (Filter(text="26KENBO"), ["flowers"]),
        (Filter(text="6KE0123456789"), ["rejected", "flowers", "2", "1", "0"]),
        (Filter(text="%"), []),
        (Filter(text="_"), []),
        (Filter(text="'; DROP TABLE declaration; --"), []),
        (Filter(text="B-00", statuses=frozenset({Status.RELEASED})), ["1"]),
    ],
)
def test_a_list_shows_what_is_asked_for(
    desk: Desk, filled: dict[str, Mrn], criteria: Filter, expected: list[str]
) -> None:
    page = desk.ask(tables.list_declarations, criteria)
    names = {mrn: name for name, mrn in filled.items()}
    assert [names[summary.mrn] for summary in page.items] == expected
    assert page.next is None


def test_a_long_list_comes_in_pages_without_gap_or_repeat(desk: Desk) -> None:
    lodged = [desk.accepted(numbered(n)).mrn for n in range(11)]
    seen: list[Mrn] = []
    cursor = None
    while True:
        page = desk.ask(tables.list_declarations, Filter(), limit=4, before=cursor)
        seen += [summary.mrn for summary in page.items]
        if page.next is None:
            break
        cursor = page.next
        desk.accepted(numbered(100 + len(seen)))  # what comes meanwhile does not shift the pages
    assert seen == lodged[::-1]


def test_a_page_that_is_just_full_is_the_last(desk: Desk) -> None:
    for number in range(4):
        desk.accepted(numbered(number))
    assert desk.ask(tables.list_declarations, Filter(), limit=4).next is None


def test_a_container_leads_to_its_declarations(desk: Desk, filled: dict[str, Mrn]) -> None:
    found = desk.ask(tables.list_of_container, OTHER)
    assert [summary.mrn for summary in found] == [filled["flowers"]]


def test_a_certificate_leads_to_the_declarations_that_cite_it(
    desk: Desk, filled: dict[str, Mrn]
) -> None:
    assert desk.ask(tables.list_citing, "N851", "KE-9") == (filled["flowers"],)
    assert len(desk.ask(tables.list_citing, "N851", "EC-2026-1")) == 4
    assert desk.ask(tables.list_citing, "N852", "KE-9") == ()


def test_items_are_listed(desk: Desk) -> None:
    mrn = desk.accepted(three_items()).mrn
    lines = desk.ask(tables.list_items, mrn)
    assert [line.number for line in lines] == [1, 2, 3]
    assert lines[0].hs == "080390" and lines[0].value == item().value
    assert lines[0].net_mass_kg == item().net_mass_kg


def test_a_summary_shows_the_trader_of_either_direction(desk: Desk, filled: dict[str, Mrn]) -> None:
    assert desk.ask(tables.get_summary, filled["flowers"]).trader == GROWER
    assert desk.ask(tables.get_summary, filled["0"]).trader_name == "Importer Ltd"


def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    mrn = Mrn.build(2026, "KE", "MBA00000000ZZ")
    for query in (tables.get, tables.get_summary, tables.original):
        with pytest.raises(NotFound, match=str(mrn)):
            desk.ask(query, mrn)
    with pytest.raises(NotFound):
        desk.ask(tables.get_lodging, 12)
    assert desk.ask(tables.timeline, mrn) == ()


def live_a_day(desk: Desk) -> list[Mrn]:
    """Take every step once, and raise an alarm."""
    one, two, three = (desk.accepted(numbered(n)).mrn for n in range(3))
    desk.lodge(numbered(3, packages=1))
    desk.now = NOON + timedelta(hours=2)
    desk.act(request_documents, one, ("N851", "N853"), WHY)
    mended = json.read(json.write(numbered(0, vessel="EVER GIVEN", containers=(Container(OTHER),),
                                           items=(item(containers=(OTHER,)),))))  # fmt: skip
    desk.act(correct, one, mended, "other vessel")
    desk.act(order_control, two, ("customs", "plant_health"), WHY)
    desk.act(release, two, WHY)
    desk.act(clear, two)
    desk.act(invalidate, three, "lodged twice")
    desk.lodge(numbered(1, vessel="OTHER"))
    return [one, two, three]


def test_each_change_of_state_is_told_once(desk: Desk) -> None:
    one, two, three = live_a_day(desk)
    told = desk.ask(tables.list_notifications, party=str(BROKER), limit=100).items
    assert [(each.kind, each.mrn) for each in told[4:]] == [
        ("documents_requested", one),
        ("corrected", one),
        ("control", two),
        ("released", two),
        ("cleared", two),
        ("invalidated", three),
        ("key_conflict", two),
    ]
    texts = [text_of(each) for each in told]
    assert "packages" not in texts[3] and "DEC_R10" in texts[3] and "rejected" in texts[3]
    assert texts[4].endswith(
        "customs needs documents before it can decide: N851, N853. Fruit of this origin is sampled."
    )
    assert "version 2 counts" in texts[5]
    assert "examined by customs, plant_health" in texts[6]
    assert texts[9].endswith("was invalidated: lodged twice")
    assert told[5].version == 2 and told[5].at == desk.now


def test_notifications_are_taken_from_a_cursor_on(desk: Desk) -> None:
    live_a_day(desk)
    first = desk.ask(tables.list_notifications, party=str(BROKER), limit=4)
    rest = desk.ask(tables.list_notifications, party=str(BROKER), after=first.next, limit=100)
    assert len(first.items) == 4 and len(rest.items) == 7 and rest.next is None
    assert rest.items[0].seq > first.items[-1].seq
    assert desk.ask(tables.list_notifications, party="KEP0NOBODY").items == ()


def test_a_correction_leaves_nothing_of_the_former_version(desk: Desk) -> None:
    one = live_a_day(desk)[0]
    assert one not in {each.mrn for each in desk.ask(tables.list_of_container, CONTAINER)}
    assert [each.mrn for each in desk.ask(tables.list_of_container, OTHER)] == [one]
    assert desk.ask(tables.get_summary, one).vessel == "EVER GIVEN"


def test_tables_made_again_from_the_facts_are_equal(desk: Desk) -> None:
    live_a_day(desk)
    with desk.engine.begin() as connection:
        before = [connection.execute(select(table)).all() for table in tables.TABLES]
        for table in tables.TABLES:
            connection.execute(delete(table))
        for row in connection.execute(select(ledger.fact).order_by(ledger.fact.c.seq)).all():
            fact = Fact(**{name: getattr(row, name) for name in Fact.__slots__})
            for project in tables.PROJECTIONS.get(fact.type, ()):
                project(connection, fact)
        after = [connection.execute(select(table)).all() for table in tables.TABLES]
    assert all(before)
    assert [sorted(map(repr, rows)) for rows in after] == [
        sorted(map(repr, rows)) for rows in before
    ]


def test_searches_use_their_indices(desk: Desk) -> None:
    with desk.engine.connect() as connection:
        for where in ("status = 'x'", "importer = 'x'", "declarant = 'x'"):
            plan = connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN SELECT * FROM declaration WHERE {where} ORDER BY seq DESC"
            ).all()
            assert "USING INDEX" in str(plan) and "TEMP B-TREE" not in str(plan)


def test_a_container_listed_twice_is_kept_once(desk: Desk) -> None:
    twice = replace(bananas(), containers=bananas().containers * 2)
    mrn = desk.lodge(twice).mrn
    assert [each.mrn for each in desk.ask(tables.list_of_container, CONTAINER)] == [mrn]


def test_every_table_is_declared_on_the_shared_metadata() -> None:
    names = {table.name for table in tables.TABLES}
    assert names <= set(ledger.METADATA.tables)
    assert all(name.startswith("declaration") for name in names)
    assert schema.declaration in tables.TABLES
