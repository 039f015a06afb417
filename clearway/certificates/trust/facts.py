"""What happened to the trust list of a node; the subject is `trust:list`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from clearway.certificates.trust.model import TrustList

SUBJECT: Final = "trust:list"


@dataclass(frozen=True, slots=True)
class ListAccepted:
    """From now on this list says whose signatures count.

    Args:
        trust_list: as read.
        signer: SubjectPublicKeyInfo (DER) of the key that signed it.
        document: as received, to be handed on to others; it proves itself.
    """

    TYPE: ClassVar[str] = "trust.list_accepted/1"
    trust_list: TrustList
    signer: bytes
    document: bytes
