"""What a node sealed in its assessments is what training reads of its history, to the last bit."""

from __future__ import annotations

import json as text
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from clearway.clearance import tables as clearance
from clearway.clearance.actions.receive_certificate import receive_certificate
from clearway.clearance.actions.receive_correction import receive_correction
from clearway.clearance.actions.receive_declaration import receive_declaration
from clearway.clearance.actions.receive_movement import receive_movement
from clearway.clearance.actions.record_arrival import record_arrival
from clearway.clearance.actions.record_audit import record_audit
from clearway.clearance.actions.record_examination import record_examination
from clearway.clearance.intake import prepare
from clearway.clearance.model import Discrepancy, Extent
from clearway.cli.risk import app
from clearway.coldchain.archive import SERIES
from clearway.declarations.formats import json
from clearway.declarations.lifecycle import Status
from clearway.declarations.model import Container, Declaration, Party
from clearway.identity.actions.register_party import register_party
from clearway.identity.model import Actor, ActorKind, Role
from clearway.lake.writer import LakeWriter
from clearway.ledger import tables as ledger
from clearway.ledger.columns import to_microseconds
from clearway.ledger.fact import decode
from clearway.measures.formats.profile import sample
from clearway.movements.model import Arrival, Weighing
from clearway.node.clock import SteppedClock, entropy
from clearway.node.files import Folder
from clearway.node.node import Node, create
from clearway.risk.actions.activate_model import activate_model
from clearway.risk.facts import Assessed
from clearway.risk.features import COLUMN, NAMES
from clearway.risk.formats import artefact as disk
from clearway.risk.formats import history as past
from clearway.risk.formats import profiles
from clearway.risk.model import SIGNALS, Capacities, Capacity
from clearway.risk.network.actions.confirm_kin import confirm_kin
from clearway.risk.network.model import Verdict
from clearway.risk.replay import replay
from clearway.risk.scoring import Artefact, Scorer, digest
from clearway.risk.selectivity import Selectivity
from clearway.risk.training import train
from clearway.settings import Settings
from clearway.terms.identifiers import Lrn, Mrn, PartyId
from clearway.terms.money import Currency, Money
from clearway.terms.places import Country
from clearway.terms.quantity import Quantity, UnitCode
from clearway.terms.transport import ContainerNumber
from tests.clearance.border import (
    BROKER,
    DRAWN,
    HUB,
    NOBODY_DRAWN,
    NOON,
    OFFICER,
    TERMINAL,
    TRADER,
    WORKER,
    bananas,
    certificate,
    machines,
    result,
)  # fmt: skip
from tests.risk.world import BEGIN, history

CUT_OFF = BEGIN + timedelta(days=360)
OLD, HEIR, ALONE = (PartyId(f"KEP05000000{place}Z") for place in (1, 2, 3))
USD = Currency("USD")
TRADERS = replace(TRADER, represents=frozenset({str(BROKER), OLD, HEIR, ALONE}))
ANALYST = Actor(ActorKind.OFFICER, "zawadi", "customs", frozenset({Role.RISK_ANALYST}))
ADMIN = Actor(ActorKind.OFFICER, "root", "customs", frozenset({Role.ADMINISTRATOR}))
EUR = Currency("EUR")
Stated = tuple[Path, list[str], dict[str, list[Assessed]]]


@dataclass
class Running:
    """A node at work, its clock moved by hand."""

    node: Node
    clock: SteppedClock
    selectivity: Selectivity
    lodged: list[str] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.clock()

    def act(self, actor: Actor, action: Callable[..., Any], *args: Any, **named: Any) -> Any:
        return self.node.act(actor, lambda act: action(act, *args, **named)).result().result

    def wait(self, hours: float) -> datetime:
        self.clock.move_to(self.now + timedelta(hours=hours))
        return self.now

    def read(self, what: Declaration) -> Any:
        return prepare(json.read(json.write(what)), sample(), self.now)

    def lodge(self, what: Declaration, draw: float = NOBODY_DRAWN) -> str:
        self.wait(0.25)
        done = self.act(
            TRADERS, receive_declaration, self.read(what), draw=draw, selectivity=self.selectivity
        )
        assert done.lodged.status is Status.ACCEPTED, [str(one) for one in done.lodged.findings]
        self.lodged.append(str(done.lodged.mrn))
        return self.lodged[-1]

    def correct(self, mrn: str, what: Declaration) -> None:
        self.wait(1)
        self.act(
            TRADERS,
            receive_correction,
            Mrn(mrn),
            self.read(what),
            "The mass was mistyped.",
            draw=NOBODY_DRAWN,
            selectivity=self.selectivity,
        )

    def arrive(self, box: ContainerNumber) -> None:
        self.wait(1)
        self.act(TERMINAL, record_arrival, Arrival(box, "KEMBA", self.now, "MSC AURORA"))

    def examine(self, mrn: str, box: ContainerNumber, *kinds: str, **said: Any) -> None:
        self.arrive(box)
        with self.node.reading() as connection:
            (order,) = clearance.examinations_of(connection, mrn)
        found = replace(result("customs", self.wait(2), *kinds), **said)
        # The report is written on the next day: only then can anybody know it.
        self.wait(20)
        self.act(OFFICER, record_examination, order.id, found)


@pytest.fixture(scope="module")
def model() -> Artefact:
    return train(history(4_000, seed=3), seed=7, now=CUT_OFF)


def box_of(place: int) -> ContainerNumber:
    return ContainerNumber.build(f"MSKU{place:06d}")


def goods(
    place: int, importer: PartyId, make: Callable[..., Declaration] = machines, **changed: Any
) -> Declaration:
    """Return a declaration of two items in a container of its own."""
    box = box_of(place)
    whole = make().items[0]
    price = Money(Decimal(f"{1000 + place}.50"), USD)
    half = replace(
        whole,
        net_mass_kg=whole.net_mass_kg / 2,
        gross_mass_kg=whole.gross_mass_kg / 2,
        packages=whole.packages // 2,
        containers=(box,),
        quantity=Quantity(Decimal(7 + place), UnitCode("H87")),
    )
    other = replace(half, number=2, quantity=None, value=price, statistical_value=None)
    return make(
        invoice=Money(half.value.amount + price.amount, USD),
        lrn=Lrn(f"L{place}"),
        importer=Party(importer, "", Country("KE")),
        containers=(Container(box, ()),),
        items=(half, other),
        **changed,
    )


def busy_days(at: Running) -> None:
    """Let a border do all that could make what is counted differ from what is exported."""
    at.act(ADMIN, register_party, OLD, "Old Firm Ltd", Country("KE"), "7 Quay Road")
    at.lodge(goods(1, OLD), DRAWN)
    told = (Discrepancy("undervaluation", 2, "", Money(Decimal(30), EUR)),)
    money = Money(Decimal(45), EUR)
    at.examine(at.lodged[0], box_of(1), "undervaluation", discrepancies=told, extra_revenue=money,
               extent=Extent.PARTIAL)  # fmt: skip
    at.lodge(goods(2, OLD))
    first = at.lodge(goods(3, HEIR))
    at.act(ANALYST, confirm_kin, HEIR, OLD, Verdict.SAME, "One telephone, one director.")
    at.lodge(goods(4, HEIR), DRAWN)
    at.examine(at.lodged[-1], box_of(4), "concealed", extra_revenue=Money(Decimal(99), EUR),
               discrepancies=(Discrepancy("concealed", None, ""),))  # fmt: skip
    # Counted under the kin of its day, which was none; read again under that of today.
    light = goods(3, HEIR)
    items = tuple(replace(item, net_mass_kg=item.net_mass_kg - 10) for item in light.items)
    at.correct(first, replace(light, items=items))
    at.act(TERMINAL, receive_movement, weighed(at, box_of(5)))
    at.lodge(goods(5, ALONE))
    file_certificate(at)
    at.lodge(goods(6, ALONE, bananas))
    at.arrive(box_of(2))
    at.wait(30)
    at.act(OFFICER, record_audit, at.lodged[1], result("customs", at.now, "undervaluation"))
    at.act(ANALYST, confirm_kin, HEIR, OLD, Verdict.DIFFERENT, "The director was mistaken.")
    at.lodge(goods(7, HEIR))
    at.lodge(goods(8, OLD))
    together(at)


def weighed(at: Running, box: ContainerNumber) -> Weighing:
    return Weighing(box, "KEMBA", at.now, "2", Decimal(30000), Decimal(4800))


def file_certificate(at: Running) -> None:
    given = replace(certificate(), digest="d" * 64, content_digest="d" * 64)
    original = repr(given).encode()
    seal = sha256(original).hexdigest()
    given = replace(given, digest=seal, content_digest=seal)
    at.act(WORKER, receive_certificate, given, (), original, HUB)


def together(at: Running) -> None:
    """Lodge what is committed in one go: one instant for all, the log alone has their order."""
    given = {"draw": NOBODY_DRAWN, "selectivity": at.selectivity}
    waiting = [
        at.node.act(TRADERS, lambda act, what=what: receive_declaration(act, what, **given))
        for what in [at.read(goods(place, ALONE)) for place in range(20, 26)]
    ]
    at.lodged += [str(each.result().result.lodged.mrn) for each in waiting]


@pytest.fixture(scope="module")
def border(tmp_path_factory: pytest.TempPathFactory, model: Artefact) -> Stated:
    """Settings of a node that has stopped, what it took in, and all that it assessed."""
    home = tmp_path_factory.mktemp("border")
    chosen = replace(Settings(), data_directory=home / "node")
    create(chosen, entropy)
    folder = Folder.of(chosen)
    disk.save(model, folder.models)
    capacity = Capacities(Capacity(red=5, random_share=0.05, usual_arrivals=10, least_score=1.0))
    clock = SteppedClock(NOON)
    with Node.open(chosen, clock=clock, entropy=entropy) as node:
        at = Running(node, clock, Selectivity(Scorer(model), profiles.sample(), capacity))
        at.act(ANALYST, activate_model, model.card, "it finds more")
        busy_days(at)
        with node.reading() as connection:
            LakeWriter(folder.lake, series=SERIES).copy(connection)
            rows = connection.execute(
                select(ledger.fact.c.body)
                .where(ledger.fact.c.type == Assessed.TYPE)
                .order_by(ledger.fact.c.seq)
            ).all()
    stated: dict[str, list[Assessed]] = {}
    for row in rows:
        one = decode(row.body, Assessed)
        stated.setdefault(one.mrn, []).append(one)
    file = home / "settings.toml"
    file.write_text(f'data_directory = "{chosen.data_directory}"\n')
    return file, at.lodged, stated


@pytest.fixture(scope="module")
def exported(border: Stated) -> pl.DataFrame:
    out = border[0].with_name("own.parquet")
    shown = CliRunner().invoke(
        app, ["history", "--out", str(out), "--settings", str(border[0]), "--json"]
    )
    assert shown.exit_code == 0, shown.output
    assert text.loads(shown.output)["rows"] == 2 * len(border[1])
    return past.read(out)


def features_of(exported: pl.DataFrame) -> dict[str, np.ndarray]:
    """Return what training makes of the node's history, behind the one its model learnt from."""
    learnt = past.conform(history(4_000, seed=3))
    is_known = pl.col("known_at") < CUT_OFF
    learnt = learnt.with_columns(pl.when(is_known).then(pl.col("illicit", "known_at")))
    whole = past.conform(pl.concat([learnt, exported]))
    matrix = replay(whole, to_microseconds(NOON + timedelta(days=90))).matrix
    numbers = whole["mrn"].to_numpy()
    return {mrn: matrix[numbers == mrn] for mrn in exported["mrn"].unique()}


def test_replay_of_the_exported_history_gives_the_features_that_were_sealed(
    border: Stated, exported: pl.DataFrame
) -> None:
    _, lodged, stated = border
    made = features_of(exported)
    assert set(made) == set(lodged) == set(stated)
    for mrn in lodged:
        # A correction is assessed anew, on other goods; what was accepted is what counts.
        first = stated[mrn][0]
        assert digest(made[mrn]) == first.assessment.features, mrn
    assert [len(stated[mrn]) for mrn in lodged].count(2) == 1


def test_every_column_that_only_a_border_knows_is_told_and_matters(
    border: Stated, exported: pl.DataFrame
) -> None:
    _, lodged, stated = border
    for name in ("kin", "signals", "address", "quantity"):
        without = exported.with_columns(pl.lit(None, dtype=exported.schema[name]).alias(name))
        made = features_of(without)
        differ = [mrn for mrn in lodged if digest(made[mrn]) != stated[mrn][0].assessment.features]
        assert differ, f"{name} makes no difference, so this test would not see it missing"


def test_a_confirmed_link_hands_down_what_was_counted_and_a_denied_one_takes_it_back(
    border: Stated, exported: pl.DataFrame
) -> None:
    _, lodged, _ = border
    rows = exported.filter(pl.col("item") == 1)
    kin = dict(zip(rows["mrn"], rows["kin"], strict=True))
    before, after, denied = lodged[2], lodged[3], lodged[6]
    assert (kin[before], kin[after], kin[denied]) == (HEIR, OLD, HEIR)
    made = features_of(exported)
    assert made[after][0, COLUMN["kin_found"]] == 1.0
    assert made[after][0, COLUMN["importer_found"]] == 0.0
    assert made[before][0, COLUMN["kin_found"]] == 0.0


def test_what_other_desks_noticed_is_known_when_risk_assesses(
    border: Stated, exported: pl.DataFrame
) -> None:
    _, lodged, stated = border
    signals = {(row["mrn"], row["item"]): row["signals"] for row in exported.iter_rows(named=True)}
    assert signals[lodged[0], 1] is None, "nobody had looked"
    assert signals[lodged[4], 1] == SIGNALS["mass"]
    assert signals[lodged[5], 1] == SIGNALS["certificate"]
    basis = stated[lodged[4]][0].basis
    assert basis is not None and dict(basis.signals) == {1: SIGNALS["mass"], 2: SIGNALS["mass"]}
    assert "signal_mass" in NAMES


def test_each_of_these_assessments_is_worked_out_again(
    border: Stated,
) -> None:
    settings, lodged, _ = border
    for mrn in (lodged[2], lodged[3], lodged[5], lodged[6]):
        shown = CliRunner().invoke(app, ["recompute", mrn, "--settings", str(settings)])
        assert shown.exit_code == 0, shown.output
        assert "to the last bit" in shown.output
