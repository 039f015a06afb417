"""Boxes of a printed certificate: what is said of the whole consignment.

Labels are those of the model phytosanitary certificates (ISPM 12, annexes 1 and 2); for other
kinds they hold as well. `BOXES` gives, for each name that a layout may use, how its box is filled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from clearway.certificates.model import Certificate
from clearway.certificates.parts import Location, Party, Reference, Text, Transport, noted
from clearway.certificates.printing.page import Box, Inscription, Value
from clearway.certificates.printing.words import Words
from clearway.terms.countries import COUNTRIES

# Signs of typography, under names: they look like others.
TIMES: Final = "\u00d7"
DASH: Final = "\u2013"

_MODES: Final = {
    "1": "by sea", "2": "by rail", "3": "by road", "4": "by air", "5": "by post",
    "6": "multimodal", "7": "by fixed installation", "8": "by inland waterway",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pen:
    """What is written with: words of a language, and what the fonts can show."""

    words: Words
    ink: Inscription

    def say(self, text: str, style: str = "") -> Value:
        """Return a value."""
        return self.ink.value(text, style)

    def all(self, texts: Iterable[str], style: str = "") -> tuple[Value, ...]:
        """Return the values of texts that are not empty, each once."""
        return self.ink.values(texts, style)

    def texts(self, texts: tuple[Text, ...], style: str = "") -> tuple[Value, ...]:
        """Return texts in several languages: the one of the page first, the others muted."""
        wanted = self.words.language
        ordered = sorted(texts, key=lambda each: not each.language.lower().startswith(wanted))
        first, *others = self.all((each.text for each in ordered), style) or (None,)
        if first is None:
            return ()
        return (first, *(Value(each.text, each.rtl, "muted") for each in others if each))

    def chosen(self, texts: tuple[Text, ...]) -> tuple[Value, ...]:
        """Return the texts in the language of the page; where there are none, all."""
        wanted = self.words.language
        own = [each for each in texts if each.language.lower().startswith(wanted)]
        return self.all(each.text for each in own or texts)


Fill = Callable[[Pen, Certificate], tuple[Value, ...]]


def party(pen: Pen, who: Party) -> tuple[Value, ...]:
    """Return name, address, country, registration and person of a party."""
    place = " ".join(filter(None, (who.postcode, who.city)))
    region = ", ".join(filter(None, (place, who.subdivision)))
    country = pen.words.country(who.country)
    # The country in the sender's words only where they add something to its code.
    known = COUNTRIES.get(who.country, "") if who.country else ""
    stated = "" if who.country_name.casefold() == known.casefold() else who.country_name
    details = (
        (pen.words("Registration"), who.registration),
        (pen.words("Identification"), who.id),
        (pen.words("Contact"), who.person),
        (pen.words("Role"), who.role),
    )
    return (
        *pen.all((who.name,), "strong"),
        *pen.all((*who.address, region, country, stated)),
        *pen.all((f"{label}: {text}" for label, text in details if text), "muted"),
    )


def place(pen: Pen, where: Location | None) -> tuple[Value, ...]:
    """Return name and code of a place."""
    if where is None:
        return ()
    if where.name and where.code:
        return pen.all((f"{where.name} ({where.code})",))
    return pen.all((where.name or where.code,))


def _leg(pen: Pen, leg: Transport) -> tuple[Value, ...]:
    mode = pen.words(_MODES[leg.mode]) if leg.mode in _MODES else leg.mode
    named = ", ".join(filter(None, (leg.means, leg.voyage)))
    return (*pen.all((named,)), *pen.all((mode,), "muted"))


def _conveyance(pen: Pen, certificate: Certificate) -> tuple[Value, ...]:
    legs = (value for leg in certificate.transports for value in _leg(pen, leg))
    container, seals = pen.words("Container"), pen.words("Seals")
    boxes = (
        ". ".join(
            filter(
                None,
                (
                    f"{container}: {each.container}" if each.container else "",
                    f"{seals}: {', '.join(each.seals)}" if each.seals else "",
                ),
            )
        )
        for each in certificate.equipment
    )
    return (*legs, *pen.all(boxes))


def _packages(pen: Pen, certificate: Certificate) -> tuple[Value, ...]:
    """Return the sum of each kind of outermost package, and packages in words."""
    sums: dict[str, int] = {}
    worded: list[str] = []
    for line in certificate.lines:
        if line.packages is not None:
            outermost = min(line.packagings, key=lambda each: each.level)
            sums[outermost.type] = sums.get(outermost.type, 0) + line.packages
        if line.packages_in_words:
            worded.append(line.packages_in_words)
    counted = (f"{count} {TIMES} {pen.words.package(kind)}" for kind, count in sums.items())
    return pen.all((*counted, *worded))


def _origins(pen: Pen, certificate: Certificate) -> tuple[Value, ...]:
    regions: dict[str, list[str]] = {}
    for line in certificate.lines:
        for origin in line.origins:
            regions.setdefault(pen.words.country(origin.country), []).extend(origin.regions)
    return pen.all(
        f"{country}: {', '.join(dict.fromkeys(inside))}" if inside else country
        for country, inside in regions.items()
    )


def _notes(kind: str) -> Fill:
    return lambda pen, certificate: pen.all(noted(certificate.notes, kind))


def _declarations(kind: str) -> Fill:
    """Statements on the whole, then those on lines, each with the lines that it is about."""

    def fill(pen: Pen, certificate: Certificate) -> tuple[Value, ...]:
        about: dict[str, list[int]] = {}
        for line in certificate.lines:
            for text in noted(line.notes, kind):
                about.setdefault(text, []).append(line.number)
        on_lines = (
            f"{_line_label(pen, numbers)}: {text}"
            if len(certificate.lines) > 1 and len(set(numbers)) < len(certificate.lines)
            else text
            for text, numbers in about.items()
        )
        return pen.all((*noted(certificate.notes, kind), *on_lines))

    return fill


def _line_label(pen: Pen, numbers: list[int]) -> str:
    word = pen.words("Line") if len(set(numbers)) == 1 else pen.words("Lines")
    return f"{word} {spans(numbers)}"


def spans(numbers: Iterable[int]) -> str:
    """Return numbers in short, such as `1–3, 7`."""
    parts: list[list[int]] = []
    for each in sorted(set(numbers)):
        if parts and each == parts[-1][1] + 1:
            parts[-1][1] = each
        else:
            parts.append([each, each])
    return ", ".join(f"{a}" if a == b else f"{a}{DASH}{b}" for a, b in parts)


def _replacement(pen: Pen, certificate: Certificate) -> tuple[Value, ...]:
    words = {
        "replaced_number": "Replaces certificate",
        "replaced_issue_date": "Issued on",
        "replacement_reason": "Reason",
    }
    return pen.all(
        f"{pen.words(label)}: {text}"
        for kind, label in words.items()
        for text in noted(certificate.notes, kind)
    )


def _reference(pen: Pen, one: Reference) -> str:
    files = ", ".join(each.filename for each in one.attachments if each.filename)
    parts = (
        one.number,
        one.type_code,
        pen.words.time(one.issued),
        one.information.text if one.information else "",
        f"{pen.words('Attached')}: {files}" if files else "",
    )
    return ". ".join(filter(None, parts))


def _others(pen: Pen, certificate: Certificate) -> tuple[Value, ...]:
    """Notes whose subject the profile does not know, so that nothing stated goes unprinted."""
    unknown = (
        (note.subject, note.text)
        for notes in (certificate.notes, *(line.notes for line in certificate.lines))
        for note in notes
        if not note.kind
    )
    return pen.all(f"{subject}: {text}" if subject else text for subject, text in unknown)


# Name in a layout -> label, whether it takes the whole width, how it is filled. Those of the lines
# stand in the table of goods, see `goods`.
BOXES: Final[dict[str, tuple[str, bool, Fill]]] = {
    "consignor": ("Name and address of exporter", False, lambda pen, c: party(pen, c.consignor)),
    "consignee": (
        "Declared name and address of consignee",
        False,
        lambda pen, c: party(pen, c.consignee),
    ),
    "packages": ("Number and description of packages", False, _packages),
    "distinguishing_mark": ("Distinguishing marks", False, _declarations("distinguishing_mark")),
    "origin": ("Place of origin", False, _origins),
    "transport": ("Declared means of conveyance", False, _conveyance),
    "entry_point": ("Declared point of entry", False, lambda pen, c: place(pen, c.entry_point)),
    "additional_declaration": (
        "Additional declaration",
        True,
        _declarations("additional_declaration"),
    ),
    "official_information": (
        "Additional official information",
        True,
        _declarations("official_information"),
    ),
    "import_permit": ("Import permit", False, _declarations("import_permit")),
    "inspection_date": ("Date of inspection", False, _declarations("inspection_date")),
    "loading_place": ("Place of loading", False, lambda pen, c: place(pen, c.loading_place)),
    "transit_countries": (
        "Countries of transit",
        False,
        lambda pen, c: pen.all(map(pen.words.country, c.transit_countries)),
    ),
    "examination_place": (
        "Place of examination",
        False,
        lambda pen, c: pen.all((c.examination_place,)),
    ),
    "consignment_id": ("Consignment", False, lambda pen, c: pen.all((c.consignment_id,))),
    "replacement": ("Replacement", False, _replacement),
    "references": (
        "Other documents",
        True,
        lambda pen, c: pen.all(_reference(pen, each) for each in c.references),
    ),
    "others": ("Further information", True, _others),
}


def box(pen: Pen, name: str, certificate: Certificate) -> Box:
    """Return the box of one field; `name` is a key of `BOXES`."""
    label, wide, fill = BOXES[name]
    return Box(pen.words(label), fill(pen, certificate), wide)
