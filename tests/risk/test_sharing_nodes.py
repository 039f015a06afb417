"""Two real nodes over mutual TLS: counts travel as proved facts, lists are compared at the door."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from clearway.clearance.facts import ExaminationOrdered, Examined
from clearway.clearance.model import Conformity, Discrepancy, Part, Scope
from clearway.cli import store
from clearway.cli.app import app
from clearway.cli.setup import OWNER
from clearway.connectors.peer.client import Patience
from clearway.declarations.facts import Accepted
from clearway.declarations.message import Form
from clearway.errors import Refused, RuleViolation, TryLater, WrongState
from clearway.ledger.fact import decode
from clearway.node.comparing import Compared, ask
from clearway.node.rebuild import facts
from clearway.risk.history import day_of
from clearway.risk.lists.actions.change import change
from clearway.risk.lists.actions.keep import keep
from clearway.risk.lists.model import Subject, WatchList
from clearway.risk.sharing import tables
from clearway.risk.sharing.actions.record_comparison import MOST_A_DAY
from clearway.risk.sharing.actions.share_hazards import share_hazards
from clearway.risk.sharing.facts import HazardShared, ListsCompared
from clearway.risk.sharing.hazards import Cell, Threshold
from clearway.terms.identifiers import Lrn, Mrn
from clearway.terms.period import Period
from tests.node.test_two_agencies import House

from .border import declaration
from .world import history

CANARY = "GH000"
THRESHOLD = Threshold(examined=3, importers=3, found=3)
RULES = ("risk.hazard_shared/1", "risk.lists_compared/1 where body.list=phoenix_firms")
SHORT = Patience(2, 2, 5)


@pytest.fixture
def houses(tmp_path: Path) -> Iterator[tuple[House, House]]:
    """Customs shares; plant health asks."""
    customs, plants = House(tmp_path / "customs", "customs"), House(tmp_path / "plants", "plants")
    with plants.stack, customs.stack:
        plants.admit(customs.card())
        customs.admit(plants.card(), *RULES)
        assert isinstance(customs.take()[plants.id], str)
        yield customs, plants


def keep_list(house: House, name: str, *entries: str) -> None:
    kept = WatchList(
        name, Subject.PARTY, "risk analysis", "They came back.", "own cases",
        Period(house.node.clock() - timedelta(days=1)),
    )  # fmt: skip
    house.node.act(OWNER, lambda act: keep(act, kept)).result()
    house.node.act(OWNER, lambda act: change(act, name, add=entries)).result()


def compare(customs: House, plants: House, theirs: str = "phoenix_firms") -> Compared:
    return ask(plants.partnership, OWNER, customs.id, "suspects", theirs, "a case", SHORT)


def stated(house: House) -> list[ListsCompared]:
    with house.node.reading() as connection:
        found = [one for one in facts(connection) if one.type == ListsCompared.TYPE]
    return [decode(one.body, ListsCompared) for one in found]


def test_two_agencies_find_what_is_on_both_lists_only(houses: tuple[House, House]) -> None:
    customs, plants = houses
    keep_list(customs, "phoenix_firms", "GH000001", "GH000002", "GH000003")
    keep_list(customs, "informers", "GH000009")
    keep_list(plants, "suspects", "GH000002", "GH000003", "GH000009", "GH000777")
    found = compare(customs, plants)
    assert found.common == ("party:GH000002", "party:GH000003")
    assert (found.asked, found.held) == (4, 3)
    (asked,), (answered,) = stated(plants), stated(customs)
    assert (asked.is_asked, asked.common, asked.reason) == (True, 2, "a case")
    assert (answered.is_asked, answered.common, answered.asked) == (False, None, 4)
    told = "".join(map(repr, (asked, answered)))
    assert CANARY not in told
    for name in ("informers", "no_such_list"):
        with pytest.raises(Refused, match="may not compare"):
            compare(customs, plants, name)
    for _ in range(MOST_A_DAY - 1):
        compare(customs, plants)
    with pytest.raises(TryLater, match="times within a day"):
        compare(customs, plants)
    assert len(stated(customs)) == MOST_A_DAY


def examined_at(house: House, days_ago: int) -> None:
    """Record six examined declarations of one product, of six importers, three with a find."""
    at = house.node.clock() - timedelta(days=days_ago)
    row = history(1, seed=1).to_dicts()[0]

    def act(tx: Any) -> None:
        for number in range(6):
            mrn = Mrn.build(26, "GH", f"TEM{days_ago:04d}{number:06d}")
            lrn = Lrn(f"L{number}")
            declared = declaration([row | {"importer": f"{CANARY}{number:03d}", "item": 1}])
            accepted = Accepted(
                mrn, replace(declared, lrn=lrn), f"k{number}", (), Form.JSON, b"", b""
            )
            found = (Discrepancy("quarantine_pest", 1, ""),) if number < 3 else ()
            outcome = Conformity.NOT_CONFORM if found else Conformity.CONFORM
            order = ExaminationOrdered(
                f"{mrn}-1", mrn, "GHTEM", ("customs",), (), False, (Part("customs", Scope.GOODS),)
            )
            body = Examined(f"{mrn}-1", mrn, "customs", outcome, found, None, at, at, True)
            for fact in (accepted, order, body):
                tx.append(
                    fact, subject=f"declaration:{mrn}", issuer="customs", actor="system:test",
                    occurred_at=at,
                )  # fmt: skip

    house.node.committer.submit("test", act).result()


def test_counts_travel_as_a_proved_fact_and_become_priors(
    houses: tuple[House, House], tmp_path: Path
) -> None:
    customs, plants = houses
    examined_at(customs, 20)
    today = day_of(customs.node.clock())

    def share(first: int, last: int, threshold: Threshold = THRESHOLD) -> HazardShared:
        fact = customs.node.act(
            OWNER, lambda act: share_hazards(act, "customs", first, last, threshold)
        ).result()
        return decode(fact.result.body, HazardShared)

    with pytest.raises(WrongState, match="not passed"):
        share(today - 30, today)
    with pytest.raises(RuleViolation, match="longer period"):
        share(today - 30, today - 10, Threshold(examined=30))
    told = share(today - 30, today - 10)
    (cell,) = told.cells
    assert (cell.examined, cell.found, cell.kinds) == (6, 3, (("quarantine_pest", 3),))
    with pytest.raises(WrongState, match="shared once"):
        share(today - 40, today - 15)

    assert plants.take() == {customs.id: 1}
    (received,) = plants.received()
    assert CANARY not in received.body and "26GHTEM" not in received.body
    with plants.node.reading() as connection:
        (prior,) = tables.list_told(connection)
    assert (prior.partner, prior.examined, prior.found) == (customs.id, 6, 3)
    assert (prior.product, prior.origin) == (cell.product, cell.origin)
    listed = CliRunner().invoke(
        app, ["risk", "share", "priors", "--json", "--settings", str(plants.file)]
    )
    assert listed.exit_code == 0 and customs.id in listed.stdout
    plants.stack.close()
    assert store.rebuild(plants.file, keep=False, progress=False).changed == ()


def test_a_partner_that_tells_what_cannot_be_is_not_counted(houses: tuple[House, House]) -> None:
    customs, plants = houses
    lies = HazardShared("customs", 1, 2, 3, 3, 3, (Cell("030214", "NO", 1, 9),))
    good = HazardShared("customs", 3, 4, 3, 3, 3, (Cell("030214", "NO", 9, 3),))
    customs.record(lies, good)
    assert plants.take() == {customs.id: 2}
    with plants.node.reading() as connection:
        (told,) = tables.list_told(connection)
    assert (told.examined, told.found) == (9, 3)
