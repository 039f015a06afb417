"""A treatment that a certificate claims, against the logger of the container that it names.

ISPM 12 certificates state treatments (AppliedSPSProcess: temperature, duration, period) and the
container. Whoever examines fruit must know whether the pulp stayed cold long enough; the logger in
that very container knows. What is claimed is read by `certificates.treatments`. Four answers:

- VERIFIED: the readings show the treatment as claimed;
- CONTRADICTED: the readings show so much warmth that it cannot have been;
- NOT_ENOUGH_DATA: no readings, readings of air only, gaps, or too short a time: nothing is proved;
- NOT_PROVABLE: no logger of temperatures can show it, such as a fumigation; what would is said.

Where the goods and the numbers fit a row of the schedule (`coldchain.treatment_schedules`), the
claim is held to what that row asks besides: where the clock starts, how many probes, how often they
are recorded, how well they are calibrated. Every probe counts, not the warmest alone.

Heat is given in a chamber, mostly before loading, for minutes or hours: only readings in the core
of the goods speak for it, and only within a stated period against it.

    result = judge(claim, readings)    # `claimed.treatment_claims` reads claims from a certificate
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from clearway.certificates.treatments import TreatmentKind
from clearway.coldchain import treatment_schedules
from clearway.coldchain.model import Reading
from clearway.coldchain.treatment import Limit, Protocol
from clearway.coldchain.treatment_proof import Outcome, verify
from clearway.terms.reason import Reason
from clearway.terms.transport import ContainerNumber

FORGIVEN = timedelta(minutes=30)
"""Warmth, in all, that is taken for a defrost and does not contradict. Assumed by the house."""

HEAT_GAP = timedelta(minutes=15)
"""A silence that breaks a heat treatment, which lasts for minutes. Assumed by the house."""


class ClaimVerdict(StrEnum):
    """What a logger says to a treatment that a certificate claims."""

    VERIFIED = "verified"
    CONTRADICTED = "contradicted"
    NOT_ENOUGH_DATA = "not_enough_data"
    NOT_PROVABLE = "not_provable"


@dataclass(frozen=True, slots=True)
class Claim:
    """A treatment that a certificate states for a container.

    Args:
        line: of the certificate.
        container: in which it was done.
        warmest_c: of cold: no warmer than this, degrees Celsius; else None.
        lasting_days: of cold: for so long without a break; else None.
        started_at, ended_at: when, aware UTC; None where the certificate does not say.
        text: the claim in words.
        kind: facts older than this field are of cold.
        coolest_c, lasting_hours: of heat: no cooler than this, for so long; None: not stated.
        wanting: of a fumigation: names of what the certificate does not state.
        commodity: code of the goods where their HS code tells, else "".
        sensors: how many probes the certificate says there were; None: not stated.
        calibrated: day on which they were; None: not stated.
        schedule: code of the row that fits, "" for none.
    """

    line: int
    container: ContainerNumber
    warmest_c: Decimal | None
    lasting_days: Decimal | None
    started_at: datetime | None
    ended_at: datetime | None
    text: str
    kind: TreatmentKind = TreatmentKind.COLD
    coolest_c: Decimal | None = None
    lasting_hours: Decimal | None = None
    wanting: tuple[str, ...] = ()
    commodity: str = ""
    sensors: int | None = None
    calibrated: date | None = None
    schedule: str = ""

    @property
    def is_for_logger(self) -> bool:
        """Whether readings of temperature can speak for or against it."""
        if self.kind is TreatmentKind.HEAT:
            return self.lasting_hours is not None
        return self.kind is TreatmentKind.COLD


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """What the logger of the claim's container says to it.

    Args:
        reasons: with the numbers, one sentence each.
        days_achieved: the longest unbroken treatment that the readings show.
        hours_over: beyond the temperature after the treatment first began.
        longest_gap_h: the longest silence of the logger.
    """

    claim: Claim
    verdict: ClaimVerdict
    reasons: tuple[Reason, ...]
    days_achieved: float = 0.0
    hours_over: float = 0.0
    longest_gap_h: float = 0.0


def judge(claim: Claim, readings: Iterable[Reading]) -> ClaimResult:
    """Return what the readings of the claim's container say to it.

    Args:
        readings: of that container, in any order; outside the claimed period they do not count.
    """
    if not claim.is_for_logger:
        return _not_provable(claim, _WHY_NOT[claim.kind])
    inside = [one for one in readings if _is_inside(claim, one.at)]
    pulp = [one for one in inside if one.pulp_c is not None]
    if not pulp and claim.kind is TreatmentKind.HEAT:
        return _not_provable(claim, f"The logger of {claim.container} has no readings in the core.")
    if not pulp:
        what = "no readings" if not inside else "readings of the air only, none inside the goods"
        text = f"The logger of {claim.container} has {what} for the claimed time."
        return ClaimResult(claim, ClaimVerdict.NOT_ENOUGH_DATA, (Reason("CLR_T03", text),))
    proof = verify(
        pulp,
        _protocol(claim),
        offsets_c=None if claim.calibrated is None else {},
        claimed=_claimed(claim),
    )
    numbers = {
        "days_achieved": proof.verdict.days_achieved,
        "hours_over": proof.verdict.minutes_over / 60,
        "longest_gap_h": proof.verdict.longest_gap / timedelta(hours=1),
    }
    is_undated_heat = claim.kind is TreatmentKind.HEAT and _claimed(claim) is None
    if is_undated_heat and proof.outcome is not Outcome.PASS:
        what = "The certificate states no exact period, and the logger of"
        return _not_provable(claim, f"{what} {claim.container} shows no heat.")
    reasons = (*proof.reasons, *_by_row(claim))
    return ClaimResult(claim, _VERDICTS[proof.outcome], reasons, **numbers)


_VERDICTS = {
    Outcome.PASS: ClaimVerdict.VERIFIED,
    Outcome.FAIL: ClaimVerdict.CONTRADICTED,
    Outcome.NOT_PROVABLE: ClaimVerdict.NOT_ENOUGH_DATA,
}


def _claimed(claim: Claim) -> timedelta | None:
    if claim.started_at is None or claim.ended_at is None:
        return None
    return claim.ended_at - claim.started_at


def _by_row(claim: Claim) -> Iterable[Reason]:
    row = treatment_schedules.schedules().get(claim.schedule)
    if row is not None:
        text = f"Held to the row {row.code} of the schedule: {row.source}."
        yield Reason("CLR_T05", text, row.code)


_WHY_NOT = {
    TreatmentKind.FUMIGATION: "A logger of temperatures cannot show a fumigation.",
    TreatmentKind.HEAT: "The certificate does not state how long the heat was held.",
    TreatmentKind.OTHER: "A logger of temperatures cannot show this treatment.",
}
_PROOF = {
    TreatmentKind.FUMIGATION: "The fumigator's record of the concentrations measured, with times"
    " and temperatures, would prove it.",
    TreatmentKind.HEAT: "The chamber's record of the core temperatures, by calibrated probes,"
    " would prove it.",
    TreatmentKind.OTHER: "The record of the facility that treated the goods would prove it.",
}


def _not_provable(claim: Claim, why: str) -> ClaimResult:
    """Return that no readings can show it, and the record that would."""
    said = [why, _PROOF[claim.kind]]
    if claim.wanting:
        said.append(f"The certificate does not state {', '.join(claim.wanting)}.")
    reason = Reason("CLR_T04", " ".join(said))
    return ClaimResult(claim, ClaimVerdict.NOT_PROVABLE, (reason,))


def _protocol(claim: Claim) -> Protocol:
    """Return what the claim says, and what its row of the schedule asks besides."""
    protocol = stated_protocol(claim)
    row = treatment_schedules.schedules().get(claim.schedule)
    if row is None:
        return protocol
    return replace(
        row.protocol,
        name=protocol.name,
        limit_c=protocol.limit_c,
        lasting=protocol.lasting,
        probes_at_least=max(row.protocol.probes_at_least, claim.sensors or 1),
    )


def stated_protocol(claim: Claim) -> Protocol:
    """Return what a claim itself says must have been kept."""
    if claim.kind is TreatmentKind.HEAT:
        return Protocol(
            name=claim.text,
            limit_c=float(claim.coolest_c or 0),
            lasting=timedelta(hours=float(claim.lasting_hours or 0)),
            gap_at_most=HEAT_GAP,
            limit=Limit.FLOOR,
        )
    return Protocol(
        name=claim.text,
        limit_c=float(claim.warmest_c or 0),
        lasting=timedelta(days=float(claim.lasting_days or 0)),
        over_at_most=FORGIVEN,
    )


def _is_inside(claim: Claim, at: datetime) -> bool:
    after = claim.started_at is None or at >= claim.started_at
    return after and (claim.ended_at is None or at <= claim.ended_at)
