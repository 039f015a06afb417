"""Figures from the lake equal those from the running tables, and those made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from clearway.clearance import tables
from clearway.clearance.actions.record_examination import record_examination
from clearway.clearance.model import Step
from clearway.coldchain.actions.record_readings import record_readings
from clearway.coldchain.actions.start_journey import start_journey
from clearway.coldchain.archive import SERIES
from clearway.coldchain.custody import UNKNOWN
from clearway.coldchain.model import Batch, Journey, Reading
from clearway.declarations.model import Container
from clearway.errors import InputError
from clearway.insight import archive, live
from clearway.insight.views import open_lake
from clearway.lake.query import Lake
from clearway.lake.writer import LakeWriter
from clearway.ledger import tables as ledger
from clearway.policy.cedar import CedarPolicy
from clearway.terms.identifiers import Lrn
from clearway.terms.money import Currency, Money
from clearway.terms.transport import ContainerNumber

from ..clearance.border import (
    BOX,
    DRAWN,
    NOON,
    WORKER,
    Border,
    bananas,
    certificate,
    item,
    machines,
    result,
)

WARM_C = 15.5
OTHER = ContainerNumber.build("MSKU123456")


@pytest.fixture
def border(engine: Engine) -> Border:
    return Border(engine, CedarPolicy.load())


@pytest.fixture
def lake(border: Border, tmp_path: Path) -> Iterator[Lake]:
    """The lake of a small day: machines go green, machines drawn and found, bananas held."""
    _day(border)
    with border.engine.begin() as connection:
        # The lake's copy is chained to the ledger by leaf hashes; any bytes do for that.
        for (seq,) in connection.execute(select(ledger.fact.c.seq)).all():
            leaf = sha256(str(seq).encode()).digest()
            connection.execute(
                ledger.fact.update().where(ledger.fact.c.seq == seq).values(leaf_hash=leaf)
            )
    with border.engine.connect() as connection:
        LakeWriter(tmp_path / "lake", series=SERIES).copy(connection)
    with open_lake(tmp_path / "lake") as opened:
        yield opened


def _day(border: Border) -> None:
    border.lodge(machines(lrn=Lrn("M-1")))
    goods = replace(machines().items[0], containers=(OTHER,))
    boxed = machines(lrn=Lrn("M-2"), containers=(Container(OTHER, ()),), items=(goods,))
    drawn = border.lodge(boxed, draw=DRAWN)
    border.lodge(machines(lrn=Lrn("M-3"), items=(item(number=7),)))  # rejected
    _journey(border)
    border.wait(10)
    border.arrive(OTHER)
    border.wait(2)
    mrn = drawn.lodged.mrn
    (order,) = border.ask(tables.examinations_of, mrn)
    found = Money(Decimal("50.5"), Currency("USD"))
    border.wait(4)
    border.act(
        record_examination,
        order.id,
        result("customs", border.now, "undervaluation", extra_revenue=found),
    )
    border.arrive(BOX)
    border.wait(4)
    border.lodge(bananas(lrn=Lrn("B-1")))
    border.wait(3)
    border.certify(certificate())


def _journey(border: Border) -> None:
    """Bananas at 13.5 °C on the way and for ten hours, then warmer at the terminal."""
    loaded, warm = NOON - timedelta(days=4), NOON + timedelta(hours=10)
    border.act(start_journey, Journey(BOX, "banana", loaded, 13.5), actor=WORKER)
    readings = []
    for n in range(5 * 24):
        at = loaded + timedelta(hours=n)
        air_c = 13.5 if at < warm else WARM_C
        readings.append(Reading(n, at, supply_c=air_c, return_c=air_c))
    now, border.now = border.now, readings[-1].at
    border.act(record_readings, Batch("R7", BOX, "1", tuple(readings)), actor=WORKER)
    border.now = now


@pytest.mark.parametrize("since", [Step.ARRIVED, Step.LODGED])
@pytest.mark.parametrize("by", [(), ("channel",), ("chapter", "mode", "office")])
def test_release_times_are_those_of_the_running_tables(
    border: Border, lake: Lake, since: Step, by: tuple[str, ...]
) -> None:
    stored = border.ask(live.release_times, since=since, by=by)
    archived = archive.release_times(lake, since=since, by=by)
    assert [(one.step, one.agency, one.group, one.count, one.before) for one in archived] == [
        (one.step, one.agency, one.group, one.count, one.before) for one in stored
    ]
    for mine, theirs in zip(archived, stored, strict=True):
        for name in ("mean_h", "median_h", "p90_h"):
            assert getattr(mine, name) == pytest.approx(getattr(theirs, name))


def test_release_times_by_hand(lake: Lake) -> None:
    """Machines: 0 h after arrival. Bananas: lodged 4 h after arrival, released 3 h later: 7 h."""
    released = next(one for one in archive.release_times(lake) if one.step is Step.RELEASED)
    assert (released.count, released.mean_h, released.p90_h) == (2, 3.5, pytest.approx(6.3))
    complete = next(
        one
        for one in archive.release_times(lake, since=Step.LODGED)
        if one.step is Step.DOCUMENTS_COMPLETE
    )
    assert (complete.count, complete.mean_h) == (1, 3)


def test_hit_rates_are_those_of_the_running_tables(border: Border, lake: Lake) -> None:
    rates = archive.hit_rates(lake)
    assert rates == border.ask(live.hits)
    drawn = next(rate for rate in rates if rate.stratum == "random")
    assert (drawn.examined, drawn.hits, drawn.extra_revenue) == (1, 1, Decimal("50.5"))
    assert archive.targeting(lake) == border.ask(live.aim)
    assert archive.targeting(lake).rate == 1  # all that was opened was bad


def test_data_quality_counts_rejections_and_certificates_that_differ(lake: Lake) -> None:
    (row,) = archive.data_quality(lake)
    assert (row.declarant, row.lodged, row.rejected) == ("KEP051234567Z", 4, 1)
    assert any(code.startswith("DEC_R") for code in row.frequent)


def test_life_is_spent_by_whoever_held_the_goods(border: Border, lake: Lake) -> None:
    found = archive.life_at_border(lake, NOON, NOON + timedelta(days=2))
    by_holder = {(one.holder, one.step): one for one in found}
    assert {holder for holder, _ in by_holder} == {"carrier", "terminal"}
    carrier, terminal = by_holder["carrier", ""], by_holder["terminal", "released"]
    assert carrier.elapsed_days == pytest.approx(2 * (4 + 16 / 24), abs=0.05)
    pace = terminal.consumed_days / terminal.elapsed_days
    assert pace > 1.04 * carrier.consumed_days / carrier.elapsed_days  # it was warmer
    assert UNKNOWN not in {holder for holder, _ in by_holder}
    assert archive.life_at_border(lake, NOON + timedelta(days=5), NOON + timedelta(days=6)) == ()


def test_life_of_one_consignment_by_custody(border: Border, lake: Lake) -> None:
    mrn = border.ask(tables.list_consignments)[0].mrn
    ((box, spent),) = border.ask(live.life_of, mrn, border.now)
    assert box == BOX
    assert [one.holder for one in spent] == ["carrier", "terminal"]


def test_an_unknown_group_is_refused(lake: Lake) -> None:
    with pytest.raises(InputError, match="cannot be grouped"):
        archive.release_times(lake, by=("mrn; DROP",))


def test_an_empty_lake_answers_with_nothing(tmp_path: Path) -> None:
    with open_lake(tmp_path / "none") as lake:
        assert archive.release_times(lake) == ()
        assert archive.hit_rates(lake) == ()
        assert archive.targeting(lake).rate is None
        assert archive.data_quality(lake) == ()
        assert archive.life_at_border(lake, NOON, NOON + timedelta(days=1)) == ()


def test_the_running_day_hour_by_hour(border: Border) -> None:
    _day(border)
    hours = border.ask(live.flow)
    assert sum(hour.lodged for hour in hours) == 3
    assert sum(hour.released for hour in hours) == 2
    assert sum(hour.examined for hour in hours) == 1
