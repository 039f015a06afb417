"""Mutations of valid signed documents, and the W3C suite: read or refused, and never forged."""

from __future__ import annotations

import base64
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from clearway.certificates.formats import sps_certificate, xml_signature
from clearway.certificates.intake import examine
from clearway.certificates.proof import Signature
from clearway.errors import InputError, VerificationError
from tests.certificates.conftest import UPLOAD, US, bare
from tests.certificates.trust.signing import DOCUMENT, NOW, authority, signed, trust_list

SIGNED = signed()
RSA = signed(authority("rsa2048"))
LIST = trust_list(authority(), authority("rsa2048"))
TRUE = sps_certificate.read(DOCUMENT)[0]
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))

PIECES = [
    b"<", b">", b"&", b"&#0;", b"&#x10FFFF;", b"&a;", b"<!--", b"-->", b"<![CDATA[", b"]]>",
    b"<?x", b"?>", b"<!DOCTYPE a>", b"xmlns=''", b"xmlns:a='urn:a'", b"Id='c1'", b"\x00", b"\xff",
    b"\xed\xa0\x80", b"URI='file:///'", b"<ds:Signature/>", b"9" * 300, b"=", b"\n\n",
]  # fmt: skip


def judged(document: bytes) -> str:
    """Return what becomes of a document; only errors of ours may come, and no forgery."""
    try:
        held = xml_signature.verify(document, LIST, NOW)
    except (InputError, VerificationError) as error:
        assert 0 < len(error.detail) < 1000
        said = type(error).__name__
    else:
        assert held.certificate.content_digest == TRUE.content_digest
        assert bare(held.certificate) == bare(TRUE)
        said = "holds"
    try:
        seen = examine(document, UPLOAD, country=US, now=NOW, trust_list=LIST)
    except InputError:
        return said
    assert (seen.signature.state is Signature.HOLDS) <= (
        seen.certificate.content_digest == TRUE.content_digest
    )
    return said


@QUICK
@given(st.data())
def test_any_piece_put_anywhere_is_refused_or_changes_nothing(data: Any) -> None:
    document = data.draw(st.sampled_from([SIGNED, RSA]))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(document) - 1))
        cut = data.draw(st.integers(0, 40))
        piece = data.draw(st.one_of(st.sampled_from(PIECES), st.binary(max_size=4)))
        document = document[:at] + piece + document[at + cut :]
    judged(document)


@QUICK
@given(st.data())
def test_any_element_moved_doubled_or_dropped_is_refused_or_changes_nothing(data: Any) -> None:
    root = etree.fromstring(data.draw(st.sampled_from([SIGNED, RSA])))
    for _ in range(data.draw(st.integers(1, 3))):
        elements = list(root.iter())
        one = elements[data.draw(st.integers(1, len(elements) - 1))] if len(elements) > 1 else root
        other = elements[data.draw(st.integers(0, len(elements) - 1))]
        step = data.draw(st.sampled_from(["move", "double", "drop", "rename", "text", "attribute"]))
        if step == "drop" and one.getparent() is not None:
            one.getparent().remove(one)
        elif step == "double":
            other.append(etree.fromstring(etree.tostring(one, with_tail=False)))
        elif step == "move" and one not in (other, *other.iterancestors()):
            other.append(one)
        elif step == "rename":
            one.tag = other.tag
        elif step == "text":
            one.text = other.text
        else:
            for name, value in other.items():
                one.set(name, value)
    judged(etree.tostring(root))


@QUICK
@given(st.integers(0, len(SIGNED) * 4 // 3), st.binary(max_size=3))
def test_any_damage_to_its_base64_is_refused_or_read(at: int, junk: bytes) -> None:
    whole = base64.b64encode(SIGNED)
    judged(whole[:at] + junk + whole[at + len(junk) :])


@pytest.fixture(scope="module")
def suite(shared_data: Path) -> dict[str, bytes]:
    with tarfile.open(shared_data / "hostile/w3c-xmlconf.tar.gz") as archive:
        return {
            member.name: archive.extractfile(member).read()  # type: ignore[union-attr]
            for member in archive
            if member.isfile() and member.name.endswith(".xml") and 0 < member.size < 1 << 20
        }


def refuse(data: bytes) -> bool:
    try:
        sps_certificate.read(data)
    except InputError as error:
        assert error.detail
        return True
    return False


def test_the_whole_w3c_suite_is_refused_as_certificates(suite: dict[str, bytes]) -> None:
    assert len(suite) > 2000
    assert all(refuse(data) for data in suite.values())


def grafted(data: bytes) -> bytes:
    """Return a sound certificate into which a case of the suite is put as an element of it."""
    body = re.sub(rb"\A\xef?\xbb?\xbf?\s*<\?xml[^>]*\?>", b"", data)
    place = b"</ram:IssuerSPSParty>"
    return DOCUMENT.replace(place, body + place, 1)


def test_what_is_not_well_formed_is_refused_inside_a_certificate_too(
    suite: dict[str, bytes],
) -> None:
    """Cases whose fault is in the body.

    Declarations are faults of the whole; bytes that are no UTF-8 are read as Western letters, and
    remarked (CERT_S03).
    """
    cases = {
        name: data
        for name, data in suite.items()
        if "xmltest/not-wf/sa/" in name
        and b"<!DOCTYPE" not in data
        and b"<?xml" not in data
        and data.decode("utf-8", "ignore").encode() == data
    }
    assert len(cases) > 60
    well_placed = [name for name, data in cases.items() if not refuse(grafted(data))]
    # Two roots, text or CDATA beside the root: well-formed once they stand inside another element.
    allowed = {name for name in cases if is_well_formed_inside(cases[name])}
    assert set(well_placed) <= allowed
    assert len(allowed) < 12


def is_well_formed_inside(data: bytes) -> bool:
    try:
        etree.fromstring(b"<a>" + data + b"</a>", etree.XMLParser(resolve_entities=False))
    except etree.XMLSyntaxError:
        return False
    return True


def test_every_document_type_is_refused_inside_and_before(suite: dict[str, bytes]) -> None:
    cases = [data for data in suite.values() if data.lstrip().startswith(b"<!DOCTYPE")]
    assert len(cases) > 500
    bare_document = DOCUMENT.partition(b"?>")[2].lstrip()
    for data in cases[::5]:
        prolog = data[: data.find(b"]>") + 2] if b"]>" in data else data[: data.find(b">") + 1]
        assert refuse(prolog + bare_document)
        assert refuse(grafted(data))
