"""What was seen of a container is held against what is declared of it: seals and mass."""

from __future__ import annotations

from clearway.clearance import tables
from clearway.clearance.agreement import declared_of, mass_alarm, seal_alarms
from clearway.clearance.evidence import LONGEST_VOYAGE, SEAL_LOOKBACK
from clearway.clearance.standing import by_rules
from clearway.declarations import tables as declarations
from clearway.ledger.fact import Fact
from clearway.movements import tables as movements
from clearway.movements.actions.raise_alarm import raise_alarm
from clearway.policy.act import Act
from clearway.terms.identifiers import Mrn


def hold_against_declared(act: Act, container: str) -> tuple[Fact, ...]:
    """Raise an alarm for a seal or a mass that is not the declared one; return those that are new.

    A broken seal is an alarm already. One that was seen before the declaration came counts as far
    back as `SEAL_LOOKBACK`.
    """
    known = movements.find(act.connection, container)
    if known is None or (known.seal is None and known.weighed_at is None):
        return ()
    mrns = tables.in_container(act.connection, container)
    if not mrns:
        return ()
    records = [declarations.get(act.connection, Mrn(mrn)) for mrn in mrns]
    declared = declared_of(container, [(each.mrn, each.declaration) for each in records])
    oldest = min(tables.get(act.connection, mrn).lodged_at for mrn in mrns) - SEAL_LOOKBACK
    seen = [one for one in movements.seals_on(act.connection, container) if one.at >= oldest]
    found = list(seal_alarms(declared, seen))
    if known.weighed_at is not None and known.weighed_at >= act.now - LONGEST_VOYAGE:
        mass = mass_alarm(declared, known)
        found += [] if mass is None else [mass]
    made = (raise_alarm(by_rules(act), alarm) for alarm in found)
    return tuple(fact for fact in made if fact is not None)
