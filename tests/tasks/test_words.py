"""What a notice says, in each language, for every kind of alarm."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from clearway.coldchain.model import AlarmKind
from clearway.connectors.notices import tables as notices
from clearway.connectors.notices.actions.set_address import set_address
from clearway.connectors.notices.model import Address, Channel, Language, Progress
from clearway.movements.alarm import MovementAlarmKind
from clearway.node.rooms import projection_tables, projections
from clearway.tasks import tables
from clearway.tasks.actions.watch import watch
from clearway.tasks.words import catalogue
from tests.clearance.border import BOX, OFFICER, WORKER

KEEPER = OFFICER  # of customs, which keeps these addresses
KINDS = {kind.value for kind in (*AlarmKind, *MovementAlarmKind)}


@pytest.mark.parametrize("language", Language)
def test_every_kind_of_alarm_has_its_words(language):
    found = catalogue(language)
    assert set(found.kinds) >= KINDS | {"other"}
    assert all(words[0] for words in found.kinds.values())
    assert set(found.labels) == set(catalogue(Language.ENGLISH).labels)
    if language is not Language.ENGLISH:
        assert all(all(words) for words in found.kinds.values())


def told(border):
    return {one.address: one for one in border.ask(notices.list_notices)}


@pytest.fixture
def yard(border):
    for name, language in (("yard", "en"), ("parc", "fr"), ("patio", "es")):
        chosen, to = Language(language), f"{name}@t.example"
        address = Address(name, Channel.MAIL, to, "customs", "terminal", "KEP1", chosen)
        border.act(set_address, address, actor=KEEPER)


def test_each_is_told_in_its_language(border, here, raised, yard):
    raised("power_off", values={"container": str(BOX), "ambient_c": "31.0"})
    found = told(border)
    assert found["yard"].title == f"Power is off: {BOX} (warning)"
    assert "The unit has no power." in found["yard"].text
    assert found["parc"].title == f"Alimentation coupée: {BOX} (avertissement)"
    assert "Branchez le conteneur" in found["parc"].text
    assert "ambient_c 31.0" in found["parc"].text
    assert "no power" not in found["parc"].text
    assert "Conecte la unidad" in found["patio"].text
    assert "KEMBA" in found["patio"].text


def test_what_ends_before_its_delay_is_never_sent(border, here, raised, ended, yard):
    raised("door_open")
    assert border.ask(notices.list_due, border.now) == ()
    border.wait(0.1)
    ended("door_open")
    assert {one.progress for one in told(border).values()} == {Progress.CANCELLED}


def test_who_is_asked_next_is_told_why(border, here, raised):
    address = Address("line", Channel.MAIL, "line@c.example", "customs", "carrier", "KEP1")
    border.act(set_address, address, actor=KEEPER)
    raised()
    assert told(border) == {}
    border.wait(2)
    border.act(watch, actor=WORKER)
    notice = told(border)["line"]
    assert notice.event == "task.escalated"
    assert notice.text.startswith("This task was passed on to you")
    assert notice.about == f"task:{border.ask(tables.open_of, BOX)[0].seq}"


def test_every_table_of_every_room_is_made_again_from_the_facts(border, here, raised, ended, yard):
    raised("power_off")
    raised("limit_passed", "critical")
    border.wait(2.1)
    border.act(watch, actor=WORKER)
    ended("power_off")
    raised("door_open")
    every, follow = projection_tables(), projections()
    kept = [table for table in every if table.name.startswith(("task", "notice", "movement"))]
    with border.engine.begin() as connection:
        live = [connection.execute(select(table)).all() for table in kept]
        for table in reversed(every):
            connection.execute(table.delete())
        for fact in border.facts:
            for project in follow.get(fact.type, ()):
                project(connection, fact)
        assert [connection.execute(select(table)).all() for table in kept] == live
