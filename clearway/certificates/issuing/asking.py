"""What an application must satisfy before it is filed: the rules, and what it rests upon."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from clearway.certificates import tables as received
from clearway.certificates.formats.profile import profile_of
from clearway.certificates.issuing import course, drafting, rules, tables
from clearway.certificates.issuing.course import Step
from clearway.certificates.issuing.model import Purpose, Request
from clearway.certificates.lifecycle import require_usable
from clearway.certificates.model import Channel, Key, Provenance
from clearway.certificates.rules import Desk
from clearway.errors import NotFound, RuleViolation
from clearway.policy.act import Act
from clearway.terms.finding import Finding, is_refusal
from clearway.terms.places import Country


def findings_of(request: Request, country: Country, now: datetime) -> tuple[Finding, ...]:
    """Return what the rules say of an application: to be asked as often as one likes.

    Args:
        country: ours.
        now: aware UTC.
    """
    profile = profile_of(request.content.type_code)
    nobody = Provenance(Channel.OFFICER, "")
    return rules.check(request, Desk(profile, country, now, nobody))


def require_sound(request: Request, country: Country, now: datetime) -> tuple[Finding, ...]:
    """Return the remarks on an application. Raises: RuleViolation: some are severe."""
    findings = findings_of(request, country, now)
    if is_refusal(findings):
        severe = sum(1 for each in findings if is_refusal((each,)))
        raise RuleViolation(
            f"The application cannot be filed: {severe} of its fields must be mended", findings
        )
    return findings


def require_grounds(act: Act, request: Request, number: str = "") -> None:
    """Refuse an application that rests on what is not there.

    Args:
        number: of the application, when it is an amended one.

    Raises:
        NotFound: what it replaces was not issued here to this party, or an imported certificate is
            not on file.
        WrongState: that is no longer in force.
        RuleViolation: more would be re-exported than is left.
    """
    but: tuple[str, ...] = (number,)
    if request.purpose is Purpose.REPLACEMENT and request.replaces is not None:
        but += (_require_replaceable(act, request, Key.parse(request.replaces)),)
    named = Counter((each.certificate, each.line) for each in request.originals)
    for (subject, line), times in named.items():
        if times > 1:
            raise RuleViolation(f"Line {line} of {subject} is named {times} times; add them up")
    for original in request.originals:
        record = received.get(act.connection, Key.parse(original.certificate))
        require_usable(record, profile_of(record.key.type_code))
        taken = tables.re_exported(act.connection, original.certificate, original.line, but=but)
        drafting.require_left(record.certificate, original, taken)


def _require_replaceable(act: Act, request: Request, key: Key) -> str:
    """Return the number of the application of the certificate that is to be replaced."""
    old = tables.get_issued(act.connection, key)
    if request.party and old.party != request.party:
        raise NotFound(f"No certificate {key.number} of this exporter was issued here")
    course.require(Step.REPLACE, old.stage, f"certificate {key.number}")
    if key.type_code != request.content.type_code:
        raise RuleViolation(
            f"A certificate of kind {key.type_code} is replaced by one of its own kind, not by"
            f" {request.content.type_code}"
        )
    return old.number
