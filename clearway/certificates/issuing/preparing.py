"""What is made before a certificate is recorded as issued: outside the transaction, since it signs.

    made = prepare_issue(application, office, secret=entropy(16), at=now, authority=node.authority)
    issue(act, application.number, made)

The document is written strictly, signed, and read back: what is recorded is what a receiver reads.
Keys and entropy are arguments; nothing is stored here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from clearway.certificates.claims import Place
from clearway.certificates.formats import sps_certificate
from clearway.certificates.formats.profile import profile_of
from clearway.certificates.issuing import course
from clearway.certificates.issuing.course import Step
from clearway.certificates.issuing.model import Application, Issue, Result, goods_digest
from clearway.certificates.issuing.numbering import place_of
from clearway.certificates.model import Certificate, CertificateLine, Status
from clearway.certificates.parts import Location, Party, Signatory, Stated, Text
from clearway.certificates.profile import Profile
from clearway.errors import RuleViolation, WrongState

SECRET_SIZE: Final = 16


class Authority(Protocol):
    """Signs and seals in the name of the authority (`node.authority` is the one that runs)."""

    def sign(self, document: bytes, signed_at: datetime) -> bytes:
        """Return the document with an enveloped XML signature."""
        ...

    def seal(
        self, certificate: Certificate, place: Place, secret: bytes, valid_until: date | None
    ) -> bytes:
        """Return the COSE seal of a certificate; its digests are those of the signed document."""
        ...


@dataclass(frozen=True, slots=True)
class Office:
    """Who certifies, as the certificate states it.

    Args:
        name: of the authority.
        place: of issue.
        officer: name of the certifying officer.
    """

    name: str
    place: str
    officer: str


def prepare_issue(
    application: Application, office: Office, *, secret: bytes, at: datetime, authority: Authority
) -> Issue:
    """Return everything that `actions.issue` records.

    Args:
        application: approved.
        secret: 16 unpredictable bytes.
        at: instant of issue, aware UTC.

    Raises:
        WrongState: the application is not approved.
        RuleViolation: the document cannot be written, or does not read back as it was written.
    """
    course.require(Step.ISSUE, application.stage, f"application {application.number}")
    if application.key is None or application.status_index is None:
        raise WrongState(f"The application {application.number} has no number yet; approve it")
    if len(secret) != SECRET_SIZE:
        raise RuleViolation(f"The secret of a certificate has {SECRET_SIZE} bytes")
    built = build(application, office, secret=secret, at=at)
    document = authority.sign(sps_certificate.write(built), at)
    read = read_back(document, built)
    place = place_of(built.type_code, application.status_index)
    sealed = authority.seal(read, place, secret, last_day(built, at))
    return Issue(read, document, sealed, secret.hex(), application.content_seq)


def build(application: Application, office: Office, *, secret: bytes, at: datetime) -> Certificate:
    """Return the certificate that an approved application becomes, status 70."""
    content = application.request.content
    profile = profile_of(content.type_code)
    instant = Stated.instant(at.replace(microsecond=0))
    notes = list(content.notes)
    notes += [profile.note("additional_declaration", text) for text in _declared(application)]
    notes.append(profile.note("single_use_secret", secret.hex()))
    return replace(
        content,
        number=certificate_number(application),
        status=Status.ISSUED,
        issued=instant,
        issuer=Party(office.name),
        title=content.title or (Text(profile.name.capitalize(), "en"),),
        lines=tuple(_treated(line, _counting(application)) for line in content.lines),
        notes=tuple(notes),
        signatories=(_signatory(profile, office, instant),),
    )


def certificate_number(application: Application) -> str:
    """Return the number of the certificate as it is written. Raises: WrongState: it has none."""
    approvals = [done.remark for done in application.history if done.step is Step.APPROVE]
    if not approvals:
        raise WrongState(f"The application {application.number} has no number yet; approve it")
    return approvals[-1]


def restated(issued: Certificate, status: Status) -> Certificate:
    """Return an issued certificate under another status: what tells its end to the importer.

    Args:
        status: 40 or 44.
    """
    return replace(issued, status=status, digest="", content_digest="", has_signature=False)


def last_day(certificate: Certificate, at: datetime) -> date | None:
    """Return the last day on which a certificate issued at this instant may be used, or None."""
    days = profile_of(certificate.type_code).issue.valid_days
    return None if days is None else at.date() + timedelta(days=days)


def prepare_word(application: Application, *, at: datetime, authority: Authority) -> bytes:
    """Return the signed document that tells the end of a certificate to the importing country.

    Raises: WrongState: it was not issued, or is still in force: send its own document then.
    """
    status = course.STATUS[application.stage]
    if application.issued is None or status not in (Status.WITHDRAWN, Status.REPLACED):
        raise WrongState(
            f"The application {application.number} is {application.stage}; its end cannot be told"
        )
    return authority.sign(sps_certificate.write(restated(application.issued, status)), at)


def read_back(document: bytes, built: Certificate) -> Certificate:
    """Return the certificate as a receiver reads it.

    Raises: RuleViolation: it differs from what was to be written; nothing of it may be issued.
    """
    read, findings = sps_certificate.read(document)
    plain = replace(read, digest="", content_digest="", has_signature=False)
    if plain != built or findings:
        said = findings[0].message if findings else "a value is lost or changed in writing"
        raise RuleViolation(f"The certificate {built.number} cannot be issued: {said}", findings)
    return read


def _signatory(profile: Profile, office: Office, instant: Stated) -> Signatory:
    statement = profile.issue.statement or profile.name
    return Signatory(
        signed=instant,
        place=Location(name=office.place) if office.place else None,
        authority=Party(office.name, person=office.officer),
        statements=(Text(statement, "en"),),
    )


def _declared(application: Application) -> tuple[str, ...]:
    found = (each.declaration for each in _counting(application))
    return tuple(dict.fromkeys(text for text in found if text))


def _treated(line: CertificateLine, results: tuple[Result, ...]) -> CertificateLine:
    added = tuple(
        each.treatment
        for each in results
        if each.treatment is not None
        and (not each.lines or line.number in each.lines)
        and each.treatment not in line.treatments
    )
    return replace(line, treatments=line.treatments + added)


def _counting(application: Application) -> tuple[Result, ...]:
    goods = goods_digest(application.request.content.lines)
    return tuple(each for each in application.results if each.goods == goods and each.conforms)
