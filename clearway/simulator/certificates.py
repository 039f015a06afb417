"""Certificates of a day: what authorities abroad certified, and what was done to some of them.

Each consignment of regulated goods needs one (phytosanitary, veterinary). About one in six is not
as it should be; each way happens at least once on a day with enough of them:

- altered: after it was issued somebody raised its quantity and sent it again under its number;
- reused: a second consignment names a certificate that covered an earlier one;
- withdrawn: the authority takes it back before the goods are released;
- expired: issued long before the goods left;
- short: it covers less than is declared;
- other_container, other_seal: it names another container, or another seal;
- absent: declared, but no authority ever sent it;
- false_treatment: it claims a cold treatment that the container did not give.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from clearway.certificates.formats import sps_certificate
from clearway.certificates.model import Certificate, CertificateLine, Status
from clearway.simulator.attestation import attest
from clearway.simulator.consignments import Consignment
from clearway.simulator.reefers import Unit
from clearway.simulator.streams import Generator
from clearway.terms.quantity import KGM, Quantity
from clearway.terms.transport import ContainerNumber


class Flaw(StrEnum):
    """What is wrong with a certificate; NONE when nothing is."""

    NONE = ""
    ALTERED = "altered"
    REUSED = "reused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    SHORT = "short"
    OTHER_CONTAINER = "other_container"
    OTHER_SEAL = "other_seal"
    ABSENT = "absent"
    FALSE_TREATMENT = "false_treatment"


_DRAWN = (
    Flaw.ALTERED, Flaw.REUSED, Flaw.WITHDRAWN, Flaw.EXPIRED, Flaw.SHORT, Flaw.OTHER_CONTAINER,
    Flaw.OTHER_SEAL, Flaw.ABSENT,
)  # fmt: skip
_FLAWED_SHARE = 0.16


@dataclass(frozen=True, slots=True)
class Paper:
    """One certificate of one consignment.

    Args:
        lrn: of the consignment that names it.
        type_code: UNECE 1001.
        number: as its authority writes it.
        flaw: what is wrong with it.
        messages: bytes with the instant at which each reaches the border, in order; none when it
            is absent or reused.
    """

    lrn: str
    type_code: str
    number: str
    country: str
    flaw: Flaw
    messages: tuple[tuple[datetime, bytes], ...]


def issue(
    rng: Generator,
    consignments: tuple[Consignment, ...],
    units: dict[str, Unit],
    false_claims: frozenset[str],
) -> tuple[Paper, ...]:
    """Return the certificates that the consignments of a day name.

    Args:
        units: refrigerated containers by number.
        false_claims: containers whose treatment was not what their certificate claims.
    """
    regulated = [each for each in consignments if kind_of(each)]
    flaws = _flaws(rng, regulated)
    papers: list[Paper] = []
    for place, (consignment, flaw) in enumerate(zip(regulated, flaws, strict=True)):
        spare = next((p for p in papers if _can_serve(p, consignment)), None)
        if flaw is Flaw.REUSED and spare is not None:
            papers.append(replace(spare, lrn=consignment.lrn, flaw=flaw, messages=()))
            continue
        if flaw is Flaw.REUSED:
            flaw = Flaw.NONE
        papers.append(_paper(rng, place, consignment, flaw, units, false_claims))
    return tuple(papers)


def kind_of(consignment: Consignment) -> str | None:
    """Return the type code that the consignment's first regulated item needs."""
    return next(
        (line.goods.certificate for line in consignment.lines if line.goods.certificate), None
    )


def _flaws(rng: Generator, regulated: list[Consignment]) -> list[Flaw]:
    """Draw the flaws; the first places of a shuffled day show each once."""
    flaws = [
        _DRAWN[int(rng.integers(len(_DRAWN)))] if rng.random() < _FLAWED_SHARE else Flaw.NONE
        for _ in regulated
    ]
    if len(regulated) >= 4 * len(_DRAWN):
        later = len(regulated) // 3
        order = rng.permutation(range(later, len(regulated)))
        for flaw in _DRAWN:
            place = next(int(p) for p in order if _fits(flaw, regulated[int(p)], flaws[int(p)]))
            flaws[place] = flaw
    return [
        flaw if _fits(flaw, consignment, Flaw.NONE) else Flaw.NONE
        for flaw, consignment in zip(flaws, regulated, strict=True)
    ]


def _fits(flaw: Flaw, consignment: Consignment, present: Flaw) -> bool:
    if present is not Flaw.NONE:
        return False
    return bool(consignment.boxes) or flaw not in (Flaw.OTHER_CONTAINER, Flaw.OTHER_SEAL)


def _can_serve(paper: Paper, consignment: Consignment) -> bool:
    """Return whether a certificate that came earlier could be shown for other goods as well."""
    origin = consignment.lines[0].origin
    return (
        paper.flaw is Flaw.NONE
        and paper.country == origin
        and paper.type_code == kind_of(consignment)
    )


def _paper(
    rng: Generator,
    place: int,
    consignment: Consignment,
    flaw: Flaw,
    units: dict[str, Unit],
    false_claims: frozenset[str],
) -> Paper:
    left = consignment.arrives_at - timedelta(hours=consignment.hours_under_way)
    age_days = 400 if flaw is Flaw.EXPIRED else 1
    issued = (left - timedelta(days=age_days, hours=float(rng.uniform(1, 20)))).replace(
        microsecond=0
    )
    type_code = kind_of(consignment) or ""
    country = consignment.lines[0].origin
    number = f"{country}-{issued:%Y}-{type_code}-{place:03d}{int(rng.integers(10_000)):04d}"
    certificate = attest(consignment, type_code, number, issued, units)
    certificate = _spoilt(rng, certificate, flaw)
    if flaw is Flaw.NONE and any(box.number in false_claims for box in consignment.boxes):
        flaw = Flaw.FALSE_TREATMENT
    return Paper(
        consignment.lrn,
        type_code,
        number,
        country,
        flaw,
        _messages(rng, consignment, certificate, flaw),
    )


def _messages(
    rng: Generator, consignment: Consignment, certificate: Certificate, flaw: Flaw
) -> tuple[tuple[datetime, bytes], ...]:
    """Return what is sent when: most come a day before the lodgement, some hours after it."""
    if flaw is Flaw.ABSENT:
        return ()
    early = rng.random() < 0.88
    hours = -float(rng.uniform(2.0, 30.0)) if early else float(rng.uniform(0.5, 4.0))
    sent = (consignment.lodged_at + timedelta(hours=hours)).replace(microsecond=0)
    messages = [(sent, sps_certificate.write(certificate))]
    again = sent + timedelta(hours=float(rng.uniform(0.5, 2.0)))
    if flaw is Flaw.ALTERED:
        messages.append((again, sps_certificate.write(_raised(certificate))))
    if flaw is Flaw.WITHDRAWN:
        taken_back = replace(certificate, status=Status.WITHDRAWN)
        messages.append((again, sps_certificate.write(taken_back)))
    return tuple((at.replace(microsecond=0), body) for at, body in messages)


def _raised(certificate: Certificate) -> Certificate:
    """Return the certificate with a fifth more goods on its first line."""
    first = certificate.lines[0]
    if first.net_mass is None:
        return certificate
    mass = Quantity((first.net_mass.value * Decimal("1.2")).quantize(Decimal("0.1")), KGM)
    return replace(certificate, lines=(replace(first, net_mass=mass), *certificate.lines[1:]))


def _spoilt(rng: Generator, certificate: Certificate, flaw: Flaw) -> Certificate:
    """Return the certificate with what is wrong on its face."""
    if flaw is Flaw.SHORT:
        lines = tuple(_halved(line) for line in certificate.lines)
        return replace(certificate, lines=lines)
    if flaw in (Flaw.OTHER_CONTAINER, Flaw.OTHER_SEAL):
        first = certificate.equipment[0]
        if flaw is Flaw.OTHER_SEAL:
            other = replace(first, seals=(f"S{int(rng.integers(10_000_000)):07d}",))
        else:
            number = ContainerNumber.build(f"CWRU{int(rng.integers(1_000_000)):06d}")
            other = replace(first, container=str(number))
        return replace(certificate, equipment=(other, *certificate.equipment[1:]))
    return certificate


def _halved(line: CertificateLine) -> CertificateLine:
    if line.net_mass is None:
        return line
    mass = Quantity((line.net_mass.value / 2).quantize(Decimal("0.1")), KGM)
    return replace(line, net_mass=mass)
