"""Certificates: read, issued, printed and verified, each beside the bare libraries in the same run.

The certificates are of three lines; each that is issued has its own content, so that nothing is
answered from a memory of the last one. Rates and times are of the processor: what one core does.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any, Final

import zxingcpp

from clearway.certificates.formats import schema as schemas
from clearway.certificates.formats import sps_certificate, xml_signature
from clearway.certificates.formats.profile import profile_of
from clearway.certificates.printing.render import STANDARDS, render
from clearway.cli.bench.ephyto import KIND, NOW, Issued, Office, certificate, open_office
from clearway.cli.bench.hub import measure_hub
from clearway.cli.bench.pairs import Figure, cpu_s, in_turns
from clearway.cli.bench.seal import measure_seal
from clearway.cli.bench.xml import measure_xml
from clearway.cli.output import say
from clearway.errors import InputError
from clearway.node.clock import entropy
from clearway.settings import load

_TURNS: Final = 5

# What of `bench.xml` stands beside what.
_PAIRS: Final = (
    ("parse, validate and map", "bare lxml: parse and validate"),
    ("read: parse, digests, map", "bare lxml: parse"),
    ("XAdES P-256: sign", ""),
    ("XAdES P-256: verify and read", "XAdES P-256: verify with bare signxml"),
    ("XAdES RSA-2048: verify and read", "XAdES RSA-2048: verify with bare signxml"),
)


def measure(*, quick: bool) -> list[Figure]:
    """Return the figures; the setting `certificate_schemas` names the XML Schema to use."""
    rounds = 5 if quick else 30
    schema = _schema()
    with tempfile.TemporaryDirectory(prefix="clearway-bench-") as folder:
        office = open_office(Path(folder), entropy)
        return [
            *_of_xml(sps_certificate.write(certificate(0)), schema, quick=quick),
            *_issuing(office, rounds),
            *measure_seal(quick),
            *measure_hub(quick),
        ]


def _schema() -> schemas.Schema | None:
    named = load().certificate_schemas
    if not named:
        say(
            "The setting certificate_schemas names no folder with the XML Schema of"
            " SPSCertificate:17: reading is measured without validation."
        )
    return schemas.load(Path(named) if named else None)


def _of_xml(document: bytes, schema: schemas.Schema | None, *, quick: bool) -> list[Figure]:
    took = {row.what: row.median_ms for row in measure_xml(document, schema, quick=quick)}
    note = f"3 lines, {len(document):,} bytes"
    return [
        Figure(f"{ours}, ms", took[ours], theirs, took.get(theirs), note)
        for ours, theirs in _PAIRS
        if ours in took
    ]


def _issuing(office: Office, rounds: int) -> list[Figure]:
    numbers = count(1)
    sample = office.issue(next(numbers))
    if office.verify(sample.code) != "green":
        raise InputError("A code of ours is not green: the bench would measure a refusal")
    note = f"code of {len(sample.code)} characters, PDF of {len(_printed(sample)):,} bytes"
    plain, bare = in_turns(
        lambda: _rate(lambda: office.issue(next(numbers)), rounds),
        lambda: _rate(lambda: _signed_only(office, next(numbers)), rounds),
        turns=_TURNS,
    )
    whole, drawn = in_turns(
        lambda: _rate(lambda: _printed(office.issue(next(numbers))), rounds),
        _bare_page(sample, numbers, rounds),
        turns=_TURNS,
    )
    return [
        Figure("issued/s per core, without PDF", plain, "lxml and signxml alone", bare,
               "written, signed, read back, sealed"),
        Figure("issued/s per core, with code and PDF", whole, "typst and zxing alone", drawn, note),
    ]  # fmt: skip


def _printed(issued: Issued) -> bytes:
    return render(
        issued.certificate, profile_of(KIND), language="en", now=NOW, seal_text=issued.code,
        xml=issued.document,
    )  # fmt: skip


def _signed_only(office: Office, number: int) -> bytes:
    document = sps_certificate.write(certificate(number))
    return xml_signature.sign(document, office.authority.xml_key, signed_at=NOW)


def _bare_page(sample: Issued, numbers: Any, rounds: int) -> Callable[[], float]:
    """Return what measures the libraries on a page of the same standards with code and document."""
    import typst

    page = b"""#set document(title: sys.inputs.number)
#set text(lang: "en")
= #sys.inputs.number
#table(columns: 3, ..range(9).map(each => [cell #each]))
#image(bytes(sys.inputs.code), format: "svg", width: 3cm, alt: "code")
#pdf.attach("c.xml", read("c.xml", encoding: none), relationship: "source",
  mime-type: "application/xml", description: "c")"""
    files: Any = {"main.typ": page, "c.xml": sample.document}
    compiler: Any = typst.Compiler(files, ignore_system_fonts=True)

    def draw() -> None:
        number = f"{sample.certificate.number}-{next(numbers)}"
        code = zxingcpp.create_barcode(sample.code, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
        inputs = {"number": number, "code": code.to_svg()}
        compiler.compile(
            input=files, format="pdf", pdf_standards=list(STANDARDS), timestamp=0, sys_inputs=inputs
        )

    return lambda: _rate(draw, rounds)


def _rate(work: Callable[[], object], items: int) -> float:
    """Return how often `work` is done in a second of the processor; the first time warms up."""
    work()
    taken = []
    for _ in range(items):
        before = cpu_s()
        work()
        taken.append(cpu_s() - before)
    return 1 / max(median(taken), 1e-6)
