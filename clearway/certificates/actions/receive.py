"""Receive a certificate: file what came, follow what it changes, or raise an alarm.

    outcome = receive(act, certificate, findings, original, provenance)

Prepare the arguments outside the transaction, with `intake.examine`. The same message again is
answered the same and changes nothing. Answer the sender after the commit only.
"""

from __future__ import annotations

import binascii
import hashlib
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from clearway.certificates import facts, tables
from clearway.certificates.formats.profile import profile_of
from clearway.certificates.lifecycle import Change, judge, successions
from clearway.certificates.model import Assurance, Certificate, Key, Provenance, Status
from clearway.certificates.proof import Verdict, authenticity, outranks
from clearway.certificates.record import Record
from clearway.errors import RuleViolation, TooLarge
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.terms.finding import Finding

LARGEST_BYTES: Final = 2 << 20
_SCOPE: Final = "certificate.receive"


@dataclass(frozen=True, slots=True)
class Received:
    """The message is on file.

    Args:
        key: which certificate.
        seq: the fact that holds it.
        repeated: this content came before, proved as well; nothing was recorded now.
    """

    key: Key
    seq: int
    repeated: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Other content stands on file under this number: an alarm was recorded.

    Args:
        key: which certificate.
        seq: the fact of the alarm, which says which of the two counts.
        repeated: the same alarm was recorded before; nothing was recorded now.
    """

    key: Key
    seq: int
    repeated: bool = field(default=False, compare=False)


Outcome: TypeAlias = Received | Conflict


def receive(
    act: Act,
    certificate: Certificate,
    findings: tuple[Finding, ...],
    original: bytes,
    provenance: Provenance,
    verdict: Verdict | None = None,
) -> Outcome:
    """File a certificate that came in.

    Args:
        certificate: as read from `original`.
        findings: of the reader and of the rules; severe ones do not keep it off the file.
        original: the message, at most 2 MiB.
        provenance: where it came from, as the door proved it.
        verdict: of `intake.examine`, which checked its signature; None: none was checked.

    Raises:
        TooLarge: the message is longer.
        RuleViolation: the certificate was read from another message.
        Refused: policy says no.
    """
    verdict = verdict or authenticity(certificate, provenance)
    key, proof = certificate.key, verdict.assurance
    agency = profile_of(certificate.type_code).agency
    act.require("certificate.receive", agency=agency, certificate=key.subject)
    _require_small(original)
    _require_read_from(original, certificate)
    seq = _earlier(act, certificate, proof)
    if seq is not None:
        kind = Conflict if tables.is_alarm(act.connection, seq) else Received
        return kind(key, seq, repeated=True)
    record = tables.find(act.connection, key)
    change = judge(record, certificate, proof)
    if record is not None and change is Change.SAME:
        return Received(key, record.seq, repeated=True)
    body = facts.Received(
        certificate, provenance, proof, findings, change, _base64(original), verdict
    )
    if record is None or not change.is_conflict:
        fact = _file(act, body, key)
        _claim(act, certificate, proof, fact)
        return Received(key, fact.seq)
    fact = _alarm(act, record, body, change)
    _claim(act, certificate, proof, fact)
    return Conflict(key, fact.seq)


def _require_small(original: bytes) -> None:
    if len(original) > LARGEST_BYTES:
        raise TooLarge(
            f"The certificate has {len(original):,} bytes; at most {LARGEST_BYTES:,} can be filed."
            " Send it without its attachments; a reference to each of them is enough",
            limit="size_bytes",
        )


def _require_read_from(original: bytes, certificate: Certificate) -> None:
    if hashlib.sha256(original).hexdigest() != certificate.digest:
        raise RuleViolation(
            f"The message is not the one from which the certificate {certificate.number} was read;"
            " hand in both from one reading"
        )


def _earlier(act: Act, certificate: Certificate, proof: Assurance) -> int | None:
    """Return the fact that this content became when it came before, proved as well or better."""
    sense = certificate.sense
    for known in Assurance:
        if not outranks(proof, known):
            seq = act.tx.earlier(_SCOPE, f"{sense}:{known}", bytes.fromhex(sense))
            if seq is not None:
                return seq
    return None


def _claim(act: Act, certificate: Certificate, proof: Assurance, fact: Fact) -> None:
    sense = certificate.sense
    act.tx.claim(_SCOPE, f"{sense}:{proof}", bytes.fromhex(sense), fact)


def _alarm(act: Act, record: Record, body: facts.Received, change: Change) -> Fact:
    prevails = change is Change.CORRECTION
    alarm = facts.Conflicted(
        certificate=body.certificate,
        provenance=body.provenance,
        assurance=body.assurance,
        registered_digest=record.certificate.digest,
        registered_seq=record.seq,
        prevails=prevails,
        is_disputed=change is Change.DISPUTE,
        original="" if prevails else body.original,
        verdict=body.verdict,
    )
    fact = act.append(alarm, subject=record.key.subject)
    if prevails:
        _file(act, body, record.key)
    return fact


def _file(act: Act, body: facts.Received, key: Key) -> Fact:
    """Append the version, and what follows from it for this certificate and for others."""
    fact = act.append(body, subject=key.subject)
    if body.certificate.status == Status.WITHDRAWN:
        act.append(facts.Withdrawn(key.subject, ""), subject=key.subject)
    if body.certificate.status == Status.REPLACED:
        act.append(facts.Replaced(key.subject, None), subject=key.subject)
    filed = tables.get(act.connection, key)
    older = tables.find_replaced(act.connection, filed.certificate)
    for old, new in successions(filed, older, tables.find_replacing(act.connection, key)):
        act.append(facts.Replaced(old.subject, new.subject), subject=old.subject)
    return fact


def _base64(original: bytes) -> str:
    return binascii.b2a_base64(original, newline=False).decode()
