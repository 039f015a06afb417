"""What the certificates on file would say to a declaration that is not lodged yet.

Most refusals over certificates are quantities and units that do not agree; whoever sees them before
lodging mends them before the goods are at the border. Nothing is recorded and nothing is held, so
what is left now may be gone when it is lodged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from clearway.certificates import tables as certificates
from clearway.certificates.formats.profile import profile_of, type_code_of
from clearway.certificates.quantity import Balance
from clearway.certificates.record import Record
from clearway.certificates.uses.standing import why_unusable
from clearway.clearance.matching import compare
from clearway.clearance.model import Match, Verdict
from clearway.declarations.model import Declaration, Document

_PARTIES = frozenset({"CLR_M06", "CLR_M07"})


@dataclass(frozen=True, slots=True)
class Preview:
    """One certificate that a declaration names.

    Args:
        document: as named.
        match: compared; None: it is not on file, or not shown.
        balances: what is left of each of its lines.
        why: one sentence: not on file, not shown, not usable; or what to do.
    """

    document: Document
    match: Match | None
    balances: tuple[Balance, ...]
    why: str


def preview(
    connection: Connection, declaration: Declaration, now: datetime, *, for_officer: bool = False
) -> tuple[Preview, ...]:
    """Return each certificate that a declaration names, compared with it as it stands.

    Args:
        now: aware UTC; the day of arrival where the declaration does not say.
        for_officer: else a certificate whose parties are both others is not shown: its number
            alone must not open a stranger's certificate.
    """
    items = declaration.items
    named = (*declaration.documents, *(each for one in items for each in one.documents))
    unique = {(each.type, each.number): each for each in reversed(named)}
    return tuple(
        _one(connection, declaration, document, now, for_officer)
        for document in reversed(unique.values())
        if type_code_of(document.type) is not None
    )


def find_named(connection: Connection, document: Document) -> Record | None:
    """Return the certificate of this number, of the stated country if there is one; or None."""
    kind = type_code_of(document.type)
    if kind is None:
        return None
    found = certificates.find_by_number(connection, kind, document.number)
    same = [one for one in found if one.key.country == document.issuer_country]
    return next(iter(same or found), None)


def _one(
    connection: Connection,
    declaration: Declaration,
    document: Document,
    now: datetime,
    for_officer: bool,
) -> Preview:
    record = find_named(connection, document)
    if record is None:
        why = f"The certificate {document.number} has not come yet; goods that need it will wait."
        return Preview(document, None, (), why)
    unusable = why_unusable(connection, record)
    match = compare(
        declaration,
        replace(record.certificate, status=record.status),
        profile_of(record.key.type_code),
        arrival=declaration.arrival_expected_at or now,
        remaining={
            each.line: each.available for each in record.balances if each.available is not None
        },
        unusable=f"{unusable}." if unusable else "",
    )
    match = replace(match, is_disputed=record.is_disputed)
    differing = {each.code for each in match.fields if each.verdict is not Verdict.AGREES}
    if not for_officer and differing >= _PARTIES:
        why = f"The certificate {document.number} is on file, but for other parties than yours."
        return Preview(document, None, (), why)
    return Preview(document, match, record.balances, match.for_trader)
