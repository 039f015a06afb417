"""A certificate against a declaration that names it: a verdict per field, and one over all.

    match = compare(declaration, certificate, profile, arrival=..., remaining={1: kilograms(4000)})
    match.cover          # covers | covers in part | does not cover
    match.uses           # item 1 takes 4,000 kg of line 1
    match.for_officer    # one sentence

Which line stands for which item: the line whose HS code is nearest, within the lines that the
declaration names; one item may take of several lines of the same goods, one line may serve several
items. What other declarations have taken of a line is not there any more (`remaining`).

A certificate does not cover when its status forbids, when it is of another kind, country or
destination, is out of date, or fits neither goods, container nor parties. Anything else that
differs leaves it covering in part: an officer looks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from clearway.certificates.model import Certificate, CertificateLine, normal_number
from clearway.certificates.profile import Profile
from clearway.clearance import fields
from clearway.clearance.model import Cover, FieldVerdict, LineUse, Match, Verdict
from clearway.declarations.model import Container, Declaration, Document, Item
from clearway.terms.quantity import Quantity

_LEAST_KINSHIP = 2
"""Lines of another heading are other goods, however alike they are called."""

# When one of these differs the certificate does not speak of this consignment at all.
_DECISIVE = frozenset({"CLR_M01", "CLR_M02", "CLR_M03", "CLR_M04", "CLR_M05"})


@dataclass(frozen=True, slots=True)
class Naming:
    """A declaration's item that names the certificate, and the lines that it names."""

    item: Item
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Goods:
    """What was found for one item."""

    fields: tuple[FieldVerdict, ...]
    uses: tuple[LineUse, ...]
    is_covered: bool
    is_overdrawn: bool


def documents_naming(
    declaration: Declaration, number: str
) -> tuple[tuple[Document, Item | None], ...]:
    """Return the documents that bear this number, each with its item (None: in the header)."""
    wanted = normal_number(number)
    named: list[tuple[Document, Item | None]] = [
        (document, None)
        for document in declaration.documents
        if normal_number(document.number) == wanted
    ]
    for item in declaration.items:
        named += [(each, item) for each in item.documents if normal_number(each.number) == wanted]
    return tuple(named)


def compare(
    declaration: Declaration,
    certificate: Certificate,
    profile: Profile,
    *,
    arrival: datetime,
    remaining: Mapping[int, Quantity] | None = None,
    needed_for: Collection[int] = (),
    unusable: str = "",
) -> Match:
    """Return what the certificate does for the declaration.

    Args:
        declaration: names the certificate's number in a document.
        certificate: the version that is valid now.
        profile: of the certificate's kind.
        arrival: when the goods came or are expected, aware UTC.
        remaining: by certificate line, what declarations other than this one have left.
        needed_for: numbers of the items for which a law demands such a certificate; without them,
            and where only the header names it, all items whose goods it knows.
        unusable: why goods cannot enter under it, beyond its status (see `fields.status`).
    """
    named = documents_naming(declaration, certificate.number)
    items = _items(declaration, certificate, named, needed_for)
    pool = _Pool(certificate, remaining or {})
    goods = tuple(_goods(naming, certificate, pool) for naming in items)
    status = fields.status(certificate, profile, unusable)
    found = (
        *_papers(certificate, profile, named),
        status,
        *_head(declaration, certificate, profile, arrival),
        *_carriage(declaration, certificate, items),
        *(verdict for one in goods for verdict in one.fields),
    )
    cover = _cover(found, goods, elsewhere=_are_elsewhere(declaration, certificate, items))
    return Match(
        certificate=certificate.key,
        digest=certificate.digest,
        cover=cover,
        fields=found,
        uses=tuple(use for one in goods for use in one.uses),
        for_officer=_for_officer(profile, certificate, cover, found),
        for_trader=_for_trader(profile, certificate, cover, found),
        is_usable=status.verdict is Verdict.AGREES,
        is_overdrawn=any(one.is_overdrawn for one in goods),
    )


def _items(
    declaration: Declaration,
    certificate: Certificate,
    named: tuple[tuple[Document, Item | None], ...],
    needed_for: Collection[int],
) -> tuple[Naming, ...]:
    """Return the items that the certificate should cover."""
    own = {item.number: Naming(item, each.lines) for each, item in named if item is not None}
    header = next((each for each, item in named if item is None), None)
    if header is None and own:
        return tuple(own.values())
    wanted = set(needed_for) or {
        item.number
        for item in declaration.items
        if any(fields.hs_kinship(item, line) for line in certificate.lines)
    }
    lines = header.lines if header else ()
    return tuple(
        own.get(item.number) or Naming(item, lines)
        for item in declaration.items
        if item.number in (wanted | set(own)) or not (wanted or own)
    )


def _papers(
    certificate: Certificate, profile: Profile, named: tuple[tuple[Document, Item | None], ...]
) -> tuple[FieldVerdict, ...]:
    kinds = tuple(dict.fromkeys(document for document, _ in named))
    return (
        *_worst(fields.document_type(each, profile) for each in kinds),
        *_worst(fields.issuing_country(each, certificate) for each in kinds),
    )


def _head(
    declaration: Declaration, certificate: Certificate, profile: Profile, arrival: datetime
) -> tuple[FieldVerdict, ...]:
    exporter = declaration.exporter.name if declaration.exporter else ""
    consignee = declaration.consignee or declaration.importer
    return (
        fields.importing_country(declaration, certificate),
        fields.issue_date(certificate, profile, arrival),
        fields.party("consignor", exporter, certificate.consignor.name, "CLR_M06"),
        fields.party("consignee", consignee.name, certificate.consignee.name, "CLR_M07"),
    )


def _worst(verdicts: Iterable[FieldVerdict]) -> tuple[FieldVerdict, ...]:
    """Return the verdict that differs, else the first; nothing of nothing."""
    made = tuple(verdicts)
    differing = tuple(each for each in made if each.verdict is Verdict.DIFFERS)
    return (differing or made)[:1]


def _carriage(
    declaration: Declaration, certificate: Certificate, items: tuple[Naming, ...]
) -> tuple[FieldVerdict, ...]:
    """Compare containers and seals."""
    declared = _boxes(declaration, items)
    seals = [seal for each in declared for seal in each.seals]
    return (
        fields.containers([each.number for each in declared], certificate.containers),
        fields.seals(seals, certificate.seals),
    )


def _are_elsewhere(
    declaration: Declaration, certificate: Certificate, items: tuple[Naming, ...]
) -> bool:
    declared = [each.number for each in _boxes(declaration, items)]
    return fields.are_elsewhere(declared, certificate.containers)


def _boxes(declaration: Declaration, items: tuple[Naming, ...]) -> tuple[Container, ...]:
    """Return the containers of these items; where they name none, all of the declaration."""
    wanted = {number for naming in items for number in naming.item.containers}
    return tuple(each for each in declaration.containers if not wanted or each.number in wanted)


class _Pool:
    """What is still there of each line while items take from it."""

    def __init__(self, certificate: Certificate, remaining: Mapping[int, Quantity]) -> None:
        self.remaining = remaining
        self._whole = {line.number: line.certified for line in certificate.lines}
        self._left: dict[int, Quantity | None] = {
            number: remaining.get(number, certified) for number, certified in self._whole.items()
        }

    def take(self, line: CertificateLine, wanted: Quantity) -> Quantity:
        """Take up to `wanted` of a line."""
        left = self._left[line.number]
        if left is None:
            return wanted
        left = left.to(wanted.unit)
        taken = min(left, wanted)
        self._left[line.number] = left - taken
        return taken

    def used_by_others(self, line: CertificateLine) -> Decimal:
        """Return what other declarations took of a line, in its unit."""
        whole, rest = self._whole[line.number], self.remaining.get(line.number)
        if whole is None or rest is None:
            return Decimal(0)
        return max(whole.value - rest.to(whole.unit).value, Decimal(0))


def _goods(naming: Naming, certificate: Certificate, pool: _Pool) -> _Goods:
    """Compare one item with the lines that stand for it."""
    lines = _lines(naming, certificate)
    if not lines:
        return _Goods((_no_line(naming, certificate),), (), is_covered=False, is_overdrawn=False)
    item, wanted = naming.item, fields.need(naming.item, lines[0])
    uses, taken = _take(item, wanted, lines, pool)
    missing = None if wanted is None or taken is None else wanted.value - taken.value
    is_short = missing is not None and missing > fields.MASS_TOLERANCE * _value(taken)
    is_overdrawn = is_short and any(pool.used_by_others(line) > 0 for line in lines)
    verdicts = (
        fields.hs(item, lines[0]),
        fields.amount(item, wanted, taken, lines),
        fields.left(item, lines, pool.remaining, is_short=is_overdrawn),
        fields.packages(item, lines),
        fields.origin(item, lines),
    )
    return _Goods(verdicts, uses, is_covered=True, is_overdrawn=is_overdrawn)


def _lines(naming: Naming, certificate: Certificate) -> tuple[CertificateLine, ...]:
    """Return the lines of the item's goods: the nearest HS code first found, then others alike.

    A line without an HS code may be any goods: it stands for an item that no other line fits.
    """
    candidates = [
        line for line in certificate.lines if not naming.lines or line.number in naming.lines
    ]
    kinships = [(fields.hs_kinship(naming.item, line), line) for line in candidates]
    best = max((kinship for kinship, _ in kinships), default=0)
    if best >= _LEAST_KINSHIP:
        return tuple(line for kinship, line in kinships if kinship == best)
    return tuple(line for line in candidates if not line.hs)


def _take(
    item: Item, wanted: Quantity | None, lines: tuple[CertificateLine, ...], pool: _Pool
) -> tuple[tuple[LineUse, ...], Quantity | None]:
    """Take what the item needs of its lines, the first first."""
    if wanted is None:
        return tuple(LineUse(line.number, item.number, None) for line in lines[:1]), None
    uses: list[LineUse] = []
    taken = Quantity(Decimal(0), wanted.unit)
    for line in lines:
        if line.certified is None or line.certified.unit.dimension != wanted.unit.dimension:
            continue
        part = pool.take(line, wanted - taken)
        if part.value:
            uses.append(LineUse(line.number, item.number, part))
            taken = taken + part
    return tuple(uses), taken


def _no_line(naming: Naming, certificate: Certificate) -> FieldVerdict:
    item = naming.item
    certified = ", ".join(code for line in certificate.lines for code in line.hs)
    where = f" on the lines {', '.join(map(str, naming.lines))}" if naming.lines else ""
    note = f"The certificate has no goods of HS code {item.hs}{where}."
    field = f"item {item.number}: HS code"
    return FieldVerdict(field, Verdict.DIFFERS, item.hs, certified, note, "CLR_M10")


def _value(quantity: Quantity | None) -> Decimal:
    return Decimal(0) if quantity is None else quantity.value


def _cover(found: tuple[FieldVerdict, ...], goods: tuple[_Goods, ...], *, elsewhere: bool) -> Cover:
    differing = [each for each in found if each.verdict is Verdict.DIFFERS]
    codes = {each.code for each in differing}
    nothing_fits = not any(one.is_covered for one in goods)
    if codes & _DECISIVE or nothing_fits or elsewhere:
        return Cover.DOES_NOT_COVER
    if {"CLR_M06", "CLR_M07"} <= codes:
        return Cover.DOES_NOT_COVER
    unknown = any(each.code == "CLR_M12" and each.verdict is Verdict.MISSING for each in found)
    return Cover.COVERS_IN_PART if differing or unknown else Cover.COVERS


def _notes(found: tuple[FieldVerdict, ...]) -> str:
    wanting = [each.note for each in found if each.verdict is Verdict.DIFFERS]
    if not wanting:
        wanting = [each.note for each in found if each.code == "CLR_M12" and each.note]
    return " ".join(wanting)


def _for_officer(
    profile: Profile, certificate: Certificate, cover: Cover, found: tuple[FieldVerdict, ...]
) -> str:
    name = f"The {profile.name} {certificate.number}"
    if cover is Cover.COVERS:
        agree = sum(each.verdict is Verdict.AGREES for each in found)
        return f"{name} covers the goods: {agree} of {len(found)} fields agree, none differs."
    verb = "covers the goods in part" if cover is Cover.COVERS_IN_PART else "does not cover them"
    return f"{name} {verb}. {_notes(found)}"


def _for_trader(
    profile: Profile, certificate: Certificate, cover: Cover, found: tuple[FieldVerdict, ...]
) -> str:
    if cover is Cover.COVERS:
        return f"Your {profile.name} {certificate.number} covers the goods; nothing is to be done."
    return (
        f"Your {profile.name} {certificate.number} does not fully agree with your declaration."
        f" {_notes(found)} Correct the declaration, or ask the issuing authority for a"
        " replacement certificate."
    )
