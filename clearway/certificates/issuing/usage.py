"""How much of a certificate of ours was used abroad, as reported; pure.

Unlike the accounts of `quantity`, these follow what others did: a use beyond what is certified is
recorded, and shown as an alarm.
"""

from __future__ import annotations

from decimal import Decimal

from clearway.certificates.issuing.model import Use
from clearway.certificates.model import Certificate
from clearway.errors import BadTerm, RuleViolation
from clearway.terms.quantity import Quantity


def with_use(uses: tuple[Use, ...], use: Use) -> tuple[Use, ...]:
    """Return the uses once this one is reported, in place of an earlier one of its reference."""
    others = [each for each in uses if (each.line, each.reference) != (use.line, use.reference)]
    return (*others, use)


def used_of(certificate: Certificate, uses: tuple[Use, ...], number: int) -> Quantity | None:
    """Return how much of a line was used, in the unit of the line; None when it counts nothing.

    Raises: RuleViolation: no such line (07), or a unit of another family (10).
    """
    line = certificate.line(number)
    if line is None:
        raise RuleViolation(
            f"The certificate {certificate.number} has no line {number}", refusal="07"
        )
    if line.certified is None:
        return None
    unit = line.certified.unit
    try:
        amounts = (use.quantity.to(unit) for use in uses if use.line == number)
        return sum(amounts, start=Quantity(Decimal(0), unit))
    except BadTerm as error:
        raise RuleViolation(
            f"Line {number} of {certificate.number} is certified in {unit.unit.name}: {error}",
            refusal="10",
        ) from error


def exceeds(certificate: Certificate, uses: tuple[Use, ...], number: int) -> bool:
    """Return whether more of a line was used than is certified. Raises: see `used_of`."""
    line, used = certificate.line(number), used_of(certificate, uses, number)
    certified = None if line is None else line.certified
    return used is not None and certified is not None and used > certified


def is_exhausted(certificate: Certificate, uses: tuple[Use, ...]) -> bool:
    """Return whether nothing is left of any line that counts something."""
    counted = [line for line in certificate.lines if line.certified is not None]
    return bool(counted) and all(
        _is_spent(line.certified, used_of(certificate, uses, line.number)) for line in counted
    )


def _is_spent(certified: Quantity | None, used: Quantity | None) -> bool:
    return certified is not None and used is not None and used >= certified
