"""Assess a declaration: score it, select its channel, say why."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from clearway.declarations.model import Declaration
from clearway.ledger.fact import Fact
from clearway.movements import tables as movements
from clearway.policy.act import Act
from clearway.risk import pasts, tables
from clearway.risk.circumstances import basis_of, items_of, known_of
from clearway.risk.facts import Assessed, Shadow
from clearway.risk.goods import Beside, importer_of
from clearway.risk.history import Trace, day_of
from clearway.risk.limits import keys_of
from clearway.risk.model import Assessment, Demands
from clearway.risk.network import register
from clearway.risk.scoring import Scorer
from clearway.risk.selectivity import Selectivity, judge
from clearway.risk.sharing.tables import hazard_priors

NOTHING: Mapping[int, int] = MappingProxyType({})


def assess(
    act: Act,
    mrn: str,
    declaration: Declaration,
    accepted: Fact,
    *,
    draw: float,
    selectivity: Selectivity,
    demands: Demands,
    signals: Mapping[int, int] = NOTHING,
) -> Assessment:
    """Record the assessment of a declaration and return it; its fact is `act.tx.facts[-1]`.

    Args:
        mrn: of the declaration.
        declaration: as it stands now, corrections included.
        accepted: the fact of its acceptance, whose projections have run.
        draw: 0 <= draw < 1, drawn for this assessment alone.
        selectivity: of this node.
        demands: of `demands.demands_of`, worked out before.
        signals: bits of `model.SIGNALS` that other desks noticed, by number of item; of items that
            are absent nobody knows anything.

    Raises: Refused: policy says no.
    """
    act.require("risk.assess", office=declaration.office)
    known_importer = register.find(act.connection, importer_of(declaration))
    beside = Beside(signals, known_importer.kin, known_importer.address)
    items = items_of(mrn, declaration, accepted, demands.duty_rates, beside)
    importer = items[0].goods.importer
    capacity = selectivity.capacities.of(declaration.office)
    today = day_of(act.now)
    hazards = hazard_priors(act.connection, [each.goods for each in items])
    basis = basis_of(capacity, demands, _alarms(act, declaration), hazards, beside)
    known = known_of(
        act.connection,
        declaration,
        accepted,
        items,
        basis,
        so_far=tables.read_day(
            act.connection, declaration.office, today, keys=keys_of(importer, capacity)
        ),
        scorer=selectivity.scorer,
        now=act.now,
    )
    assessment = judge(selectivity, known, draw)
    stated = Assessed(
        mrn,
        accepted.seq,
        declaration.office,
        today,
        assessment,
        importer,
        known.day,
        basis,
        _shadow(act, items, accepted, selectivity.challenger),
    )
    act.append(stated, subject=f"declaration:{mrn}")
    return assessment


def _alarms(act: Act, declaration: Declaration) -> tuple[str, ...]:
    boxes = [box.number for box in declaration.containers]
    return tuple(movements.standing_kinds(act.connection, boxes))


def _shadow(
    act: Act, items: tuple[Trace, ...], accepted: Fact, challenger: Scorer | None
) -> Shadow | None:
    """Return what the challenger says, by its own snapshot; nothing it says reaches a channel."""
    if challenger is None or not challenger.model:
        return None
    said = challenger.score(items, pasts.read(act.connection, items, accepted, challenger))
    revenue = Decimal(f"{said.expected_revenue:.2f}")
    return Shadow(challenger.model, said.score, said.probability, revenue, said.features)
