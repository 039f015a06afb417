"""What measures demand of a declaration: the duty rate of each item, and the controls."""

from __future__ import annotations

from datetime import datetime

from clearway.declarations.model import Declaration, Item
from clearway.errors import RuleViolation
from clearway.measures.model import Profile, Rate, Requirement, RequirementKind
from clearway.measures.rules import duty_rate, requirements
from clearway.risk.model import Channel, Demands, Hit


def demands_of(profile: Profile, declaration: Declaration, at: datetime) -> Demands:
    """Return duty rates and mandatory controls; pure, so that it can be done before the action.

    Args:
        profile: the country's measures.
        declaration: as it stands now.
        at: aware UTC; alerts count only in their period.
    """
    rates: dict[int, float] = {}
    controls: dict[str, Requirement] = {}
    items: dict[str, list[int]] = {}
    for item in declaration.items:
        rate = _rate(profile, item)
        if rate is not None:
            rates[item.number] = float(rate.percent)
        for need in requirements(profile, item.hs, item.origin, declaration.kind.value, at):
            if need.kind is RequirementKind.CONTROL:
                controls[need.code] = need
                items.setdefault(need.code, []).append(item.number)
    hits = [_hit(controls[code], tuple(items[code])) for code in sorted(controls)]
    return Demands(rates, tuple(hits))


def _rate(profile: Profile, item: Item) -> Rate | None:
    try:
        return duty_rate(profile, item.hs, item.origin, item.preference)
    except RuleViolation:
        return None  # a tariff without a rate for these goods: the model takes it as unknown


def _hit(control: Requirement, items: tuple[int, ...]) -> Hit:
    return Hit(
        id=control.code,
        text=control.text,
        lane=Channel.RED,
        agency=control.agency,
        mandatory=True,
        items=items,
        share=float(control.share),
    )
