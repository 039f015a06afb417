"""What happened to the use of certificates; subjects are the certificates themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from clearway.certificates.uses.account import Operation, Want
from clearway.terms.identifiers import Mrn

AT_ISSUE: Final = "issue"  # the reference of what is no use yet: its registration by the issuer


@dataclass(frozen=True, slots=True)
class QuantityManaged:
    """A customs system asked to reserve, release or delete, and was answered.

    A refusal is a fact as well: what does not agree is what traders and authorities must mend.
    The quantities themselves change by `certificate.used/1`.

    Args:
        certificate: subject.
        mrn: of the declaration that the other system keeps.
        wants: as declared; of a reservation only.
        is_executed: whether it was done.
        code: as answered.
        detail: as answered.
    """

    TYPE: ClassVar[str] = "certificate.quantity_managed/1"
    certificate: str
    operation: Operation
    mrn: Mrn
    wants: tuple[Want, ...]
    is_executed: bool
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class UseOrdered:
    """The order of the agencies took the use of a line here: it counts in every country.

    Args:
        certificate: subject.
        line: whose single use it is.
        reference: our own, under which the use can be told from others by who holds the secret.
        nullifier: hexadecimal.
        agency: in whose name it was ordered.
        seq, item: its place in the order.
    """

    TYPE: ClassVar[str] = "certificate.use_ordered/1"
    certificate: str
    line: int
    reference: str
    nullifier: str
    agency: str
    seq: int
    item: int


@dataclass(frozen=True, slots=True)
class Registered:
    """The order has the content of a certificate of ours under its number, and its quantities.

    Args:
        certificate: subject.
        agency: in whose name the number stands there first: ours, unless it was used before.
        seq, item: the number's place in the order.
    """

    TYPE: ClassVar[str] = "certificate.registered/1"
    certificate: str
    agency: str
    seq: int
    item: int


@dataclass(frozen=True, slots=True)
class DoubleUseFound:
    """The order knows another use, or another content: an alarm; the certificate is stopped.

    Args:
        certificate: subject.
        line: as presented here; 0 where a certificate of ours is only registered.
        reference: our own; `AT_ISSUE` where it is only registered.
        finding: `used_elsewhere`, `quantity_exceeded` or `other_content` (`single.Finding`).
        nullifier: hexadecimal, of what was used or registered first.
        agency: that came first; "" where the order does not say.
        holder: its commitment to its own reference; opens to whoever holds the secret.
        seq, item: the first's place in the order; -1 where the order does not say.
    """

    TYPE: ClassVar[str] = "certificate.double_use_found/1"
    certificate: str
    line: int
    reference: str
    finding: str
    nullifier: str
    agency: str
    holder: str
    seq: int
    item: int
