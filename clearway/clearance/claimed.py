"""The treatments that a certificate states for containers, as claims that readings are held to.

A date without time or zone is taken as wide as it can be meant: readings of the whole day count, in
whatever zone it was written.

    claims = treatment_claims(certificate, declared_containers)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from clearway.certificates.model import Certificate, CertificateLine
from clearway.certificates.parts import Precision, Stated, Treatment
from clearway.certificates.treatments import TreatmentClaim, TreatmentKind, claim_of
from clearway.clearance.claims import Claim, stated_protocol
from clearway.coldchain import commodities, treatment_schedules
from clearway.errors import BadTerm
from clearway.terms.transport import ContainerNumber

# A day begins 14 hours before it does in UTC in the east, and ends 12 hours after it in the west.
_EAST, _WEST, _DAY = timedelta(hours=14), timedelta(hours=12), timedelta(days=1)
_LONGEST = 200
_NAMES = {
    "agent": "the fumigant",
    "dose_g_m3": "the dose",
    "hours": "the duration",
    "temperature_c": "the temperature",
}


def treatment_claims(certificate: Certificate, declared: Sequence[str]) -> tuple[Claim, ...]:
    """Return the treatments that a certificate states, for each container.

    Args:
        certificate: cold without a duration is storage, and states nothing to check.
        declared: the declaration's containers, for a certificate that names none.
    """
    made = []
    country = str(certificate.importing_country or "")
    for line in certificate.lines:
        containers = _containers(line, certificate, declared)
        for treatment in line.treatments:
            stated = claim_of(treatment)
            if text := _text(treatment, stated):
                made += [_claim(line, treatment, stated, text, each) for each in containers]
    return tuple(replace(claim, schedule=_schedule(claim, country)) for claim in made)


def _claim(
    line: CertificateLine,
    treatment: Treatment,
    stated: TreatmentClaim,
    text: str,
    container: ContainerNumber,
) -> Claim:
    is_cold, is_heat = stated.kind is TreatmentKind.COLD, stated.kind is TreatmentKind.HEAT
    started, ended = _widest(treatment)
    if is_heat:
        started, ended = _instant(treatment.started), _instant(treatment.ended)
    is_gas = stated.kind is TreatmentKind.FUMIGATION
    return Claim(
        line=line.number,
        container=container,
        warmest_c=stated.temperature_c if is_cold else None,
        lasting_days=treatment.duration_days if is_cold else None,
        started_at=started,
        ended_at=ended if ended != started else None,
        text=text,
        kind=stated.kind,
        coolest_c=stated.temperature_c if is_heat else None,
        lasting_hours=stated.hours if is_heat else None,
        wanting=tuple(_NAMES[each] for each in stated.wanting) if is_gas else (),
        commodity=_commodity(line),
        sensors=stated.sensors,
        calibrated=stated.calibrated,
    )


def _commodity(line: CertificateLine) -> str:
    """Return the code of the goods of a line where all its HS codes say the same, else ""."""
    found = {goods.code for hs in line.hs if (goods := commodities.of_hs(str(hs))) is not None}
    return found.pop() if len(found) == 1 else ""


def _schedule(claim: Claim, country: str) -> str:
    if not claim.is_for_logger or not claim.commodity:
        return ""
    stated = stated_protocol(claim)
    row = treatment_schedules.fitting(
        claim.kind.value, stated.limit_c, stated.lasting, claim.commodity, country
    )
    return "" if row is None else row.code


def _widest(treatment: Treatment) -> tuple[datetime | None, datetime | None]:
    """Return the period as wide as its dates can be meant.

    A day without a time may begin 14 hours before, and end 12 hours after it does in UTC; a time
    without a zone is as far from UTC. Taken as UTC, the last day of a treatment would not count.
    """
    started, ended = treatment.started, treatment.ended
    since = None if started is None else started.at
    until = None if ended is None else ended.at
    if since is not None and since == until:
        return since, until
    if started is not None and since is not None and started.precision is not Precision.INSTANT:
        since -= _EAST
    if ended is not None and until is not None and ended.precision is not Precision.INSTANT:
        until += _WEST + (_DAY if ended.precision is Precision.DAY else timedelta(0))
    return since, until


def _instant(stated: Stated | None) -> datetime | None:
    """Return a time that is exact enough for a treatment of minutes: with a zone, else none."""
    is_exact = stated is not None and stated.precision is Precision.INSTANT
    return stated.at if stated is not None and is_exact else None


def _containers(
    line: CertificateLine, certificate: Certificate, declared: Sequence[str]
) -> tuple[ContainerNumber, ...]:
    """Return the containers of a line: its own, else the certificate's, else the declared ones."""
    own = [each.container for each in line.equipment if each.container]
    named = own or list(certificate.containers) or list(declared)
    return tuple(number for number in map(_container, dict.fromkeys(named)) if number)


def _container(text: str) -> ContainerNumber | None:
    try:
        return ContainerNumber.read(text)
    except BadTerm:  # no logger can sit in a container that cannot be
        return None


def _text(treatment: Treatment, stated: TreatmentClaim) -> str:
    """Return a claim in words; "" where there is nothing that could be checked."""
    warmth = "" if stated.temperature_c is None else f"{stated.temperature_c:f} °C"
    lasting = "" if stated.hours is None else f"{_plain(stated.hours)} hours"
    if stated.kind is TreatmentKind.COLD:
        days = treatment.duration_days if stated.hours else None
        return f"{days:f} days at or below {warmth}" if days else ""
    if stated.kind is TreatmentKind.HEAT:
        return f"{lasting or 'heat'} at or above {warmth}"
    words = [each.text for each in treatment.description] or [treatment.type]
    if stated.kind is TreatmentKind.FUMIGATION:
        words = [f"fumigation with {stated.agent}" if stated.agent else "fumigation"]
        words += [] if stated.dose_g_m3 is None else [f"{_plain(stated.dose_g_m3)} g/m3"]
    elif not any(words):
        return ""
    return ", ".join(each[:_LONGEST] for each in (*words, lasting, warmth) if each)


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
