"""What is printed, what is enclosed, and what stays inert."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from hypothesis import Phase, given, settings

from clearway.certificates.formats import qr
from clearway.certificates.formats.profile import profile_of, profiles
from clearway.certificates.model import Certificate
from clearway.certificates.parts import (
    Attachment,
    Characteristic,
    Equipment,
    Location,
    Measure,
    Note,
    Party,
    Reference,
    Text,
    Transport,
    Treatment,
)
from clearway.certificates.printing.render import ENCLOSED, render
from clearway.certificates.printing.words import languages, words_of
from clearway.errors import BadTerm, TooLarge
from clearway.terms.places import Country
from clearway.terms.quantity import Quantity, UnitCode, kilograms
from tests.certificates import strategies
from tests.certificates.conftest import PHYTO, certificate, line, sha256

from .conftest import (
    INVOICE,
    NOW,
    SEAL,
    arabic,
    enclosed,
    many,
    noted,
    pages_of,
    printed,
    read_back,
    squeezed,
    xmp,
)

Open = Callable[[bytes], pypdfium2.PdfDocument]


def full() -> Certificate:
    """Return a certificate that states whatever can be stated."""
    attached = Attachment("invoice.pdf", "application/pdf", len(INVOICE), sha256(INVOICE))
    sent = Reference("ZZZ", "INV-778", "380", None, Text("Invoice"), (attached,))
    fumigated = Treatment(
        type="FUM",
        description=(Text("Fumigation under sheets"),),
        agents=("Methyl bromide",),
        concentration=Measure(Decimal("32"), "GQ"),
        information=(Text("Ventilated"),),
        others=(Characteristic("XX1", "sealed"),),
    )
    goods = line(
        1,
        common_names=(Text("Palta"),),
        intended_uses=(Text("Consumption"),),
        batches=("L-2026-77",),
        net_mass=kilograms("24000.50"),
        quantity=Quantity(Decimal(480), UnitCode("H87")),
        equipment=(Equipment("MSKU1234565", ("SL-9",)),),
        treatments=(fumigated,),
        notes=(
            PHYTO.line_note("distinguishing_mark", "FDS 1/250"),
            PHYTO.line_note("import_permit", "IP-LINE-1"),
            Note("ZZQQ", "A remark under a strange subject"),
        ),
    )
    party = Party(
        "Frutas del Sur", "id-17", "EX", "0991", ("Av. 25 de Julio",), "Guayaquil", "090112"
    )
    whole = certificate(
        lines=(goods,),
        consignor=dataclasses.replace(party, country=Country("EC"), person="A. Contact"),
        transit_countries=(Country("PA"),),
        loading_place=Location("ECGYE", "Guayaquil port"),
        examination_place="Packing house 4",
        transports=(Transport("1", "611W", "Cape Example"), Transport("3", "", "Lorry AB-12")),
        references=(sent,),
        consignment_id="UCR-99",
    )
    return noted(
        whole,
        PHYTO.note("import_permit", "IP-2026-4"),
        PHYTO.note("inspection_date", "11 and 12 March 2026"),
        PHYTO.note("official_information", "Seen by the deputy"),
        PHYTO.note("distinguishing_mark", "FDS"),
        PHYTO.note("replaced_number", "EC-2026-000001"),
        PHYTO.note("replacement_reason", "Consignee changed"),
        PHYTO.note("single_use_secret", "00112233445566778899aabbccddeeff"),
    )


STATED = """
EC-2026-000123|Ecuador|Plant Protection Organisation of Ecuador|Netherlands (NL)|Frutas del Sur
Av. 25 de Julio|090112 Guayaquil|0991|id-17|A. Contact|Harbour Fruit|Quay 12|Rotterdam (NLRTM)
250 \u00d7 carton (CT)|FDS|FDS 1/250|Ecuador (EC)|Guayas|Cape Example, 611W|by sea
Lorry AB-12|by road
CSQU3054383|G2382564|Avocado|Aguacate|Palta|Persea americana|L-2026-77|Consumption|MSKU1234565|SL-9
HS 080440|Fresh|24 000.50 kg net|1100.00 kg gross|480 piece|Inspected and found free.
Fumigation under sheets|Methyl bromide|32 microgram per cubic metre|Ventilated|XX1: sealed
Guayaquil|M. Zambrano|Office
14 March 2026, 15:12 UTC|Free from pests.|Panama (PA)|Guayaquil port (ECGYE)|Packing house 4|UCR-99
IP-2026-4|IP-LINE-1|11 and 12 March 2026|Seen by the deputy|EC-2026-000001|Consignee changed
INV-778|Invoice|invoice.pdf|ZZQQ: A remark under a strange subject
"""


def test_the_print_holds_every_field_that_is_stated(opened: Open) -> None:
    text = squeezed("".join(pages_of(opened(printed(full())))))
    fields = [field for row in STATED.strip().splitlines() for field in row.split("|")]
    assert [field for field in fields if squeezed(field) not in text] == []


def test_the_secret_of_single_use_is_not_printed(opened: Open) -> None:
    text = squeezed("".join(pages_of(opened(printed(full())))))
    assert "00112233445566778899aabbccddeeff" not in text


def test_the_electronic_certificate_is_enclosed_byte_for_byte(opened: Open) -> None:
    found, document = read_back(certificate())
    pdf = printed(certificate())
    assert enclosed(opened(pdf)) == {ENCLOSED: document}
    assert b"/AFRelationship/Source" in pdf.replace(b" ", b"")
    assert found.content_digest in "".join(pages_of(opened(pdf)))


def test_a_document_that_is_not_utf8_is_enclosed_as_well(opened: Open) -> None:
    utf16 = read_back(certificate())[1].decode().encode("utf-16")
    assert enclosed(opened(printed(certificate(), xml=utf16))) == {ENCLOSED: utf16}


def test_a_print_without_a_document_encloses_nothing(opened: Open) -> None:
    assert enclosed(opened(printed(certificate(), xml=None))) == {}


def test_it_declares_pdf_a_3b_and_pdf_ua_1_and_is_tagged_in_its_language(opened: Open) -> None:
    pdf = printed(certificate(), "fr")
    archive, access = "{http://www.aiim.org/pdfa/ns/id/}", "{http://www.aiim.org/pdfua/ns/id/}"
    names = (f"{archive}part", f"{archive}conformance", f"{access}part")
    assert [xmp(pdf).findtext(f".//{name}") for name in names] == ["3", "B", "1"]
    assert b"/Lang(fr)" in pdf.replace(b" ", b"") and b"/StructTreeRoot" in pdf
    assert opened(pdf).get_metadata_dict()["Title"] == "Certificat phytosanitaire EC-2026-000123"
    assert opened(pdf).is_tagged()


def test_the_same_arguments_give_the_same_bytes() -> None:
    assert printed(full()) == printed(full())


def test_the_order_of_prints_does_not_change_them() -> None:
    first = printed(certificate())
    printed(many(5), "es")
    assert printed(certificate()) == first


def test_the_code_holds_the_seal_as_it_was_given(opened: Open) -> None:
    assert [
        each.text for each in zxingcpp.read_barcodes(_picture(opened, printed(certificate())))
    ] == [SEAL]


def test_a_seal_that_paper_cannot_carry_is_refused() -> None:
    for size in (971, 2_000, 9_000):
        with pytest.raises(TooLarge, match="without its lines"):
            printed(certificate(), seal_text="A" * size)
    with pytest.raises(BadTerm, match="QR code"):
        printed(certificate(), seal_text="no seal")
    assert qr.make("A" * 970).version == 20


def test_sixty_lines_go_on_over_pages_whose_tables_have_a_head(opened: Open) -> None:
    pages = pages_of(opened(printed(many(60))))
    assert len(pages) == 3
    text = squeezed("".join(pages))
    assert all(f"Roses,kind{number}" in text for number in range(1, 61))
    assert all("Quantity declared" in page for page in pages)
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of 3" in page and "EC-2026-000123" in page


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("kind", sorted(filter(None, profiles())))
def test_every_kind_is_printed_in_every_language(kind: str, language: str, opened: Open) -> None:
    pdf = printed(dataclasses.replace(full(), type_code=kind), language)
    text = "".join(pages_of(opened(pdf)))
    assert all(word in text for word in ("Frutas", "Quay", "Persea", "Aguacate", "Zambrano"))
    assert words_of(language)("NOT VALID") not in text


def test_a_kind_without_a_layout_is_printed_whole(opened: Open) -> None:
    text = squeezed("".join(pages_of(opened(printed(certificate(type_code="999"))))))
    assert "HarbourFruit" in text and "Perseaamericana" in text and "Freefrompests." in text


def test_a_certificate_in_arabic_runs_from_right_to_left(opened: Open) -> None:
    pdf = printed(arabic(), "ar")
    assert b"/Lang(ar)" in pdf.replace(b" ", b"")
    left = _left_of(opened(pdf), "Harbour")
    assert left < _left_of(opened(printed(arabic(), "en")), "Harbour")
    assert _left_of(opened(pdf), "000123") < 200, "where lines end"


@pytest.mark.parametrize(
    ("status", "word"),
    [("47", "DRAFT"), ("40", "WITHDRAWN"), ("44", "REPLACED"), ("39", "NOT ISSUED"),
     ("98", "NOT VALID"), ("", "NOT VALID")],
)  # fmt: skip
def test_what_has_no_force_says_so_on_every_page(status: str, word: str, opened: Open) -> None:
    pages = pages_of(opened(printed(many(30), status=status or "?")))
    assert len(pages) > 1 and all(word in page for page in pages)


def test_a_draft_is_a_draft_whatever_its_status(opened: Open) -> None:
    assert "DRAFT" in pages_of(opened(printed(certificate(), draft=True)))[0]
    assert "DRAFT" not in pages_of(opened(printed(certificate())))[0]


def test_an_unknown_language_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(BadTerm, match="ar, en, es, fr"):
        printed(certificate(), "xx")


HOSTILE = (
    '#read("/etc/passwd")',
    '#panic("stopped")',
    '#import "@preview/example:0.1.0": *',
    "]#strong[x",
    '"; #eval("1+1") //',
    "$ x^2 $ *bold* _em_ `raw` <label> @ref \\ #",
    "</text><script>alert(1)</script>",
    "{{ 7*7 }} ${7*7} %x",
    "#set page(width: 1pt)",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_of_strangers_are_printed_as_they_stand(text: str, opened: Open) -> None:
    whole = certificate(
        number="EC-#x]",
        consignor=Party(text, address=(text,)),
        lines=(line(1, descriptions=(Text(text),), batches=(text,)),),
        transports=(Transport("1", text[:30], text),),
        title=(Text(text),),
        notes=(PHYTO.note("additional_declaration", text),),
    )
    pages = "".join(pages_of(opened(printed(whole))))
    assert squeezed(pages).count(squeezed(text)) >= 5
    assert "root:" not in pages


def test_marks_of_direction_cannot_turn_digits_round(opened: Open) -> None:
    whole = certificate(consignor=Party("Lot \u202e321\u202c \u2066x\u2069"))
    found, document = read_back(certificate())
    pdf = render(dataclasses.replace(found, consignor=whole.consignor), profile_of("851"),
                 language="en", now=NOW, xml=document)  # fmt: skip
    assert "Lot321x" in squeezed(pages_of(opened(pdf))[0])


def test_long_texts_stay_on_the_paper(opened: Open) -> None:
    endless = certificate(
        lines=(line(1, descriptions=(Text("A" * 3_000),), batches=("B" * 500,)),),
        consignor=Party("C" * 400),
    )
    document = opened(printed(endless))
    assert "".join(pages_of(document)).count("A") >= 3_000
    for page in document:
        text = page.get_textpage()
        boxes = [text.get_charbox(index) for index in range(text.count_chars())]
        assert all(left > 40 and right < page.get_width() - 40 for left, _, right, _ in boxes)
        text.close()
        page.close()


def test_a_text_that_goes_on_for_ever_is_cut_and_the_print_says_so(opened: Open) -> None:
    whole = noted(certificate(), PHYTO.note("additional_declaration", "word " * 4_000))
    assert "Longtextsareshortened" in squeezed("".join(pages_of(opened(printed(whole)))))


@settings(max_examples=12, deadline=timedelta(seconds=20), phases=[Phase.explicit, Phase.generate])
@given(strategies.certificates)
def test_whatever_an_authority_could_write_is_printed(whole: Certificate) -> None:
    assert printed(whole).startswith(b"%PDF-1.7")


def _picture(opened: Open, pdf: bytes) -> Any:
    page = opened(pdf)[0]
    picture = page.render(scale=4, grayscale=True).to_numpy().copy()
    page.close()
    return picture


def _left_of(document: pypdfium2.PdfDocument, text: str) -> float:
    """Return where a text of the first page begins, in points from the left."""
    page = document[0]
    found = page.get_textpage()
    place = "".join(found.get_text_range(each, 1) for each in range(found.count_chars())).find(text)
    assert place >= 0, text
    left: float = found.get_charbox(place)[0]
    found.close()
    page.close()
    return left
