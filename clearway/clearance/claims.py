"""A cold treatment that a certificate claims, against the logger of the container that it names.

ISPM 12 certificates state treatments (AppliedSPSProcess: temperature, duration, period) and the
container. Whoever examines fruit must know whether the pulp stayed cold long enough; the logger in
that very container knows. Three answers:

- VERIFIED: the readings show the treatment as claimed;
- CONTRADICTED: the readings show so much warmth that it cannot have been;
- NOT_ENOUGH_DATA: no readings, readings of air only, gaps, or too short a time: nothing is proved.

    claims = cold_claims(certificate, declared_containers)
    result = judge(claims[0], readings)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from clearway.certificates.model import Certificate, CertificateLine
from clearway.certificates.parts import Treatment
from clearway.coldchain.model import Reading
from clearway.coldchain.treatment import Protocol, evaluate
from clearway.errors import BadTerm
from clearway.terms.reason import Reason
from clearway.terms.transport import ContainerNumber

WARMEST_COLD_C = Decimal(4)
"""A claim at or below this is a cold treatment. Assumed by the house: published cold treatments
against fruit flies lie between -0.6 and 3.3 °C, storage of chilled goods above 4 °C is none."""

FORGIVEN = timedelta(minutes=30)
"""Warmth, in all, that is taken for a defrost and does not contradict. Assumed by the house."""

_FOR_EVER = timedelta(days=10_000)


class ClaimVerdict(StrEnum):
    """What a logger says to a treatment that a certificate claims."""

    VERIFIED = "verified"
    CONTRADICTED = "contradicted"
    NOT_ENOUGH_DATA = "not_enough_data"


@dataclass(frozen=True, slots=True)
class Claim:
    """A cold treatment that a certificate states for a container.

    Args:
        line: of the certificate.
        container: in which it was done.
        warmest_c: no warmer than this, degrees Celsius.
        lasting_days: for so long without a break.
        started_at, ended_at: when, aware UTC; None where the certificate does not say.
        text: the claim in words.
    """

    line: int
    container: ContainerNumber
    warmest_c: Decimal
    lasting_days: Decimal
    started_at: datetime | None
    ended_at: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """What the logger of the claim's container says to it.

    Args:
        reasons: with the numbers, one sentence each.
        days_achieved: the longest unbroken treatment that the readings show.
        hours_over: above the temperature after the treatment first began.
        longest_gap_h: the longest silence of the logger.
    """

    claim: Claim
    verdict: ClaimVerdict
    reasons: tuple[Reason, ...]
    days_achieved: float = 0.0
    hours_over: float = 0.0
    longest_gap_h: float = 0.0


def cold_claims(certificate: Certificate, declared: Sequence[str]) -> tuple[Claim, ...]:
    """Return the cold treatments that can be checked by a logger.

    Args:
        certificate: claims without both temperature and duration state nothing to check.
        declared: the declaration's containers, for a certificate that names none.
    """
    made = []
    for line in certificate.lines:
        containers = _containers(line, certificate, declared)
        for treatment in line.treatments:
            if _is_cold(treatment):
                made += [_claim(line, treatment, container) for container in containers]
    return tuple(made)


def judge(claim: Claim, readings: Iterable[Reading]) -> ClaimResult:
    """Return what the readings of the claim's container say to it.

    Args:
        readings: of that container, in any order; outside the claimed period they do not count.
    """
    inside = [one for one in readings if _is_inside(claim, one.at)]
    pulp = [one for one in inside if one.pulp_c is not None]
    if not pulp:
        what = "no readings" if not inside else "readings of the air only, none inside the goods"
        text = f"The logger of {claim.container} has {what} for the claimed time."
        return ClaimResult(claim, ClaimVerdict.NOT_ENOUGH_DATA, (Reason("CLR_T03", text),))
    protocol = _protocol(claim)
    strict = evaluate(pulp, protocol)
    numbers = {
        "days_achieved": strict.days_achieved,
        "hours_over": strict.minutes_over / 60,
        "longest_gap_h": strict.longest_gap / timedelta(hours=1),
    }
    if strict.ok:
        return ClaimResult(claim, ClaimVerdict.VERIFIED, strict.reasons, **numbers)
    verdict = ClaimVerdict.NOT_ENOUGH_DATA
    if _is_excluded(claim, protocol, pulp):
        verdict = ClaimVerdict.CONTRADICTED
    return ClaimResult(claim, verdict, strict.reasons, **numbers)


def _is_excluded(claim: Claim, protocol: Protocol, pulp: Sequence[Reading]) -> bool:
    """Return whether the treatment cannot have been, even if every unseen hour was cold enough.

    Unseen are the gaps and, where the certificate states the period, what of it the logger missed.
    """
    seen = max(one.at for one in pulp) - min(one.at for one in pulp)
    if claim.started_at is not None and claim.ended_at is not None:
        claimed = max(claim.ended_at - claim.started_at, seen)
    elif seen >= protocol.lasting:
        claimed = seen
    else:
        return False
    hopeful = evaluate(pulp, replace(protocol, gap_at_most=_FOR_EVER))
    return timedelta(days=hopeful.days_achieved) + (claimed - seen) < protocol.lasting


def _protocol(claim: Claim) -> Protocol:
    return Protocol(
        name=claim.text,
        warmest_c=float(claim.warmest_c),
        lasting=timedelta(days=float(claim.lasting_days)),
        over_at_most=FORGIVEN,
    )


def _is_inside(claim: Claim, at: datetime) -> bool:
    after = claim.started_at is None or at >= claim.started_at
    return after and (claim.ended_at is None or at <= claim.ended_at)


def _is_cold(treatment: Treatment) -> bool:
    """Return whether cold was the treatment, and how cold and how long is stated."""
    try:
        temperature, days = treatment.temperature_c, treatment.duration_days
    except BadTerm:  # a unit of something else: the reader has remarked on it
        return False
    return temperature is not None and temperature <= WARMEST_COLD_C and bool(days)


def _claim(line: CertificateLine, treatment: Treatment, container: ContainerNumber) -> Claim:
    warmest, days = treatment.temperature_c, treatment.duration_days
    started = treatment.started.at if treatment.started else None
    ended = treatment.ended.at if treatment.ended else None
    return Claim(
        line=line.number,
        container=container,
        warmest_c=warmest if warmest is not None else Decimal(0),
        lasting_days=days if days is not None else Decimal(0),
        started_at=started,
        ended_at=ended if ended != started else None,
        text=f"{days:f} days at or below {warmest:f} °C",
    )


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
