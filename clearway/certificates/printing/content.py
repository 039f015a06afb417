"""From a certificate and its profile to the page: which box stands where.

The layout of the profile orders boxes and tables; what a certificate states and the layout does not
name follows under "Further details", so that nothing stated is lost on paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final, TypeVar

from clearway.certificates.model import Certificate, Status
from clearway.certificates.printing import goods
from clearway.certificates.printing.boxes import BOXES, Pen, box, place
from clearway.certificates.printing.page import Block, Box, Page, Section, Signing, Table, Value
from clearway.certificates.profile import Profile
from clearway.certificates.profile import Section as Layout

_GOODS: Final = frozenset(
    {
        "description",
        "botanical_name",
        "scientific_name",
        "quantity",
        "hs",
        "batches",
        "intended_use",
    }
)
_ORIGINAL: Final = frozenset({"original_country", "original_number"})
_SIGNING: Final = frozenset({"signatory.place", "signatory.officer", "issued"})
_STATEMENT: Final = "signatory.statement"
_TREATMENTS: Final = "treatments"

# Stated anywhere, it is printed, in this order, whether the layout names it or not.
_REST: Final = (
    "consignor", "consignee", "packages", "distinguishing_mark", "origin", "transport",
    "entry_point", "goods", _STATEMENT, "original", "additional_declaration", _TREATMENTS,
    "official_information", "import_permit", "inspection_date", "loading_place",
    "transit_countries", "examination_place", "consignment_id", "replacement", "references",
    "others",
)  # fmt: skip

# Without a layout all stands under one heading.
_PLAIN: Final = (Layout("Description of consignment", ()),)

# What is printed across a page whose certificate has no force, and what it means.
_WARNINGS: Final = {
    Status.DRAFT: ("DRAFT", "This is a draft. It is not valid."),
    Status.WITHDRAWN: ("WITHDRAWN", "The authority has withdrawn this certificate."),
    Status.REPLACED: ("REPLACED", "Another certificate has replaced this one."),
    Status.REJECTED: ("REJECTED", "This certificate was rejected."),
    Status.EXPIRED: ("EXPIRED", "This certificate has expired."),
    Status.PENDING: ("NOT ISSUED", "This certificate is not issued yet. It is not valid."),
    Status.APPROVED: ("NOT ISSUED", "This certificate is not issued yet. It is not valid."),
}
_UNDERWAY: Final = frozenset({Status.PENDING, Status.APPROVED, Status.ISSUED})
_UNKNOWN: Final = ("NOT VALID", "The status of this certificate gives it no force.")

_LABELS: Final = {
    "no": "No.",
    "to": "To: Plant Protection Organization(s) of",
    "from": "Plant Protection Organization of",
    "page": "Page",
    "of": "of",
    "place": "Place of issue",
    "officer": "Name of authorized officer",
    "date": "Date",
    "signature": "Signature",
    "stamp": "Stamp of organization",
    "verify": "Verify this certificate",
    "how": (
        "Scan the code with a certificate verifier. No network is needed. "
        "What the verifier shows counts, not this paper."
    ),
    "digest": "Digest of the electronic certificate (SHA-256)",
    "enclosed": "The electronic certificate is enclosed in this PDF.",
    "unsealed": "This print bears no seal. Check it with the authority that issued it.",
    "none": "None",
    "code": "Code with the seal of the authority",
}

# What a print cannot show: characters without a font, the end of long texts.
_REMARKS_ENCLOSED: Final = (
    "Characters that the fonts of this system cannot show are printed by their numbers [U+...];"
    " the enclosed electronic certificate holds them.",
    "Long texts are shortened; the enclosed electronic certificate is whole.",
)
_REMARKS: Final = (
    "Characters that the fonts of this system cannot show are printed by their numbers [U+...];"
    " compare the electronic certificate.",
    "Long texts are shortened; compare the electronic certificate.",
)

_Counted = TypeVar("_Counted", Box, Table)

_PLANT_HEALTH: Final = frozenset({"850", "851", "657"})


@dataclass(slots=True)
class _Writer:
    """Writes blocks of one certificate, and knows which fields were placed and counted."""

    pen: Pen
    certificate: Certificate
    placed: set[str] = field(default_factory=set)
    counted: int = 0
    heading: str = ""

    def section(self, layout: Layout) -> Section:
        """Return a section with what the layout names, whether stated or not."""
        heading = self.pen.words(layout.heading)
        self.heading = heading
        return Section(heading, self._blocks(map(_group, layout.fields), keep_empty=True))

    def rest(self) -> Section | None:
        """Return what is stated and was not placed."""
        names = [name for name in _REST if name not in self.placed]
        blocks = self._blocks(names, keep_empty=False)
        return Section(self.pen.words("Further details"), blocks) if blocks else None

    def _blocks(self, names: Iterable[str], *, keep_empty: bool) -> tuple[Block, ...]:
        return tuple(_joined(self._each(names, keep_empty)))

    def _each(self, names: Iterable[str], keep_empty: bool) -> Iterator[Block]:
        for name in names:
            if name in self.placed or name == "signing":
                continue
            self.placed.add(name)
            block = self._block(name, keep_empty)
            if block is not None:
                yield block

    def _block(self, name: str, keep_empty: bool) -> Block | None:
        if name == _STATEMENT:
            return self._statement()
        if name == "goods":
            return Block(table=self._numbered(goods.goods(self.pen, self.certificate)))
        if name in {"original", _TREATMENTS}:
            make = goods.originals if name == "original" else goods.treatments
            table = make(self.pen, self.certificate)
            if table is not None:
                return Block(table=table)
            return self._nothing() if keep_empty else None
        if name not in BOXES:
            return None
        found = box(self.pen, name, self.certificate)
        if not found.values and not keep_empty:
            return None
        if found.label == self.heading:  # said once is enough
            return Block(boxes=(replace(found, label=""),))
        return Block(boxes=(self._numbered(found),))

    def _statement(self) -> Block | None:
        texts = tuple(text for one in self.certificate.signatories for text in one.statements)
        values = self.pen.chosen(texts)
        return Block(statement=values) if values else None

    def _nothing(self) -> Block:
        return Block(boxes=(Box("", (self.pen.say(self.pen.words("None"), "muted"),), wide=True),))

    def _numbered(self, what: _Counted) -> _Counted:
        self.counted += 1
        return replace(what, number=self.counted)


def _group(name: str) -> str:
    """Return what a field of a layout is printed as: those of the goods make one table."""
    for names, group in ((_GOODS, "goods"), (_ORIGINAL, "original"), (_SIGNING, "signing")):
        if name in names:
            return group
    return name


def _joined(blocks: Iterable[Block]) -> Iterator[Block]:
    """Join boxes that follow each other into one block, which the template sets side by side."""
    boxes: tuple[Box, ...] = ()
    for block in blocks:
        if block.boxes:
            boxes += block.boxes
            continue
        if boxes:
            yield Block(boxes=boxes)
            boxes = ()
        yield block
    if boxes:
        yield Block(boxes=boxes)


def page_of(
    certificate: Certificate,
    profile: Profile,
    pen: Pen,
    *,
    status: str,
    now: datetime,
    is_enclosed: bool,
) -> Page:
    """Return the certificate as a page.

    Args:
        status: UNECE 4405, as it is now; one under which goods may not enter is printed across.
        now: when it is printed; the date of the document where it bears none.
        is_enclosed: the electronic certificate goes with the print.
    """
    words, ink = pen.words, pen.ink
    sections = tuple(_sections(_Writer(pen, certificate), profile))
    warning, sentence = _warning(status, profile)
    issued = (certificate.issued_at or now).date()
    name = words(profile.name)
    return Page(
        language=words.language,
        rtl=words.is_right_to_left,
        fonts=ink.fonts.families,
        labels={key: words(text) for key, text in _labels(profile).items()},
        title=name[:1].upper() + name[1:],
        subtitle=_subtitle(pen, certificate, name),
        country=words.country_name(certificate.issuing_country),
        authority=pen.all((certificate.issuer.name, *_address(pen, certificate))),
        recipient=pen.all((words.country(certificate.importing_country),), "strong"),
        number=pen.say(certificate.number, "strong"),
        warning=words(warning),
        warning_text=words(sentence),
        sections=sections,
        signing=_signing(pen, certificate),
        digest=certificate.content_digest,
        date=_parts(issued),
        notices=_notices(pen, is_enclosed),
    )


def _sections(writer: _Writer, profile: Profile) -> Iterator[Section]:
    last: list[Section] = []  # the signature stands under it, and nothing in between
    for layout in profile.layout or _PLAIN:
        section = writer.section(layout)
        if not _SIGNING.isdisjoint(layout.fields):
            last.append(section)
        elif section.blocks:
            yield section
    rest = writer.rest()
    if rest is not None:
        yield rest
    yield from last


def _labels(profile: Profile) -> dict[str, str]:
    labels = dict(_LABELS)
    if profile.type_code not in _PLANT_HEALTH:
        labels |= {"to": "To: competent authority of", "from": "Competent authority of"}
    return labels


def _warning(status: str, profile: Profile) -> tuple[str, str]:
    # An application lets nothing in: it has force as long as nobody ended it.
    if status in (profile.usable_statuses or _UNDERWAY):
        return "", ""
    try:
        return _WARNINGS.get(Status(status), _UNKNOWN)
    except ValueError:
        return _UNKNOWN


def _subtitle(pen: Pen, certificate: Certificate, name: str) -> tuple[Value, ...]:
    titles = (each.text for each in certificate.title)
    return pen.all(each for each in titles if each.casefold() != name.casefold())


def _address(pen: Pen, certificate: Certificate) -> tuple[str, ...]:
    issuer = certificate.issuer
    return (*issuer.address, " ".join(filter(None, (issuer.postcode, issuer.city))))


def _signing(pen: Pen, certificate: Certificate) -> tuple[Signing, ...]:
    found = tuple(
        Signing(
            place(pen, one.place),
            pen.all((one.officer, one.authority.name)),
            pen.all((pen.words.time(one.signed or certificate.issued),)),
        )
        for one in certificate.signatories
    )
    issued = pen.all((pen.words.time(certificate.issued),))
    return found or (Signing(date=issued),)


def _notices(pen: Pen, is_enclosed: bool) -> tuple[str, ...]:
    """Say what the print does not show: call it last, when all texts are written."""
    lost, short = _REMARKS_ENCLOSED if is_enclosed else _REMARKS
    return (
        *((pen.words(lost),) if pen.ink.lost else ()),
        *((pen.words(short),) if pen.ink.shortened else ()),
    )


def _parts(day: date) -> tuple[int, int, int]:
    return day.year, day.month, day.day
