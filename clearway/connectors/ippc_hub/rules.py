"""Rules of the hub: who may send what to whom, what an answer to a letter may change.

    number = hub_number(header, digest)             # the same letter always gets the same number
    reason = paper_reason(directory, header)        # "" when the receiver can take it

The number follows from sender, receiver, kind, status, certificate number and content, so that a
message that is sent again, after whatever went wrong, is the same message.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Final

from clearway.connectors.ippc_hub.directory import Directory, Member
from clearway.connectors.ippc_hub.model import (
    AllowedDocument,
    CodeValue,
    Forwarding,
    Header,
    Nppo,
    Tracking,
    ValidationResult,
)
from clearway.errors import BadTerm, InputError, Refused, TooLarge, WrongState
from clearway.terms.finding import Area, Finding, Level

LONGEST_NUMBER: Final = 70
LONGEST_MESSAGE: Final = 2_000
PAPER: Final = "Print it: hand the certificate out on paper, to go with the consignment."
MOST_FORWARDINGS: Final = 20

# What a receiver can say; the first word stands.
ANSWERS: Final = (
    Tracking.DELIVERED,
    Tracking.WITH_WARNINGS,
    Tracking.NOT_READABLE,
    Tracking.FAILED,
)

# Of UNECE 1001 and 4405, as people know them.
TYPES: Final = {
    626: "CITES permit",
    636: "health certificate",
    657: "phytosanitary certificate for re-export",
    850: "application",
    851: "phytosanitary certificate",
    852: "sanitary certificate",
    853: "veterinary certificate",
    861: "certificate of origin",
}
STATUSES: Final = {
    39: "approved",
    40: "withdrawn",
    41: "rejected",
    44: "replaced",
    70: "issued",
}


def normal(header: Header) -> Header:
    """Return a header with its codes as they are compared.

    Raises: BadTerm: a number is missing or too long, or too many copies are asked for.
    """
    number = header.nppo_number.strip()
    if not number or len(number) > LONGEST_NUMBER:
        rule = f"must be stated, in at most {LONGEST_NUMBER} characters"
        raise BadTerm("NPPOCertificateNumber", number, rule)
    if len(header.forwardings) > MOST_FORWARDINGS:
        rule = f"at most {MOST_FORWARDINGS} copies can be asked for"
        raise BadTerm("Forwardings", len(header.forwardings), rule)
    copies = dict.fromkeys(code(each.code) for each in header.forwardings)
    return replace(
        header,
        from_=code(header.from_),
        to=code(header.to),
        nppo_number=number,
        hub_number="",
        tracking="",
        error="",
        forwardings=tuple(Forwarding(each) for each in copies if each != code(header.to)),
    )


def code(country: str) -> str:
    """Return a country code as it is compared."""
    return country.strip().upper()[:20]


def require_sender(caller: Member, header: Header) -> None:
    """Raises: Refused: the letter is another country's, or this one may not send."""
    if header.from_ != caller.country:
        raise Refused(
            f"The certificate of this connection is that of {caller.country}; it cannot send for"
            f" {header.from_}"
        )
    if not caller.sends:
        raise Refused(f"{caller.country} is not enrolled to send; ask the hub's operator")


def require_content(caller: Member, content: bytes) -> None:
    """Raises: InputError: there is none. TooLarge: more than this country may send at once."""
    if not content.strip():
        raise InputError("The envelope has no Content; put the certificate's XML or base64 in it")
    if len(content) > caller.content_bytes:
        raise TooLarge(
            f"The Content has {len(content):,} bytes; {caller.country} may send at most"
            f" {caller.content_bytes:,}. Send it without its attachments",
            limit="content_bytes",
        )


def paper_reason(directory: Directory, header: Header, receiver: str = "") -> str:
    """Return why a letter must go on paper, in words for the sender; "" when it need not.

    Args:
        receiver: of a copy; "": of the letter.
    """
    to = receiver or header.to
    member = directory.find(to)
    if member is None or not member.receives:
        cannot = f"{to} does not receive certificates through this hub"
    elif not member.can_receive(header.certificate_type, header.certificate_status):
        cannot = f"{to} cannot receive a {_kind(header)} through this hub"
    else:
        return ""
    return f"{cannot}. {PAPER}"


def _kind(header: Header) -> str:
    type_ = TYPES.get(header.certificate_type, "certificate")
    status = STATUSES.get(header.certificate_status, "other")
    return (
        f"{type_} (type {header.certificate_type}) in status {header.certificate_status} ({status})"
    )


def hub_number(header: Header, kind: str, digest: bytes, receiver: str = "") -> str:
    """Return the hub's number of a letter: 24 characters that follow from the whole of it.

    Args:
        kind: certificate or response.
        digest: SHA-256 of the content.
    """
    told = "\t".join(
        (
            kind,
            header.from_,
            receiver or header.to,
            str(header.certificate_type),
            str(header.certificate_status),
            header.nppo_number,
        )
    )
    return hashlib.sha256(told.encode() + b"\t" + digest).hexdigest()[:24].upper()


def answered(number: str, now: str, said: Tracking) -> bool:
    """Return whether a receiver's word changes anything; the same word again does not.

    Raises: WrongState: it said otherwise before. InputError: a receiver cannot say this.
    """
    if said not in ANSWERS:
        raise InputError(f"A receiver says one of {', '.join(ANSWERS)}, not {said}")
    if now == said:
        return False
    if now != Tracking.PENDING:
        raise WrongState(f"The envelope {number} was answered before: {now}; that stands")
    return True


def tracking_of(stated: str) -> Tracking:
    """Return a stated tracking. Raises: BadTerm: it is none."""
    try:
        return Tracking(stated.strip())
    except ValueError as error:
        rule = f"must be one of {', '.join(Tracking)}"
        raise BadTerm("HUBTrackingInfo", stated, rule) from error


def message_of(said: str) -> str:
    """Return what a receiver says, no longer than a sender can be made to read."""
    return said.strip()[:LONGEST_MESSAGE]


def nppo_of(member: Member) -> Nppo:
    """Return what others are told of a country."""
    return Nppo(
        country=member.country,
        receives="true" if member.receives else "false",
        sends="true" if member.sends else "false",
        allowed=tuple(
            AllowedDocument(
                True,
                CodeValue(each.type, TYPES.get(each.type, "")),
                CodeValue(status, STATUSES.get(status, "")),
            )
            for each in member.allowed
            for status in each.statuses
        ),
        signature=member.signature,
        channel_rules=member.channel_rules,
    )


def results_of(findings: tuple[Finding, ...]) -> tuple[ValidationResult, ...]:
    """Return findings in the Hub's terms: it knows three areas, our rules go under Mapping."""
    return tuple(
        ValidationResult(
            area=str(Area.MAPPING if each.area is Area.RULE else each.area),
            field=each.field,
            level=str(each.level),
            message=f"{each.code}: {each.message}",
        )
        for each in findings
    )


def severe_of(results: tuple[ValidationResult, ...]) -> str:
    """Return the severe findings as one sentence each; "" when there are none."""
    severe = [each for each in results if each.level == Level.SEVERE]
    told = "; ".join(f"{each.field or 'message'}: {each.message}" for each in severe)
    return message_of(told)
