"""New drafts from certificates on file: a copy, a replacement, a re-export. Pure.

copy(earlier, profile)                      # another consignment like that one
replacement(old, reason, profile)           # the same consignment, corrected (ISPM 12, 5.5)
re_export(imported, {1: kilograms(400)}, country, profile)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from clearway.certificates.issuing.model import Original, Purpose, Request
from clearway.certificates.model import Certificate, CertificateLine, Status
from clearway.certificates.parts import Note, Party
from clearway.certificates.profile import Profile
from clearway.errors import BadTerm, RuleViolation
from clearway.terms.places import Country
from clearway.terms.quantity import Quantity

RE_EXPORT: Final = "657"

# ADRP: how the certificate replaces the other; the code stands in ContentCode, as senders use it.
_REPLACES: Final = "4"
_OURS: Final = frozenset(
    {
        "replacement_kind",
        "replaced_number",
        "replacement_reason",
        "replaced_issue_date",
        "single_use_secret",
    }
)
_DATES: Final = frozenset({"inspection_date"})


def copy(earlier: Certificate, profile: Profile) -> Certificate:
    """Return a draft for another consignment like an earlier one.

    Number, dates of issue, signatures and status never come along; nor does what the profile says
    changes from one consignment to the next.
    """
    cleared = frozenset(profile.issue.cleared_on_copy)
    draft = _blank(earlier)
    lines = tuple(_cleared_line(line, cleared) for line in earlier.lines)
    changed = replace(draft, lines=lines)
    if "containers" in cleared:
        changed = replace(changed, equipment=())
    if "transport" in cleared:
        changed = replace(changed, transports=())
    if "dates" in cleared:
        changed = replace(changed, notes=_without(changed.notes, _DATES))
    return changed


def replacement(
    old: Certificate, reason: str, profile: Profile, originals: tuple[Original, ...] = ()
) -> Request:
    """Return the request for a certificate that replaces `old`: the same goods, to be corrected.

    Args:
        old: of ours, in force.
        reason: why, in words; it stands on the new certificate.
        originals: of the old one, if it is for re-export.

    Raises: RuleViolation: no reason is given.
    """
    if not reason.strip():
        raise RuleViolation(
            f"Why {old.number} is to be replaced must be said; the new certificate states it"
        )
    issued = "" if old.issued_at is None else old.issued_at.date().isoformat()
    notes = [
        replace(profile.note("replacement_kind", _REPLACES), code=_REPLACES),
        profile.note("replaced_number", old.number),
        profile.note("replacement_reason", reason.strip()),
    ]
    if issued:
        notes.append(profile.note("replaced_issue_date", issued))
    draft = _blank(old)
    content = replace(draft, notes=(*draft.notes, *notes))
    subject = old.key.subject
    return Request(content, Purpose.REPLACEMENT, replaces=subject, originals=originals)


def re_export(
    imported: Certificate, wanted: Mapping[int, Quantity], country: Country, profile: Profile
) -> Request:
    """Return the request for a re-export certificate of goods that came under another one.

    Args:
        imported: on file, of the country that certified the goods first.
        wanted: how much leaves again, by number of the line there.
        country: ours.
        profile: of the re-export certificate (657).

    Raises: RuleViolation: nothing is wanted, or a line is not there.
    """
    if not wanted:
        raise RuleViolation("Say how much of which line is re-exported")
    lines = tuple(
        _re_exported(imported, number, amount, place, profile)
        for place, (number, amount) in enumerate(sorted(wanted.items()), start=1)
    )
    draft = replace(
        _blank(imported),
        type_code=profile.type_code,
        issuing_country=country,
        importing_country=None,
        title=(),
        consignor=Party(""),
        consignee=Party(""),
        lines=lines,
        equipment=(),
        transports=(),
        transit_countries=(),
        loading_place=None,
        entry_point=None,
        examination_place="",
        notes=(),
        consignment_id="",
    )
    originals = tuple(
        Original(imported.key.subject, number, amount) for number, amount in sorted(wanted.items())
    )
    return Request(draft, Purpose.RE_EXPORT, originals=originals)


def _blank(earlier: Certificate) -> Certificate:
    """Return the content of a certificate without what only its authority gives."""
    return replace(
        earlier,
        number="",
        status=Status.DRAFT,
        issued=None,
        issuer=Party(""),
        signatories=(),
        references=(),
        notes=_without(earlier.notes, _OURS),
        digest="",
        content_digest="",
        has_signature=False,
    )


def _without(notes: tuple[Note, ...], kinds: frozenset[str]) -> tuple[Note, ...]:
    return tuple(note for note in notes if note.kind not in kinds)


def _cleared_line(line: CertificateLine, cleared: frozenset[str]) -> CertificateLine:
    kept = line
    if "quantities" in cleared:
        packages = tuple(replace(each, count=Decimal(0)) for each in line.packagings)
        kept = replace(_unweighed(kept), packagings=packages)
    if "containers" in cleared:
        kept = replace(kept, equipment=())
    if "treatments" in cleared:
        kept = replace(kept, treatments=())
    if "batches" in cleared:
        kept = replace(kept, batches=())
    if "dates" in cleared:
        kept = replace(kept, notes=_without(kept.notes, _DATES))
    return kept


def _unweighed(line: CertificateLine) -> CertificateLine:
    return replace(
        line, net_mass=None, gross_mass=None, net_volume=None, gross_volume=None, quantity=None
    )


def _re_exported(
    imported: Certificate, number: int, amount: Quantity, place: int, profile: Profile
) -> CertificateLine:
    line = imported.line(number)
    if line is None:
        raise RuleViolation(
            f"The certificate {imported.number} has no line {number}; name one of its lines",
            refusal="07",
        )
    notes = (
        profile.line_note("original_number", imported.number),
        profile.line_note("original_country", imported.issuing_country),
    )
    return replace(
        _of_amount(_unweighed(line), amount),
        number=place,
        packagings=(),
        equipment=(),
        treatments=(),
        notes=notes,
    )


def _of_amount(line: CertificateLine, amount: Quantity) -> CertificateLine:
    if amount.unit.dimension == "mass":
        return replace(line, net_mass=amount)
    if amount.unit.dimension == "volume":
        return replace(line, net_volume=amount)
    return replace(line, quantity=amount)


def left_of(
    imported: Certificate, original: Original, taken: tuple[Quantity, ...]
) -> Quantity | None:
    """Return how much of a line of an imported certificate may still be re-exported.

    Args:
        taken: what other living applications and certificates take out of it.

    Returns: in the unit of the line; None when the line certifies nothing that can be counted.

    Raises: RuleViolation: no such line (07), or a unit of another family (10).
    """
    line = imported.line(original.line)
    if line is None:
        detail = f"The certificate {imported.number} has no line {original.line}"
        raise RuleViolation(f"{detail}; name one of its lines", refusal="07")
    certified = line.certified
    if certified is None:
        return None
    try:
        used = sum(
            (each.to(certified.unit) for each in taken), Quantity(Decimal(0), certified.unit)
        )
    except BadTerm as error:
        raise RuleViolation(str(error), refusal="10") from error
    return certified - used if used < certified else _none(certified)


def _none(like: Quantity) -> Quantity:
    return Quantity(Decimal(0), like.unit)


def require_left(imported: Certificate, original: Original, taken: tuple[Quantity, ...]) -> None:
    """Refuse to let more leave than came in.

    Raises: RuleViolation: not enough is left (05), no such line (07), another unit (10).
    """
    left = left_of(imported, original, taken)
    number = imported.number
    if left is None or left.unit.dimension != original.quantity.unit.dimension:
        raise RuleViolation(
            f"Line {original.line} of {number} is not counted in"
            f" {original.quantity.unit.unit.name}; state what it certifies",
            refusal="10",
        )
    if original.quantity.value <= 0 or original.quantity > left:
        raise RuleViolation(
            f"Line {original.line} of {number} has {left} left to be re-exported, but"
            f" {original.quantity} is stated; state less, or another certificate",
            refusal="05",
        )
