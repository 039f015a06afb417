"""Whether what was seen of a container agrees with what was declared of it: seals and mass; pure.

    CLR_A1  a seal that was seen on a container is none of those declared for it
    CLR_A2  the goods weigh more or less than declared

A weight is of container, vehicle and goods together. With the tare known, the goods weigh the rest.
Without it only what no tare can explain is told: less in all than the goods alone should weigh, or
more than they could weigh with the heaviest container and truck.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from clearway.declarations.model import Declaration
from clearway.movements.alarm import MovementAlarm, MovementAlarmKind
from clearway.movements.model import Whereabouts
from clearway.movements.tables import SealOnRecord
from clearway.terms.alarm import AlarmLevel

TOLERANCE = Decimal("0.05")
LEAST_TOLERANCE_KG = Decimal(500)
"""5 % or 500 kg, whichever is more: assumed by the house, after what administrations allow between
a verified gross mass (SOLAS VI/2) and their own scale."""

HEAVIEST_TARE_KG = Decimal(25_000)
"""A reefer of forty feet weighs under 5 tonnes empty, a tractor with trailer under 20: assumed."""

_SIGNS = str.maketrans("", "", " ./_-")


@dataclass(frozen=True, slots=True)
class Declared:
    """What open declarations say of one container.

    Args:
        seals: all that are declared for it; empty: none is.
        gross_mass_kg: of the goods in it; None: the declarations do not say it of this container.
        mrns: of the declarations.
    """

    seals: tuple[str, ...]
    gross_mass_kg: Decimal | None
    mrns: tuple[str, ...]


def declared_of(container: str, declarations: Sequence[tuple[str, Declaration]]) -> Declared:
    """Return what declarations, with their numbers, say of a container together."""
    seals = dict.fromkeys(
        str(seal)
        for _, declaration in declarations
        for box in declaration.containers
        if box.number == container
        for seal in box.seals
    )
    masses = [_mass_in(container, declaration) for _, declaration in declarations]
    known = [mass for mass in masses if mass is not None]
    total = sum(known, Decimal(0)) if known and len(known) == len(masses) else None
    return Declared(tuple(seals), total, tuple(mrn for mrn, _ in declarations))


def _mass_in(container: str, declaration: Declaration) -> Decimal | None:
    """Return the gross mass that a declaration puts into a container; None: it does not say."""
    if len(declaration.containers) == 1:
        return declaration.gross_mass_kg
    inside = [item for item in declaration.items if container in item.containers]
    is_divided = any(len(item.containers) != 1 for item in inside)
    if is_divided or any(not item.containers for item in declaration.items):
        return None
    masses = [item.gross_mass_kg for item in inside]
    known = [mass for mass in masses if mass is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(masses) else None


def seal_alarms(declared: Declared, seen: Iterable[SealOnRecord]) -> Iterable[MovementAlarm]:
    """Yield an alarm for each seal on the container that is none of those declared (CLR_A1).

    Only while no declared seal was seen at all: beside one, a further seal is the terminal's, and
    after one was opened, the next is that of whoever opened it; the opening is judged by itself.

    Args:
        seen: the last word of each seal of this voyage, whole or not.
    """
    wanted = {_normal(seal) for seal in declared.seals}
    known = tuple(seen)
    if not wanted or any(_normal(one.seal) in wanted for one in known):
        return
    for one in known:
        if not one.is_intact:
            continue
        mrns, seals = ", ".join(declared.mrns), ", ".join(declared.seals)
        yield MovementAlarm(
            MovementAlarmKind.SEAL_DIFFERS,
            AlarmLevel.CRITICAL,
            one.container,
            one.at,
            None,
            f"Seal {one.seal} is on container {one.container}; declared is {seals} ({mrns}).",
            "Compare with the declaration and the last holder; examine the goods.",
            str(one.seal),
            values={"container": one.container, "seal": one.seal, "declared": seals, "mrn": mrns},
        )


def mass_alarm(declared: Declared, known: Whereabouts) -> MovementAlarm | None:
    """Return the alarm of a weight that no tolerance and no tare explains (CLR_A2)."""
    wanted, gross = declared.gross_mass_kg, known.gross_mass_kg
    if wanted is None or gross is None or known.weighed_at is None:
        return None
    tolerance = max(wanted * TOLERANCE, LEAST_TOLERANCE_KG)
    tares = (Decimal(0), HEAVIEST_TARE_KG) if known.tare_kg is None else (known.tare_kg,) * 2
    lightest, heaviest = gross - max(tares), gross - min(tares)
    if lightest <= wanted + tolerance and heaviest >= wanted - tolerance:
        return None
    found = heaviest if heaviest < wanted else lightest
    share = f"{abs(found - wanted) / wanted:.0%}" if wanted else "all"
    which = "less" if found < wanted else "more"
    bound = "" if known.tare_kg is not None else (" at most" if found < wanted else " at least")
    mrns = ", ".join(declared.mrns)
    return MovementAlarm(
        MovementAlarmKind.MASS_DIFFERS,
        AlarmLevel.WARNING,
        known.container,
        known.weighed_at,
        None,
        f"The goods in {known.container} weigh{bound} {found:,} kg, {share} {which} than the"
        f" {wanted:,} kg declared ({mrns}).",
        "Weigh it again with the tare known; then examine the goods.",
        known.office,
        known.office,
        {
            "container": str(known.container),
            "weighed_kg": str(found),
            "declared_kg": str(wanted),
            "mrn": mrns,
        },
    )


def _normal(seal: str) -> str:
    """Return a seal number as people compare it: without case and signs between."""
    return seal.translate(_SIGNS).upper()
