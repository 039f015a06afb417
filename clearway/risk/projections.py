"""How risk's tables follow the facts: its own, and those of acceptance and of examinations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, delete, desc, func, insert, select

from clearway.ledger.columns import to_microseconds
from clearway.ledger.fact import Fact, decode, encode
from clearway.ledger.statement import run
from clearway.risk import kept, schema
from clearway.risk.exchange import in_eur
from clearway.risk.exploration import PARTS
from clearway.risk.facts import Assessed, ModelActivated
from clearway.risk.goods import Accepted, AcceptedMoney, Beside, goods_of, importer_of, party_key
from clearway.risk.guilt import guilty_items
from clearway.risk.history import Changes, counted, day_of, resulted, trace
from clearway.risk.limits import taken_by
from clearway.risk.model import CUSTOMS, Channel, Stratum
from clearway.risk.network import register

# Days of a model's past stay when a newer one is activated, so that one can go back to it.
MODELS_KEPT = 3


def count_accepted(connection: Connection, fact: Fact) -> None:
    """Count an accepted declaration under the keys of its items, and keep its goods."""
    accepted = decode(fact.body, Accepted)
    today = day_of(fact.occurred_at)
    declared = accepted.declaration
    broker = party_key(declared.declarant.id, declared.declarant.name)
    importer = register.meet(connection, importer_of(declared), fact.recorded_at, broker)
    beside = Beside(kin=importer.kin, address=importer.address)
    goods = goods_of(accepted.mrn, declared, today, {}, beside)
    _add(connection, counted(map(trace, goods)), today)
    run(connection, schema.PUT_DECLARATION, (accepted.mrn, kept.pack(goods)))


@dataclass(frozen=True, slots=True)
class _ExaminedFinding:
    item: int | None = None
    revenue: AcceptedMoney | None = None


@dataclass(frozen=True, slots=True)
class _Examined:
    mrn: str
    agency: str
    outcome: str
    findings: tuple[_ExaminedFinding, ...] = ()
    extra_revenue: AcceptedMoney | None = None


def learn_result(connection: Connection, fact: Fact) -> None:
    """Learn from a customs examination, once for each declaration.

    Other agencies look for other things: a pest says nothing about an undervalued invoice.
    """
    examined = decode(fact.body, _Examined)
    if examined.agency != CUSTOMS:
        return
    row = run(connection, schema.GET_DECLARATION, (examined.mrn,)).fetchone()
    if row is None or row[1] is not None:
        return
    # Nobody could know it before it was recorded, whenever the examination ended.
    today = day_of(fact.recorded_at)
    goods = kept.unpack(row[0])
    guilty = _guilty(examined, [each.item for each in goods])
    results = [(trace(each), each.item in guilty, guilty.get(each.item, 0.0)) for each in goods]
    _add(connection, resulted(results), today)
    run(connection, schema.MARK_EXAMINED, (today, examined.mrn))


def _guilty(examined: _Examined, numbers: list[int]) -> Mapping[int, float]:
    if examined.outcome != "not_conform":
        return {}
    named = [(finding.item, _in_eur(finding.revenue)) for finding in examined.findings]
    return guilty_items(numbers, named, _in_eur(examined.extra_revenue))


def _in_eur(money: AcceptedMoney | None) -> float:
    return 0.0 if money is None else in_eur(float(money.amount), money.currency)


def put_assessment(connection: Connection, fact: Fact) -> None:
    """Keep the assessment as the declaration's last, and count it in its office's day."""
    stated = decode(fact.body, Assessed)
    outcome = stated.assessment
    row = (
        stated.mrn,
        fact.seq,
        to_microseconds(fact.recorded_at),
        stated.office,
        outcome.channel.value,
        outcome.stratum.value,
        outcome.score,
        encode(outcome),
    )
    run(connection, schema.PUT_ASSESSMENT, row)
    red = outcome.channel is Channel.RED
    counts = (
        1,
        int(red),
        int(red and outcome.stratum is Stratum.MANDATORY),
        int(outcome.channel is Channel.YELLOW),
        int(outcome.channel is Channel.BLUE),
        int(red and outcome.stratum is Stratum.RANDOM),
        int(red and outcome.stratum is Stratum.EXPLORED),
        int(outcome.overload),
        round(outcome.curiosity * PARTS),
    )
    run(connection, schema.ADD_DAY, (stated.office, stated.day, *counts))
    keys = [(stated.office, stated.day, key) for key in taken_by(outcome, stated.importer)]
    if keys:
        run(connection, schema.ADD_TAKEN, keys)


@dataclass(frozen=True, slots=True)
class _Rerouted:
    office: str
    day: int


def count_rerouted(connection: Connection, fact: Fact) -> None:
    """Count a documentary check that became an audit in the blue lane of its office's day."""
    moved = decode(fact.body, _Rerouted)
    counts = [int(name == "blue") for name in schema.DAY_COUNTS]
    run(connection, schema.ADD_DAY, (moved.office, moved.day, *counts))


def put_model(connection: Connection, fact: Fact) -> None:
    """Make a model the active one, and drop days that no model kept needs any more."""
    activated = decode(fact.body, ModelActivated)
    connection.execute(
        insert(schema.model).values(
            seq=fact.seq,
            id=activated.model,
            activated_at=fact.recorded_at,
            activated_by=fact.actor,
            trained_at=activated.trained_at,
            cut_off=activated.cut_off,
            cut_off_day=day_of(activated.cut_off),
            body=fact.body,
        )
    )
    oldest = oldest_cut_off_day(connection)
    if oldest is not None:
        connection.execute(delete(schema.history).where(schema.history.c.day < oldest))


def _add(connection: Connection, changes: Changes, today: int) -> None:
    rows = [(key, today, *change) for key, change in sorted(changes.items())]
    if rows:
        run(connection, schema.ADD_HISTORY, rows)


def oldest_cut_off_day(connection: Connection) -> int | None:
    """Return the oldest cut-off that can still be active; None: any, nothing was dropped yet."""
    last = (
        select(schema.model.c.cut_off_day)
        .order_by(desc(schema.model.c.seq))
        .limit(MODELS_KEPT)
        .subquery()
    )
    count, oldest = connection.execute(
        select(func.count(), func.min(last.c.cut_off_day)).select_from(last)
    ).one()
    return oldest if count == MODELS_KEPT else None
