"""Rules of verification. The docstring of a rule is the message that people see.

    findings = check(certificate, Desk(profile, country, now, provenance))

A SEVERE finding means: nothing may be cleared on the strength of this certificate. It is kept all
the same, since what was presented is evidence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Final

from clearway.certificates.fields import FIELDS
from clearway.certificates.model import (
    Assurance,
    Certificate,
    CertificateLine,
    Provenance,
    Status,
    describe_status,
)
from clearway.certificates.parts import Precision, Stated, Treatment
from clearway.certificates.profile import Profile
from clearway.certificates.proof import NO_SIGNATURE, Signature, SignatureCheck, assurance
from clearway.errors import BadTerm
from clearway.terms.finding import Area, Finding, Level
from clearway.terms.places import Country
from clearway.terms.quantity import Quantity
from clearway.terms.transport import ContainerNumber

# Clocks of two authorities may differ by this much; a day stated without a zone by a day.
CLOCK_SKEW: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)

# Signatures are given on the day of issue or a few days before; a month apart, one of the two dates
# means something else (seen: the end of validity in the place of the signature).
SIGNATURE_APART: Final = timedelta(days=31)

# No treatment of goods is colder than deep freezing or hotter than steam under pressure.
COLDEST_C: Final = Decimal(-60)
HOTTEST_C: Final = Decimal(150)
LONGEST_DAYS: Final = Decimal(90)

# Cold treatment goes on during the voyage; it is below this temperature.
IN_TRANSIT_COLD_C: Final = Decimal(5)

_STATUSES: Final = frozenset(Status)
_MOST_OF_A_KIND: Final = 20
_LONGEST_SHOWN: Final = 200
_LINES: Final = "SPSConsignment/IncludedSPSConsignmentItem/IncludedSPSTradeLineItem"
_ISSUE: Final = "SPSExchangedDocument/IssueDateTime"


@dataclass(frozen=True, slots=True)
class Desk:
    """What a certificate is held against.

    Args:
        profile: of its kind.
        country: ours.
        now: aware UTC.
        provenance: where the message came from.
        signature: what checking the enclosed signature gave.
    """

    profile: Profile
    country: Country
    now: datetime
    provenance: Provenance
    signature: SignatureCheck = NO_SIGNATURE


Found = Iterator[tuple[str, str]]
Check = Callable[[Certificate, Desk], Found]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: yields the path and the value of each breach."""

    code: str
    area: Area
    level: Level
    check: Check

    @property
    def text(self) -> str:
        """What the rule says; shown to people."""
        return " ".join((self.check.__doc__ or "").split())

    def findings(self, certificate: Certificate, desk: Desk) -> Iterator[Finding]:
        """Yield one finding for each breach, and for those beyond twenty their number."""
        breaches = iter(self.check(certificate, desk))
        for path, found in islice(breaches, _MOST_OF_A_KIND):
            message = f"{self.text} Found: {_shown(found)}." if found else self.text
            yield Finding(self.code, self.area, self.level, path, message)
        more = sum(1 for _ in breaches)
        if more:
            message = f"{self.text} So {more:,} times more."
            yield Finding(self.code, self.area, self.level, "", message)


RULES: list[Rule] = []


def _rule(code: str, area: Area, level: Level) -> Callable[[Check], Check]:
    def register(check: Check) -> Check:
        RULES.append(Rule(code, area, level, check))
        return check

    return register


def check(certificate: Certificate, desk: Desk) -> tuple[Finding, ...]:
    """Return every breach of every rule, in the order of the codes."""
    return tuple(finding for rule in RULES for finding in rule.findings(certificate, desk))


@_rule("CERT_R01", Area.MAPPING, Level.SEVERE)
def status_is_known(certificate: Certificate, desk: Desk) -> Found:
    """The status must be a code of UNECE 4405 that certificates bear, such as 70 (issued)."""
    if certificate.status not in _STATUSES:
        yield "SPSExchangedDocument/StatusCode", certificate.status or "nothing"


@_rule("CERT_R02", Area.RULE, Level.SEVERE)
def status_is_usable(certificate: Certificate, desk: Desk) -> Found:
    """Goods may enter only under a certificate that is in force; ask its authority for one."""
    known = certificate.status in _STATUSES
    if known and certificate.status not in desk.profile.usable_statuses:
        yield "SPSExchangedDocument/StatusCode", describe_status(certificate.status)


@_rule("CERT_R03", Area.MAPPING, Level.SEVERE)
def kind_has_a_profile(certificate: Certificate, desk: Desk) -> Found:
    """This kind of certificate is not known here; an administrator can add its profile."""
    if desk.profile.type_code != certificate.type_code:
        yield "SPSExchangedDocument/TypeCode", certificate.type_code


@_rule("CERT_R04", Area.MAPPING, Level.SEVERE)
def issue_date_can_be_read(certificate: Certificate, desk: Desk) -> Found:
    """The date of issue must be one date, such as 2026-03-14."""
    if certificate.issued is not None and certificate.issued.at is None:
        yield _ISSUE, certificate.issued.text


@_rule("CERT_R05", Area.RULE, Level.SEVERE)
def issue_is_not_in_the_future(certificate: Certificate, desk: Desk) -> Found:
    """The date of issue must not lie in the future."""
    issued = certificate.issued
    if issued is not None and issued.at is not None and issued.at > desk.now + _slack(issued):
        yield _ISSUE, issued.text


@_rule("CERT_R06", Area.RULE, Level.SEVERE)
def issue_is_not_too_old(certificate: Certificate, desk: Desk) -> Found:
    """The certificate is older than its kind may be on arrival; ask for a new one."""
    limit, issued = desk.profile.max_age_days, certificate.issued
    if limit is None or issued is None or issued.at is None:
        return
    if issued.at + timedelta(days=limit) + _slack(issued) < desk.now:
        yield _ISSUE, f"{issued.text}, over {limit} days ago"


@_rule("CERT_R07", Area.RULE, Level.SEVERE)
def goods_are_meant_for_us(certificate: Certificate, desk: Desk) -> Found:
    """The certificate must name this country as the importing country, or as one of transit."""
    country = certificate.importing_country
    if country not in (None, desk.country) and desk.country not in certificate.transit_countries:
        yield "SPSConsignment/ImportSPSCountry/ID", str(country)


@_rule("CERT_R08", Area.MANDATORY, Level.SEVERE)
def mandatory_fields_are_stated(certificate: Certificate, desk: Desk) -> Found:
    """A certificate of this kind must state this; ask its authority to replace it."""
    yield from _missing(certificate, desk.profile.mandatory)


@_rule("CERT_R09", Area.MANDATORY, Level.WARNING)
def expected_fields_are_stated(certificate: Certificate, desk: Desk) -> Found:
    """A certificate of this kind usually states this."""
    yield from _missing(certificate, desk.profile.expected)


@_rule("CERT_R10", Area.MANDATORY, Level.SEVERE)
def lines_have_a_quantity(certificate: Certificate, desk: Desk) -> Found:
    """Each line must state a quantity above zero: mass, volume or number."""
    for line in certificate.lines:
        if line.certified is None or line.certified.value <= 0:
            yield _path(line), f"line {line.number}, {line.certified or 'nothing'}"


@_rule("CERT_R11", Area.RULE, Level.WARNING)
def net_is_not_above_gross(certificate: Certificate, desk: Desk) -> Found:
    """The net mass or volume must not be above the gross one."""
    for line in certificate.lines:
        for net, gross in ((line.net_mass, line.gross_mass), (line.net_volume, line.gross_volume)):
            if net is not None and gross is not None and _exceeds(net, gross):
                yield _path(line), f"line {line.number}, net {net}, gross {gross}"


@_rule("CERT_R12", Area.RULE, Level.SEVERE)
def line_numbers_differ(certificate: Certificate, desk: Desk) -> Found:
    """Two lines bear one number, so nobody can tell which of them is used."""
    for number, times in Counter(line.number for line in certificate.lines).items():
        if times > 1:
            yield f"{_LINES}/SequenceNumeric", f"line {number} stands {times} times"


@_rule("CERT_R13", Area.RULE, Level.WARNING)
def treatment_is_plausible(certificate: Certificate, desk: Desk) -> Found:
    """The treatment is not plausible: its temperature, its duration or its dates cannot be so."""
    for line, treatment in _treatments(certificate):
        for doubt in _doubts(treatment):
            yield f"{_path(line)}/AppliedSPSProcess", f"line {line.number}, {doubt}"


@_rule("CERT_R14", Area.RULE, Level.WARNING)
def treatment_ends_before_issue(certificate: Certificate, desk: Desk) -> Found:
    """A treatment other than cold in transit must have ended before the certificate was issued."""
    issued_at = certificate.issued_at
    for line, treatment in _treatments(certificate):
        ended = treatment.ended
        if issued_at is None or ended is None or ended.at is None or _is_cold(treatment):
            continue
        if ended.at > issued_at + DAY:
            yield f"{_path(line)}/AppliedSPSProcess", f"line {line.number}, ended {ended.text}"


@_rule("CERT_R15", Area.RULE, Level.WARNING)
def container_numbers_are_sound(certificate: Certificate, desk: Desk) -> Found:
    """A container number must be of ISO 6346 with its check digit; look at the container."""
    for container in certificate.containers:
        try:
            ContainerNumber.read(container)
        except BadTerm as error:
            yield "SPSConsignment/UtilizedSPSTransportEquipment/ID", error.detail


@_rule("CERT_R16", Area.RULE, Level.WARNING)
def issuer_is_another_country(certificate: Certificate, desk: Desk) -> Found:
    """The issuing and the importing country are the same."""
    if certificate.issuing_country == certificate.importing_country:
        yield "SPSConsignment/ExportSPSCountry/ID", certificate.issuing_country


@_rule("CERT_R17", Area.RULE, Level.WARNING)
def signature_is_near_the_issue(certificate: Certificate, desk: Desk) -> Found:
    """Signature and issue lie over a month apart: one of the two dates means something else."""
    issued_at = certificate.issued_at
    for signatory in certificate.signatories:
        signed = signatory.signed
        if issued_at is None or signed is None or signed.at is None:
            continue
        if abs(signed.at - issued_at) > SIGNATURE_APART:
            path = "SPSExchangedDocument/SignatorySPSAuthentication/ActualDateTime"
            yield path, f"issued {_day(issued_at)}, signed {_day(signed.at)}"


@_rule("CERT_R18", Area.RULE, Level.SEVERE)
def sender_is_the_issuer(certificate: Certificate, desk: Desk) -> Found:
    """The authority that sent the certificate is not that of the country that issued it."""
    if desk.signature.state is Signature.HOLDS:
        return
    if assurance(certificate, desk.provenance) is Assurance.CONTRADICTED:
        found = f"issued by {certificate.issuing_country}, sent by {desk.provenance.sender}"
        yield "SPSConsignment/ExportSPSCountry/ID", found


@_rule("CERT_R19", Area.RULE, Level.WARNING)
def origin_is_proved(certificate: Certificate, desk: Desk) -> Found:
    """Nothing proves yet that the authority issued this certificate; it may be asked to confirm."""
    if assurance(certificate, desk.provenance, desk.signature) is Assurance.UNPROVEN:
        yield "", f"handed in by {desk.provenance.sender}"


@_rule("CERT_R20", Area.RULE, Level.INFO)
def signature_was_not_checked(certificate: Certificate, desk: Desk) -> Found:
    """The message encloses a signature, which was not checked here: it proves nothing so far."""
    if certificate.has_signature and desk.signature.state in _NOT_CHECKED:
        yield "Signature", desk.signature.detail


@_rule("CERT_R21", Area.RULE, Level.SEVERE)
def signature_is_not_false(certificate: Certificate, desk: Desk) -> Found:
    """The signature of the message is false, so it is not what an authority signed."""
    if desk.signature.state is Signature.FALSE:
        yield "Signature", desk.signature.detail


@_rule("CERT_R22", Area.RULE, Level.WARNING)
def signer_is_trusted(certificate: Certificate, desk: Desk) -> Found:
    """Whoever signed the message is not trusted here, so the signature proves nothing."""
    if desk.signature.state is Signature.UNTRUSTED:
        yield "Signature", desk.signature.detail


_NOT_CHECKED: Final = (Signature.ABSENT, Signature.UNCHECKED)


def _shown(found: str) -> str:
    return found if len(found) <= _LONGEST_SHOWN else f"{found[:_LONGEST_SHOWN]}..."


def _missing(certificate: Certificate, names: tuple[str, ...]) -> Found:
    for name in names:
        path, words, is_stated = FIELDS[name]
        if not is_stated(certificate):
            yield path, f"no {words.removeprefix('the ')}"


def _slack(issued: Stated) -> timedelta:
    """How far a stated time may be off: a day without a zone may begin half a day earlier."""
    return CLOCK_SKEW if issued.precision is Precision.INSTANT else DAY


def _path(line: CertificateLine) -> str:
    return f"{_LINES}[SequenceNumeric={line.number}]"


def _treatments(certificate: Certificate) -> Iterator[tuple[CertificateLine, Treatment]]:
    for line in certificate.lines:
        for treatment in line.treatments:
            yield line, treatment


def _doubts(treatment: Treatment) -> Iterator[str]:
    temperature_c, days = treatment.temperature_c, treatment.duration_days
    if temperature_c is not None and not COLDEST_C <= temperature_c <= HOTTEST_C:
        yield f"{treatment.temperature}"
    if days is not None and not 0 < days <= LONGEST_DAYS:
        yield f"for {treatment.duration}"
    started, ended = treatment.started, treatment.ended
    if started is None or ended is None or started.at is None or ended.at is None:
        return
    if ended.at < started.at:
        yield f"from {started.text} to {ended.text}"
    elif days is not None and ended.at - started.at + DAY < timedelta(days=float(days)):
        yield f"for {treatment.duration}, but from {started.text} to {ended.text}"


def _is_cold(treatment: Treatment) -> bool:
    temperature_c = treatment.temperature_c
    return temperature_c is not None and temperature_c <= IN_TRANSIT_COLD_C


def _exceeds(net: Quantity, gross: Quantity) -> bool:
    return net.unit.dimension == gross.unit.dimension and net > gross


def _day(at: datetime) -> str:
    return at.date().isoformat()
