"""What is known of a declaration when it is judged, put together in one way.

The action that assesses and the audit that works an assessment out again call the same function on
the same tables: one on the node's store as it is, the other on tables made anew from the facts
that came before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from clearway.declarations.model import Declaration
from clearway.ledger.fact import Fact
from clearway.risk import pasts
from clearway.risk.facts import Basis
from clearway.risk.goods import Beside, goods_of, header_of
from clearway.risk.history import Trace, day_of, trace
from clearway.risk.lists import tables as lists
from clearway.risk.model import Capacity, Day, Demands
from clearway.risk.scoring import Scorer
from clearway.risk.selectivity import Known


def items_of(
    mrn: str,
    declaration: Declaration,
    accepted: Fact,
    duty_rates: Mapping[int, float],
    beside: Beside,
) -> tuple[Trace, ...]:
    """Return the traces of a declaration's items, dated by its acceptance."""
    day = day_of(accepted.occurred_at)
    return tuple(map(trace, goods_of(mrn, declaration, day, duty_rates, beside)))


def basis_of(
    capacity: Capacity,
    demands: Demands,
    alarms: tuple[str, ...],
    hazards: Mapping[int, float],
    beside: Beside,
) -> Basis:
    """Return what an assessment rests on that its declaration does not say."""
    return Basis(
        capacity,
        tuple(sorted(demands.duty_rates.items())),
        demands.controls,
        alarms,
        tuple(sorted(hazards.items())),
        tuple(sorted(beside.signals.items())),
        beside.kin,
        beside.address,
    )


def beside_of(basis: Basis) -> Beside:
    """Return what was known beside the declaration."""
    return Beside(dict(basis.signals), basis.kin, basis.address)


def known_of(
    connection: Connection,
    declaration: Declaration,
    accepted: Fact,
    items: tuple[Trace, ...],
    basis: Basis,
    *,
    so_far: Day,
    scorer: Scorer,
    now: datetime,
) -> Known:
    """Return what is known of a declaration.

    Args:
        connection: to risk's tables, in which its acceptance is counted.
        declaration: as it stands then.
        accepted: the fact of its acceptance.
        items: of `items_of`.
        basis: what no fact of before tells.
        so_far: what its office had assessed that day.
        scorer: whose snapshot goes before what was counted.
        now: aware UTC.
    """
    watched = lists.look_up(connection, [each.goods for each in items], now, _address(declaration))
    return Known(
        items=items,
        pasts=pasts.read(connection, items, accepted, scorer),
        header=replace(
            header_of(declaration),
            alarms=basis.alarms,
            watch=watched.parties,
            goods_watch=watched.goods,
        ),
        demands=Demands(dict(basis.duty_rates), basis.controls),
        day=so_far,
        now=now,
        hazards=dict(basis.hazards),
    )


def _address(declaration: Declaration) -> str:
    importer = declaration.importer
    return " ".join(part for part in (importer.address, importer.postcode, importer.city) if part)
