"""What is proved about a certificate's origin, and what is not. Never more is said than was done.

Here the proof is the way by which the message came: an exchange that proves the sending authority,
and the digest under which the message was registered. A signature inside a message is noticed and
not checked; whoever checks one adds its own proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from clearway.certificates.model import Assurance, Certificate, Channel, Provenance
from clearway.terms.reason import Reason

_PROVES_AUTHORITY: Final = (Channel.HUB, Channel.PEER)

_RANK: Final = {Assurance.CONTRADICTED: 0, Assurance.UNPROVEN: 1, Assurance.CHANNEL: 2}


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


def assurance(certificate: Certificate, provenance: Provenance) -> Assurance:
    """Return how far the way of a message proves who issued the certificate."""
    if provenance.channel not in _PROVES_AUTHORITY:
        return Assurance.UNPROVEN
    if provenance.sender == certificate.issuing_country:
        return Assurance.CHANNEL
    return Assurance.CONTRADICTED


def outranks(one: Assurance, other: Assurance) -> bool:
    """Return whether `one` proves more than `other`."""
    return _RANK[one] > _RANK[other]


def authenticity(
    certificate: Certificate, provenance: Provenance, registered_digest: str | None = None
) -> Verdict:
    """Return what was verified of a certificate and what was not.

    Args:
        provenance: where the message came from, as the door proved it.
        registered_digest: SHA-256 of the message on file, hexadecimal; None: none is on file.
    """
    sum_of_it = assurance(certificate, provenance)
    verified = [*_proved_by(sum_of_it, provenance)]
    unverified = [*_open_after(sum_of_it, certificate, provenance)]
    if registered_digest is not None and registered_digest == certificate.digest:
        text = "The message is, byte for byte, the one that was registered."
        verified.append(Reason("CERT_V02", text, certificate.digest))
    elif registered_digest is not None:
        text = "The message is not the one that was registered under this number."
        unverified.append(Reason("CERT_N05", text, certificate.digest))
    return Verdict(sum_of_it, tuple(verified), tuple(unverified))


def _proved_by(sum_of_it: Assurance, provenance: Provenance) -> list[Reason]:
    if sum_of_it is not Assurance.CHANNEL:
        return []
    text = (
        "The message came from the authority of the issuing country, over a channel that proves"
        " the sender."
    )
    return [Reason("CERT_V01", text, f"{provenance.channel}, {provenance.sender}")]


def _open_after(
    sum_of_it: Assurance, certificate: Certificate, provenance: Provenance
) -> list[Reason]:
    found = []
    if sum_of_it is Assurance.CONTRADICTED:
        text = "The authority that sent the message is not that of the issuing country."
        found.append(Reason("CERT_N01", text, provenance.sender))
    if sum_of_it is Assurance.UNPROVEN:
        text = "Nothing proves that the authority issued it: it was handed in by somebody else."
        found.append(Reason("CERT_N02", text, f"{provenance.channel}, {provenance.sender}"))
    if certificate.has_signature:
        text = "The message encloses a signature; it was not checked."
        found.append(Reason("CERT_N03", text))
    else:
        text = "The message bears no signature: it proves nothing by itself, away from its channel."
        found.append(Reason("CERT_N04", text))
    return found
