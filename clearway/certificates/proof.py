"""What is proved about a certificate's origin, and what is not. Never more is said than was done.

Proofs are, from the strongest: the authority's signature, checked against the trust list that the
node holds (`signatures`); the way by which the message came, an exchange that proves the sending
authority; and the digest under which the message was registered. A false signature contradicts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from clearway.certificates.model import Assurance, Certificate, Channel, Provenance
from clearway.terms.reason import Reason

_PROVES_AUTHORITY: Final = (Channel.HUB, Channel.PEER)

_RANK: Final = {
    Assurance.CONTRADICTED: 0,
    Assurance.UNPROVEN: 1,
    Assurance.CHANNEL: 2,
    Assurance.SIGNED: 3,
}


class Signature(StrEnum):
    """What checking the enclosed signature gave."""

    ABSENT = "absent"
    UNCHECKED = "unchecked"  # this node holds no trust list, or it is too large
    HOLDS = "holds"  # under a key that is trusted for this country and kind
    UNTRUSTED = "untrusted"  # its signer is not known, or not trusted for it
    FALSE = "false"  # altered, moved about, weak, or by a key that was revoked


@dataclass(frozen=True, slots=True)
class SignatureCheck:
    """What was found on the signature of a message.

    Args:
        state: the sum of it.
        detail: a sentence: who signed and when, or why it proves nothing; "" if absent.
    """

    state: Signature
    detail: str = ""


NO_SIGNATURE: Final = SignatureCheck(Signature.ABSENT)


def is_by_authority(proved: Assurance) -> bool:
    """Return whether that proves the issuing authority, by its signature or its channel."""
    return proved in (Assurance.SIGNED, Assurance.CHANNEL)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How far the origin and content of a certificate are proved.

    Args:
        assurance: the sum of it.
        verified: what was verified.
        unverified: what was not, and so may be otherwise.
    """

    assurance: Assurance
    verified: tuple[Reason, ...]
    unverified: tuple[Reason, ...]


def assurance(
    certificate: Certificate, provenance: Provenance, signature: SignatureCheck = NO_SIGNATURE
) -> Assurance:
    """Return how far its signature and its way prove who issued the certificate."""
    if signature.state is Signature.HOLDS:
        return Assurance.SIGNED
    if signature.state is Signature.FALSE:
        return Assurance.CONTRADICTED
    if provenance.channel not in _PROVES_AUTHORITY:
        return Assurance.UNPROVEN
    if provenance.sender == certificate.issuing_country:
        return Assurance.CHANNEL
    return Assurance.CONTRADICTED


def outranks(one: Assurance, other: Assurance) -> bool:
    """Return whether `one` proves more than `other`."""
    return _RANK[one] > _RANK[other]


def authenticity(
    certificate: Certificate,
    provenance: Provenance,
    registered_digest: str | None = None,
    signature: SignatureCheck = NO_SIGNATURE,
) -> Verdict:
    """Return what was verified of a certificate and what was not.

    Args:
        provenance: where the message came from, as the door proved it.
        registered_digest: SHA-256 of the message on file, hexadecimal; None: none is on file.
        signature: what checking it gave.
    """
    by_way = assurance(certificate, provenance)
    verified = [*_proved_by(by_way, provenance)]
    unverified = [*_open_after(by_way, provenance)]
    if signature.state is Signature.HOLDS:
        text = "The signature of the issuing authority holds: what is read here is what it signed."
        verified.insert(0, Reason("CERT_V03", text, signature.detail))
        unverified = [each for each in unverified if each.code != "CERT_N02"]
    else:
        unverified.append(_of_signature(certificate, signature))
    if registered_digest is not None and registered_digest == certificate.digest:
        text = "The message is, byte for byte, the one that was registered."
        verified.append(Reason("CERT_V02", text, certificate.digest))
    elif registered_digest is not None:
        text = "The message is not the one that was registered under this number."
        unverified.append(Reason("CERT_N05", text, certificate.digest))
    sum_of_it = assurance(certificate, provenance, signature)
    return Verdict(sum_of_it, tuple(verified), tuple(unverified))


def _proved_by(sum_of_it: Assurance, provenance: Provenance) -> list[Reason]:
    if sum_of_it is not Assurance.CHANNEL:
        return []
    text = (
        "The message came from the authority of the issuing country, over a channel that proves"
        " the sender."
    )
    return [Reason("CERT_V01", text, f"{provenance.channel}, {provenance.sender}")]


def _open_after(sum_of_it: Assurance, provenance: Provenance) -> list[Reason]:
    found = []
    if sum_of_it is Assurance.CONTRADICTED:
        text = "The authority that sent the message is not that of the issuing country."
        found.append(Reason("CERT_N01", text, provenance.sender))
    if sum_of_it is Assurance.UNPROVEN:
        text = "Nothing proves that the authority issued it: it was handed in by somebody else."
        found.append(Reason("CERT_N02", text, f"{provenance.channel}, {provenance.sender}"))
    return found


_OF_SIGNATURE: Final = {
    Signature.FALSE: ("CERT_N06", "The signature is false: the message is not to be relied on."),
    Signature.UNTRUSTED: ("CERT_N07", "It is signed, but not by one whose signature counts here."),
}


def _of_signature(certificate: Certificate, signature: SignatureCheck) -> Reason:
    if signature.state in _OF_SIGNATURE:
        code, text = _OF_SIGNATURE[signature.state]
        return Reason(code, text, signature.detail)
    if certificate.has_signature:
        text = "The message encloses a signature; it was not checked."
        return Reason("CERT_N03", text, signature.detail)
    text = "The message bears no signature: it proves nothing by itself, away from its channel."
    return Reason("CERT_N04", text)
