"""Assess a declaration: score it, select its channel, say why."""

from __future__ import annotations

from dataclasses import replace

from clearway.declarations.model import Declaration
from clearway.ledger.fact import Fact
from clearway.movements import tables as movements
from clearway.policy.act import Act
from clearway.risk import pasts, tables
from clearway.risk.facts import Assessed
from clearway.risk.goods import goods_of, header_of
from clearway.risk.history import day_of, trace
from clearway.risk.model import Assessment, Demands
from clearway.risk.selection import keys_of
from clearway.risk.selectivity import Known, Selectivity, judge


def assess(
    act: Act,
    mrn: str,
    declaration: Declaration,
    accepted: Fact,
    *,
    draw: float,
    selectivity: Selectivity,
    demands: Demands,
) -> Assessment:
    """Record the assessment of a declaration and return it; its fact is `act.tx.facts[-1]`.

    Args:
        mrn: of the declaration.
        declaration: as it stands now, corrections included.
        accepted: the fact of its acceptance, whose projections have run.
        draw: 0 <= draw < 1, drawn for this assessment alone.
        selectivity: of this node.
        demands: of `demands.demands_of`, worked out before.

    Raises: Refused: policy says no.
    """
    act.require("risk.assess", office=declaration.office)
    day = day_of(accepted.occurred_at)
    items = tuple(map(trace, goods_of(mrn, declaration, day, demands.duty_rates)))
    importer = items[0].goods.importer
    keys = keys_of(importer, selectivity.capacities.of(declaration.office))
    today = day_of(act.now)
    so_far = tables.read_day(act.connection, declaration.office, today, keys=keys)
    known = Known(
        items=items,
        pasts=pasts.read(act.connection, items, accepted, selectivity.scorer),
        header=replace(
            header_of(declaration),
            alarms=movements.standing_kinds(
                act.connection, [box.number for box in declaration.containers]
            ),
        ),
        demands=demands,
        day=so_far,
        now=act.now,
    )
    assessment = judge(selectivity, known, draw)
    stated = Assessed(mrn, accepted.seq, declaration.office, today, assessment, importer, so_far)
    act.append(stated, subject=f"declaration:{mrn}")
    return assessment
