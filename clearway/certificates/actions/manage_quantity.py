"""Answer a customs system that is not ours: reserve, release, delete."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from clearway.certificates import facts, tables
from clearway.certificates.model import Key
from clearway.certificates.record import Record
from clearway.certificates.uses import account
from clearway.certificates.uses.account import Decided, Operation, Want
from clearway.certificates.uses.facts import QuantityManaged
from clearway.certificates.uses.standing import why_unusable
from clearway.errors import StorageFailure
from clearway.ledger.fact import decode, encode
from clearway.ledger.stored import read_fact
from clearway.policy.act import Act
from clearway.terms.identifiers import Mrn


@dataclass(frozen=True, slots=True)
class Request:
    """What a customs system asks.

    Args:
        certificate: whose quantities.
        mrn: of its declaration.
        wants: the declaration's whole position; of a reservation only.
        message_id: the same again is answered the same; "": each message is new.
    """

    operation: Operation
    certificate: Key
    mrn: Mrn
    wants: tuple[Want, ...] = ()
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What it is answered, with the account as it stands now.

    Args:
        is_executed: whether it was done.
        code: `01` or why not, see `account`.
        seq: the fact of the answer.
        repeated: the message came before; this is what it was answered then.
    """

    is_executed: bool
    code: str
    detail: str
    seq: int
    repeated: bool
    record: Record


def manage_quantity(act: Act, request: Request) -> Answer:
    """Do what is asked, or record why not.

    Raises:
        NotFound: no such certificate is on file.
        BadTerm: the positions state nothing that could be held.
        ConflictingKey: the message id was used for another request.
        Refused: policy says no.
    """
    act.require("certificate.manage_quantity", certificate=request.certificate.subject)
    if request.operation is Operation.RESERVE:
        account.require_wants(request.wants)
    scope, digest = f"certificate-quantity:{act.actor.reference}", _digest(request)
    if request.message_id:
        seq = act.tx.earlier(scope, request.message_id, digest)
        if seq is not None:
            return _as_before(act, request, seq)
    record = tables.get(act.connection, request.certificate)
    decided = decide(record, request, why_unusable(act.connection, record))
    subject = request.certificate.subject
    for step in decided.steps:
        used = facts.Used(subject, step.line, request.mrn, step.item, step.quantity, step.kind)
        act.append(used, subject=subject)
    told = QuantityManaged(subject, request.operation, request.mrn, request.wants,
                           decided.is_executed, decided.code, decided.detail)  # fmt: skip
    fact = act.append(told, subject=subject)
    if request.message_id:
        act.tx.claim(scope, request.message_id, digest, fact)
    now = account.applied(record, request.mrn, decided.steps)
    return Answer(decided.is_executed, decided.code, decided.detail, fact.seq, False, now)


def decide(record: Record, request: Request, unusable: str = "") -> Decided:
    """Return what is answered and what changes (pure).

    Args:
        unusable: why goods cannot be cleared under it now; "": they can.
    """
    if request.operation is Operation.DELETE:
        return account.delete(record, request.mrn)
    if request.operation is Operation.RELEASE:
        return account.release(record, request.mrn, unusable)
    return account.reserve(record, request.mrn, request.wants, unusable)


def _digest(request: Request) -> bytes:
    what = (request.operation, request.certificate, request.mrn, request.wants)
    return hashlib.sha256(encode(what)).digest()


def _as_before(act: Act, request: Request, seq: int) -> Answer:
    kept = read_fact(act.connection, seq)
    if kept is None:
        raise StorageFailure(
            f"Message {request.message_id} was answered by fact {seq}, which is gone"
        )
    told = decode(kept[0].body, QuantityManaged)
    record = tables.get(act.connection, request.certificate)
    return Answer(told.is_executed, told.code, told.detail, seq, True, record)
