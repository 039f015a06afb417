"""Issue an approved certificate: record what was signed and sealed outside the transaction."""

from __future__ import annotations

import binascii
import hashlib

from clearway.certificates.issuing import course, facts, tables
from clearway.certificates.issuing.course import Step
from clearway.certificates.issuing.desk import take_up
from clearway.certificates.issuing.model import Application, Issue
from clearway.certificates.model import Key, Status
from clearway.errors import RuleViolation, WrongState
from clearway.ledger.fact import Fact
from clearway.policy.act import Act


def issue(act: Act, number: str, made: Issue) -> Fact:
    """Record the certificate as issued; what it replaces ends in the same transaction.

    Args:
        number: of the application.
        made: by `issuing.preparing.prepare_issue`.

    Raises:
        NotFound: no such application is on file.
        WrongState: it is not approved, what was prepared is out of date, or what it replaces is no
            longer in force.
        RuleViolation: what was prepared is of another application or of another document.
        Refused: policy says no, or a second person is asked for and this is not one.
    """
    held = take_up(act, number, Step.ISSUE)
    key, index = _require_of(held, made)
    body = facts.Issued(
        application=number,
        certificate=made.certificate,
        status_index=index,
        document=_base64(made.document),
        seal=_base64(made.seal),
        secret=made.secret,
    )
    replaced = held.request.replaces
    if replaced is not None:
        old = tables.get_issued(act.connection, Key.parse(replaced))
        course.require(Step.REPLACE, old.stage, f"certificate {replaced}")
    fact = act.append(body, subject=key.subject)
    if replaced is not None:
        act.append(facts.Replaced(replaced, key.subject), subject=replaced)
    return fact


def _require_of(held: Application, made: Issue) -> tuple[Key, int]:
    if held.content_seq != made.content_seq:
        raise WrongState(f"The application {held.number} changed meanwhile; prepare it again")
    certificate = made.certificate
    if held.key is None or held.status_index is None or certificate.key != held.key:
        raise RuleViolation(f"What was prepared is not of the application {held.number}")
    if certificate.status != Status.ISSUED or not made.secret:
        raise RuleViolation(f"What was prepared for {certificate.number} is not whole")
    if hashlib.sha256(made.document).hexdigest() != certificate.digest:
        raise RuleViolation(f"The document is not the one of the certificate {certificate.number}")
    return held.key, held.status_index


def _base64(content: bytes) -> str:
    return binascii.b2a_base64(content, newline=False).decode()
