"""Selectivity: the model, the profiles and the capacities of a node, put to one declaration.

`judge` is the whole of risk without a store: what is known goes in, an assessment comes out. The
same arguments give the same assessment, so one of last year can be worked out again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from clearway.risk import explain
from clearway.risk.exploration import curiosity_of
from clearway.risk.history import Trace, day_of
from clearway.risk.limits import capped, is_spared
from clearway.risk.looking import what_to_look_for
from clearway.risk.model import (
    CUSTOMS,
    Assessment,
    Capacities,
    Capacity,
    Channel,
    Choice,
    Day,
    Demands,
    Header,
    Hit,
    Past,
    Stratum,
)
from clearway.risk.rules import Matched, Profiles
from clearway.risk.scoring import Scored, Scorer
from clearway.risk.selection import choose, due, share_of_day
from clearway.risk.variables import variables_of
from clearway.terms.reason import Reason

_UNPREJUDICED = frozenset({Stratum.RANDOM, Stratum.EXPLORED})


@dataclass(frozen=True, slots=True)
class Selectivity:
    """How a node selects.

    Args:
        scorer: with the active model, or `scoring.rules_only()`.
        profiles: in force.
        capacities: of the offices.
        challenger: a model that scores beside the active one and never acts; None: none.
    """

    scorer: Scorer
    profiles: Profiles
    capacities: Capacities
    challenger: Scorer | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a declaration when it is judged.

    Args:
        items: traces of its items, at least one.
        pasts: of their keys, this declaration not counted.
        header: what profiles see beside the items.
        demands: what the law demands of it.
        day: of its office so far.
        now: aware UTC.
        hazards: rate at which partners found hazards in such goods, by item; absent: none told.
    """

    items: tuple[Trace, ...]
    pasts: Mapping[int, Past]
    header: Header
    demands: Demands
    day: Day
    now: datetime
    hazards: Mapping[int, float] = field(default_factory=dict)


def judge(selectivity: Selectivity, known: Known, draw: float) -> Assessment:
    """Return the assessment of a declaration.

    Args:
        draw: 0 <= draw < 1, drawn for this declaration alone.
    """
    scorer = selectivity.scorer
    goods = known.items[0].goods
    capacity = open_at(selectivity.capacities.of(goods.office), known.now)
    scored = scorer.score(known.items, known.pasts)
    variables = variables_of(known.items, scored.matrix.tolist(), known.header, known.hazards)
    matched = selectivity.profiles.match(variables, known.now)
    every = (*known.demands.controls, *matched.hits, *_failures(matched))
    hits = due(every, draw)
    curiosity = curiosity_of(scored, known.items) if scorer.model else 0.0
    choice = choose(
        scored.score,
        every,
        known.day,
        capacity,
        passed=share_of_day(known.now, capacity),
        draw=draw,
        curiosity=curiosity,
        spared=is_spared(goods.importer, known.day, capacity),
        capped=capped(every, known.day, capacity, hour=known.now.hour, today=day_of(known.now)),
    )
    reasons = _reasons(scorer, scored, known, choice, hits, capacity)
    return Assessment(
        score=scored.score,
        expected_revenue=Decimal(f"{scored.expected_revenue:.2f}"),
        channel=choice.channel,
        reasons=reasons,
        mandatory=tuple(hit.id for hit in hits if hit.mandatory),
        random_draw=draw,
        propensity=choice.propensity,
        stratum=choice.stratum,
        model=scorer.model,
        rules=selectivity.profiles.version,
        probability=scored.probability,
        profiles=tuple(hit.id for hit in matched.hits),
        threshold=choice.threshold,
        features=scored.features,
        inclusion=choice.inclusion,
        curiosity=curiosity,
        decided_by="" if choice.decided_by is None else choice.decided_by.id,
        overload=choice.overload,
        capped=choice.capped,
        held_until=_held_until(choice, capacity, known.now),
    )


def open_at(capacity: Capacity, now: datetime) -> Capacity:
    """Return the capacity of an office on a day: none when nobody works."""
    if now.isoweekday() in capacity.weekdays:
        return capacity
    return replace(capacity, red=0, yellow=0, blue=0)


def _held_until(choice: Choice, capacity: Capacity, now: datetime) -> datetime | None:
    """Return until when an officer may stop a green declaration; None: it is not delayed."""
    if choice.channel is not Channel.GREEN or not capacity.green_delay_minutes:
        return None
    return now + timedelta(minutes=capacity.green_delay_minutes)


def _failures(matched: Matched) -> tuple[Hit, ...]:
    """Return a documentary check for each profile that failed: a person looks instead of it."""
    text = "This profile could not be evaluated; its owner must mend it."
    return tuple(Hit(id, text, Channel.YELLOW, CUSTOMS, False, ()) for id in matched.failed)


def _reasons(
    scorer: Scorer,
    scored: Scored,
    known: Known,
    choice: Choice,
    hits: tuple[Hit, ...],
    capacity: Capacity,
) -> tuple[Reason, ...]:
    """Return the reasons; of the goods only for declarations that somebody will look at.

    TreeSHAP costs ten times the score itself; it is worked out for the few that are selected, and
    not for a drawn one, whose examination must not be prejudiced.
    """
    item = known.items[scored.weightiest]
    evidence, contributions = None, []
    more: tuple[Reason, ...] = ()
    if choice.channel is not Channel.GREEN and choice.stratum not in _UNPREJUDICED:
        row = scored.matrix[scored.weightiest]
        evidence = explain.Evidence(item, row.tolist(), known.pasts)
        contributions = scorer.contributions(row)
        more = what_to_look_for(item.goods, len(known.items), scorer.kinds(row))
    reasons = explain.reasons(
        choice,
        hits,
        score=scored.score,
        office=item.goods.office,
        capacity=capacity,
        absence=scorer.absence,
        evidence=evidence,
        contributions=contributions,
    )
    return (*reasons, *more)
