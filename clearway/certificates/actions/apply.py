"""Apply for a certificate that we shall issue: new, in place of another, or for re-export."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from clearway.certificates.formats.profile import profile_of
from clearway.certificates.issuing import facts, numbering, tables
from clearway.certificates.issuing.asking import require_grounds, require_sound
from clearway.certificates.issuing.course import Step
from clearway.certificates.issuing.desk import ACTIONS
from clearway.certificates.issuing.model import Request, application_subject
from clearway.ledger.fact import encode
from clearway.policy.act import Act
from clearway.terms.finding import Finding
from clearway.terms.places import Country


@dataclass(frozen=True, slots=True)
class Applied:
    """The application is on file.

    Args:
        number: of the application.
        seq: the fact that holds it.
        findings: remarks of the rules; none is severe.
        repeated: it came before under this key; nothing was recorded now.
    """

    number: str
    seq: int
    findings: tuple[Finding, ...] = ()
    repeated: bool = field(default=False, compare=False)


def apply(act: Act, request: Request, country: Country, *, key: str = "") -> Applied:
    """File an application and give it its number.

    Args:
        country: ours.
        key: the applicant's own reference; a repeat under it is answered the same.

    Raises:
        RuleViolation: rules find severe faults; findings say which, field by field.
        NotFound, WrongState: what it shall replace or re-export is not on file, or not in force.
        ConflictingKey: the key stands for another application.
        Refused: policy says no.
    """
    profile = profile_of(request.content.type_code)
    party = {"party": request.party} if request.party else {}
    act.require(ACTIONS[Step.APPLY], agency=profile.agency, **party)
    digest = hashlib.sha256(encode(request)).digest()
    scope = f"certificate.apply:{act.actor.reference}"
    earlier = act.tx.earlier(scope, key, digest) if key else None
    if earlier is not None:
        return _again(act, earlier)
    findings = require_sound(request, country, act.now)
    require_grounds(act, request)
    name = numbering.application_series(country, act.now.year)
    running = tables.last_number(act.connection, name) + 1
    number = numbering.written(name, running)
    body = facts.Applied(number, name, running, profile.agency, request, findings)
    fact = act.append(body, subject=application_subject(country, number))
    if key:
        act.tx.claim(scope, key, digest, fact)
    return Applied(number, fact.seq, findings)


def _again(act: Act, seq: int) -> Applied:
    number = tables.number_of(act.connection, seq)
    held = tables.get_application(act.connection, number)
    return Applied(number, seq, held.findings, repeated=True)
