"""Compare the certificates that a declaration names with it, and hold what it needs of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from clearway.certificates.actions.use import use
from clearway.certificates.formats.profile import profile_of
from clearway.certificates.quantity import UseKind
from clearway.certificates.record import Record
from clearway.certificates.uses.standing import why_unusable
from clearway.clearance import tables
from clearway.clearance.claimed import treatment_claims
from clearway.clearance.claims import Claim, ClaimResult, judge
from clearway.clearance.evidence import Case
from clearway.clearance.facts import CertificateMatched
from clearway.clearance.matching import compare
from clearway.clearance.model import Cover, Match
from clearway.clearance.preview import find_named
from clearway.coldchain import tables as coldchain
from clearway.coldchain.model import Reading
from clearway.declarations.model import Document
from clearway.measures.rules import document_code
from clearway.policy.act import Act
from clearway.terms.quantity import Quantity


def compare_certificates(act: Act, case: Case) -> None:
    """Record each comparison that is new or has changed, and hold the quantities.

    Certificates that are not on file are waited for; a comparison that came out as before is not
    recorded again.

    Args:
        act: in the name of the rules.
    """
    if not case.names_certificates:
        return
    known = {one.match.certificate: one for one in tables.matches_of(act.connection, case.mrn)}
    arrival: datetime | None = None
    for document in _documents(case):
        record = find_named(act.connection, document)
        if record is None:
            continue
        arrival = arrival or _arrival(act, case)
        match = _compare(act, case, record, document, arrival)
        claims = _claims(act, case, record)
        before = known.get(record.key)
        if before is None or (before.match, before.claims) != (match, claims):
            body = CertificateMatched(case.mrn, document.type, record.seq, match, claims)
            act.append(body, subject=f"declaration:{case.mrn}")
        _hold(act, case, record, match)


def _documents(case: Case) -> Iterable[Document]:
    """Return each document once, by type and number."""
    return {(each.type, each.number): each for each in reversed(case.documents)}.values()


def _arrival(act: Act, case: Case) -> datetime:
    consignment = tables.get(act.connection, case.mrn)
    return consignment.arrived_at or consignment.arrival_expected_at or consignment.lodged_at


def _compare(act: Act, case: Case, record: Record, document: Document, arrival: datetime) -> Match:
    profile = profile_of(record.key.type_code)
    match = compare(
        case.declaration,
        replace(record.certificate, status=record.status),
        profile,
        arrival=arrival,
        remaining=_remaining(record, case),
        needed_for=[
            item
            for need in case.needs
            if document_code(document.type) in need.type_codes
            for item in need.items
        ],
        unusable=_unusable(act, record),
    )
    return replace(match, is_disputed=record.is_disputed)


def _unusable(act: Act, record: Record) -> str:
    why = why_unusable(act.connection, record)
    return f"{why}." if why else ""


def _remaining(record: Record, case: Case) -> dict[int, Quantity]:
    """Return what other declarations have left of each line."""
    left: dict[int, Quantity] = {}
    for balance in record.balances:
        rest = balance.available
        if rest is None:
            continue
        for each in balance.positions:
            if each.mrn == case.mrn:
                rest = rest + each.reserved + each.consumed
        left[balance.line] = rest
    return left


def _claims(act: Act, case: Case, record: Record) -> tuple[ClaimResult, ...]:
    """Return what loggers say to the treatments that the certificate claims."""
    declared = [str(box.number) for box in case.declaration.containers]
    return tuple(
        judge(claim, _readings(act, claim))
        for claim in treatment_claims(record.certificate, declared)
    )


def _readings(act: Act, claim: Claim) -> Iterable[Reading]:
    if not claim.is_for_logger:
        return ()
    return coldchain.get_readings(
        act.connection, claim.container, since=claim.started_at, until=claim.ended_at
    )


def _hold(act: Act, case: Case, record: Record, match: Match) -> None:
    """Reserve what the goods take of a certificate, and give back what they take no more."""
    uses = match.uses if match.is_usable and match.cover is not Cover.DOES_NOT_COVER else ()
    wanted = {(one.line, one.item): one.quantity for one in uses if one.quantity is not None}
    held = {
        (balance.line, each.item): each.reserved
        for balance in record.balances
        for each in balance.positions
        if each.mrn == case.mrn and each.reserved.value
    }
    for line, item in held.keys() - wanted.keys():
        use(act, record.key, line, case.mrn, item, UseKind.RETURN)
    for (line, item), quantity in wanted.items():
        if held.get((line, item)) != quantity:
            use(act, record.key, line, case.mrn, item, UseKind.RESERVE, quantity)
