"""Take a letter in: once, whatever is sent again, and on paper when its receiver cannot take it."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from clearway.connectors.ippc_hub import letterbox, rules
from clearway.connectors.ippc_hub.actions.desk import Desk
from clearway.connectors.ippc_hub.letterbox import Letter
from clearway.connectors.ippc_hub.model import (
    Envelope,
    Forwarding,
    Header,
    PhytoEnvelope,
    ResponseEnvelope,
    Tracking,
)
from clearway.errors import ConflictingKey

# After these words a mended letter may come under the same number.
_OVER = (Tracking.FAILED, Tracking.NOT_READABLE)


def deliver(desk: Desk, envelope: Envelope) -> Header:
    """Take a certificate in; its content is passed on as it is.

    Raises: Refused: another country's. ConflictingKey: other content under the same number.
    InputError, TooLarge, BadTerm: it cannot be taken.
    """
    return _take(desk, _header(envelope), letterbox.CERTIFICATE, envelope.content.encode())


def deliver_structured(desk: Desk, envelope: PhytoEnvelope) -> Header:
    """Take a certificate in that came as elements; it is handed out as text. Raises: `deliver`."""
    return _take(desk, _header(envelope), letterbox.CERTIFICATE, envelope.certificate)


def deliver_response(desk: Desk, envelope: ResponseEnvelope) -> Header:
    """Take in what an importing country answers to an exporting one. Raises: as `deliver`."""
    return _take(desk, _header(envelope), letterbox.RESPONSE, envelope.acknowledgement)


def refuse(envelope: Envelope, reason: str) -> Header:
    """Return the answer to a certificate that was not taken in, since it has severe findings."""
    header = rules.normal(_header(envelope))
    return replace(header, tracking=str(Tracking.FAILED), error=reason)


def _header(envelope: Header) -> Header:
    return Header(
        envelope.from_,
        envelope.to,
        envelope.certificate_type,
        envelope.certificate_status,
        envelope.nppo_number,
        forwardings=envelope.forwardings,
    )


def _take(desk: Desk, stated: Header, kind: str, content: bytes) -> Header:
    header = rules.normal(stated)
    rules.require_sender(desk.caller, header)
    rules.require_content(desk.caller, content)
    digest = hashlib.sha256(content).digest()
    earlier = letterbox.find_same(desk.connection, header, kind)
    if earlier is not None and earlier.digest == digest:
        return _repeat(desk, earlier, kind)
    # An importing country may answer a certificate more than once, in other words each time.
    is_conflict = earlier is not None and kind == letterbox.CERTIFICATE
    if earlier is not None and is_conflict and earlier.tracking not in _OVER:
        raise ConflictingKey(
            f"{header.from_} sent other content under {header.nppo_number} before, in status"
            f" {header.certificate_status}: envelope {earlier.number}. A certificate does not"
            " change; replace it, under a new number",
            key=earlier.number,
        )
    # A number that came, was answered "not readable", was mended, and comes again as it was.
    known = letterbox.find(desk.connection, rules.hub_number(header, kind, digest))
    return known.header if known is not None else _keep(desk, header, kind, content, digest)


def _repeat(desk: Desk, earlier: Letter, kind: str) -> Header:
    """Answer the same; what went on paper may be taken now that the receiver can take it."""
    header = earlier.header
    goes = header.tracking == Tracking.FAILED and header.error.endswith(rules.PAPER)
    if not goes or _paper(desk, header, kind):
        return header
    letterbox.answer(desk.connection, earlier.number, Tracking.PENDING, "", desk.now)
    return replace(header, tracking=str(Tracking.PENDING), error="")


def _keep(desk: Desk, header: Header, kind: str, content: bytes, digest: bytes) -> Header:
    seq = letterbox.last_seq(desk.connection)
    copies = _copies(desk, header)
    told = [Forwarding(each, "") for each in copies]
    for place, receiver in enumerate(copies):
        if _paper(desk, header, kind, receiver):
            continue
        number = rules.hub_number(header, kind, digest, receiver)
        told[place] = Forwarding(receiver, number)
        if letterbox.find(desk.connection, number) is not None:
            continue
        seq += 1
        copy = replace(header, tracking=str(Tracking.PENDING), forwardings=())
        letterbox.put(
            desk.connection, Letter(seq, number, kind, copy, digest), content, desk.now, receiver
        )
    reason = _paper(desk, header, kind)
    number = rules.hub_number(header, kind, digest)
    kept = replace(
        header,
        hub_number=number,
        tracking=str(Tracking.FAILED if reason else Tracking.PENDING),
        error=reason,
        forwardings=tuple(told),
    )
    letterbox.put(desk.connection, Letter(seq + 1, number, kind, kept, digest), content, desk.now)
    return kept


def _copies(desk: Desk, header: Header) -> tuple[str, ...]:
    """Return who gets a copy: whom the sender names, and whom the receiver's rules name."""
    receiver = desk.directory.find(header.to)
    ruled = (
        receiver.forwards(header.certificate_type, header.certificate_status) if receiver else ()
    )
    named = tuple(each.code for each in header.forwardings)
    return tuple(each for each in dict.fromkeys(named + ruled) if each != header.to)


def _paper(desk: Desk, header: Header, kind: str, receiver: str = "") -> str:
    """Return why it must go on paper; an answer to a certificate needs no such ability."""
    if kind == letterbox.RESPONSE:
        member = desk.directory.find(receiver or header.to)
        if member is not None and member.receives:
            return ""
    return rules.paper_reason(desk.directory, header, receiver)
