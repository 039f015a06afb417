"""What hostile documents may cost: bounded before canonicalisation, in time and in memory."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lxml import etree

from clearway.certificates.formats import xml_signature
from clearway.certificates.formats.sps_certificate import read
from clearway.certificates.intake import examine
from clearway.errors import ClearwayError, MalformedMessage, TooLarge
from tests.certificates.conftest import UPLOAD, US
from tests.certificates.trust.signing import DOCUMENT, NOW, authority, signed, trust_list

SIGNED = signed()
LIST = trust_list(authority())
PLACE = b"<ram:TypeCode>851"


def attributes(count: int) -> bytes:
    many = b" ".join(b"a%d='1'" % n for n in range(count))
    return SIGNED.replace(PLACE, b"<ram:TypeCode %b>851" % many, 1)


def namespaces(count: int) -> bytes:
    many = b" ".join(b"xmlns:a%d='urn:a:%d'" % (n, n) for n in range(count))
    return SIGNED.replace(PLACE, b"<ram:TypeCode %b>851" % many, 1)


def nested(depth: int) -> bytes:
    inside = b"<ram:a>" * depth + b"</ram:a>" * depth
    return SIGNED.replace(b"</ram:IssuerSPSParty>", inside + b"</ram:IssuerSPSParty>", 1)


def spread(depth: int, each: int, leaves: int) -> bytes:
    """Return namespaces declared level by level, over many leaves that are under all of them."""
    opened = b"".join(
        b"<ram:a %b>" % b" ".join(b"xmlns:n%d_%d='urn:%d:%d'" % (n, m, n, m) for m in range(each))
        for n in range(depth)
    )
    inside = opened + b"<ram:b/>" * leaves + b"</ram:a>" * depth
    return SIGNED.replace(b"</ram:IssuerSPSParty>", inside + b"</ram:IssuerSPSParty>", 1)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (attributes(40_000), "attributes on one element"),
        (attributes(65), "attributes on one element"),
        (namespaces(40_000), "namespace declarations"),
        (namespaces(33), "namespace"),
        (nested(40), "levels of nesting"),
        (nested(100_000), "nested too deeply|elements|levels"),
        (spread(20, 30, 40_000), "namespaces in force"),
        (spread(10, 3, 60_000), "elements"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_makes_canonical_xml_slow_is_refused_first(document: bytes, says: str) -> None:
    started = time.perf_counter()
    for judge in (read, lambda data: xml_signature.verify(data, LIST, NOW)):
        with pytest.raises(TooLarge, match=says):
            judge(document)
    assert time.perf_counter() - started < 3


def test_the_costliest_signed_document_that_is_let_in_is_judged_in_seconds() -> None:
    document = spread(9, 3, 44_000)
    started = time.perf_counter()
    with pytest.raises(ClearwayError):
        xml_signature.verify(document, LIST, NOW)
    assert time.perf_counter() - started < 8


ENTITY = b"<!ENTITY a '" + b"A" * 50_000 + b"'>"
QUADRATIC = (
    b"<!DOCTYPE x [" + ENTITY + b"]><SPSCertificate>" + b"&a;" * 50_000 + b"</SPSCertificate>"
)
DOCTYPES = {
    "external": b"<!DOCTYPE r SYSTEM 'file:///etc/hostname'>",
    "public": b"<!DOCTYPE r PUBLIC '-//X//Y' 'http://192.0.2.1/x.dtd'>",
    "entity": b"<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/hostname'>]>",
    "parameter": b"<!DOCTYPE r [<!ENTITY % p SYSTEM 'http://192.0.2.1/p'> %p;]>",
    "attribute": b"<!DOCTYPE r [<!ATTLIST rsm:SPSCertificate Id CDATA 'c1'>]>",
    "empty": b"<!DOCTYPE r>",
    "blanks": b"\n \n<!-- x --><?y z?><!DOCTYPE\nr []>",
}


@pytest.mark.parametrize("doctype", DOCTYPES.values(), ids=DOCTYPES.keys())
def test_no_signed_document_with_a_document_type_is_read(doctype: bytes) -> None:
    bare = SIGNED.partition(b"?>")[2].lstrip()
    for document in (doctype + bare, b"<?xml version='1.0'?>" + doctype + bare):
        for judge in (read, lambda data: xml_signature.verify(data, LIST, NOW)):
            with pytest.raises(MalformedMessage):
                judge(document)
        with pytest.raises(MalformedMessage):
            examine(base64.b64encode(document), UPLOAD, country=US, now=NOW, trust_list=LIST)


def test_a_quadratic_bomb_is_refused_at_once() -> None:
    started = time.perf_counter()
    with pytest.raises(MalformedMessage, match="DOCTYPE"):
        read(QUADRATIC)
    assert time.perf_counter() - started < 1


CHILD = """
import json, resource, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from datetime import UTC, datetime
from clearway.certificates.intake import examine
from clearway.certificates.model import Channel, Provenance
from clearway.errors import InputError
from clearway.terms.places import Country
data = Path(sys.argv[1]).read_bytes()
now = datetime(2026, 3, 20, tzinfo=UTC)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
started = time.perf_counter()
try:
    examine(data, Provenance(Channel.UPLOAD, "x"), country=Country("NL"), now=now)
    said = "read"
except InputError as error:
    said = error.detail
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([said, (after - before) / 1024, time.perf_counter() - started]))
"""


@pytest.mark.parametrize("wrap", [bytes, base64.b64encode], ids=["plain", "base64"])
def test_an_attachment_of_100_megabytes_is_refused_with_little_memory(
    tmp_path: Path, wrap: object
) -> None:
    """In a process of its own, whose greatest size is measured beyond the message itself."""
    content = b"<ram:AttachmentBinaryObject>" + b"QUFB" * (25 << 20)
    place = b"<ram:SignatorySPSAuthentication>"
    document = DOCUMENT.replace(place, content + b"</ram:AttachmentBinaryObject>" + place, 1)
    (tmp_path / "large").write_bytes(wrap(document))  # type: ignore[operator]
    root = Path(__file__).resolve().parents[3]
    command = [sys.executable, "-c", CHILD, str(tmp_path / "large"), str(root)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    said, grown_mb, seconds = json.loads(run.stdout)
    assert "bytes; at most" in said
    assert grown_mb < 10
    assert seconds < 1


def test_canonical_xml_of_forty_thousand_attributes_does_cost_seconds() -> None:
    """The control: a tenth of it costs a hundredth, so the limit is not for nothing."""
    costs = []
    for count in (1_500, 6_000):
        root = etree.fromstring(b"<a %b/>" % b" ".join(b"a%d='1'" % n for n in range(count)))
        started = time.perf_counter()
        etree.tostring(root, method="c14n", exclusive=True)
        costs.append(time.perf_counter() - started)
    assert costs[1] > 6 * costs[0]
