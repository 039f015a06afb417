"""XML signatures: ours are verified by another library, its by ours; what they prove is kept."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from clearway.certificates.actions.receive import Received, receive
from clearway.certificates.formats import sps_certificate, xml_signature
from clearway.certificates.formats.signature_form import DS
from clearway.certificates.intake import examine
from clearway.certificates.lifecycle import Change, judge
from clearway.certificates.model import Assurance, Channel, Provenance
from clearway.certificates.proof import Signature, outranks
from clearway.certificates.tables import get as get_record
from clearway.certificates.trust.keys import AuthorityKey
from clearway.certificates.trust.model import TrustList
from clearway.errors import RuleViolation, VerificationError
from clearway.terms.finding import is_refusal
from clearway.terms.places import Country
from tests.certificates.conftest import HUB, UPLOAD, US, FactDesk, bare, certificate
from tests.certificates.trust.signing import (
    DAY,
    DOCUMENT,
    NOW,
    YEAR,
    authority,
    pem,
    signed,
    trust_list,
)

KINDS = ["p256", "rsa2048", "p384"]
_TRANSFORMS = {"p256": "ECDSA_SHA256", "rsa2048": "RSA_SHA256", "p384": "ECDSA_SHA384"}


def pem_of(key: AuthorityKey) -> bytes:
    return x509.load_der_x509_certificate(key.certificate).public_bytes(Encoding.PEM)


def verified_by_xmlsec(document: bytes, key: AuthorityKey) -> None:
    """Raise unless the second library finds that the signature holds."""
    root = etree.fromstring(document)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(pem_of(key), xmlsec.KeyFormat.CERT_PEM)
    properties = root.find(".//{http://uri.etsi.org/01903/v1.3.2#}SignedProperties")
    if properties is not None:
        context.register_id(properties, "Id")
        context.register_id(root.find(f".//{DS}KeyInfo"), "Id")
    context.verify(root.find(f".//{DS}Signature"))


def signed_by_xmlsec(key: AuthorityKey, kind: str, c14n: str = "C14N11") -> bytes:
    root = etree.fromstring(DOCUMENT)
    method = getattr(xmlsec.Transform, c14n)
    signature_method = getattr(xmlsec.Transform, _TRANSFORMS[kind])
    node = xmlsec.template.create(root, method, signature_method, ns="ds")
    root.append(node)
    reference = xmlsec.template.add_reference(node, xmlsec.Transform.SHA256, uri="")
    xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
    xmlsec.template.add_transform(reference, method)
    xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(node))
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(pem(key.private), xmlsec.KeyFormat.PEM)
    context.key.load_cert_from_memory(pem_of(key), xmlsec.KeyFormat.CERT_PEM)
    context.sign(node)
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))


@pytest.mark.parametrize("kind", KINDS)
def test_what_we_sign_two_libraries_verify(kind: str) -> None:
    key = authority(kind)
    document = signed(key)
    verified_by_xmlsec(document, key)
    held = xml_signature.verify(document, trust_list(key), NOW)
    assert held.certificate == sps_certificate.read(held.document_as_signed)[0]
    assert bare(held.certificate) == bare(sps_certificate.read(DOCUMENT)[0])
    assert held.signed_at == NOW
    assert held.signer == key.trusted("NPPO")
    altered = document.replace(b"1000.50", b"9000.50")
    with pytest.raises(xmlsec.Error):
        verified_by_xmlsec(altered, key)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("c14n", ["C14N11", "C14N", "EXCL_C14N"])
def test_what_another_library_signs_we_verify(kind: str, c14n: str) -> None:
    key = authority(kind)
    document = signed_by_xmlsec(key, kind, c14n)
    held = xml_signature.verify(document, trust_list(key), NOW)
    assert held.signed_at is None
    assert held.certificate.content_digest == sps_certificate.read(DOCUMENT)[0].content_digest
    with pytest.raises(VerificationError, match="does not hold"):
        xml_signature.verify(document.replace(b"1000.50", b"9000.50"), trust_list(key), NOW)


def test_the_content_digest_is_one_before_and_after_signing() -> None:
    before, _ = sps_certificate.read(DOCUMENT)
    after, _ = sps_certificate.read(signed())
    held = xml_signature.verify(signed(), trust_list(authority()), NOW)
    assert before.content_digest == after.content_digest == held.certificate.content_digest
    assert not before.has_signature
    assert after.has_signature


def test_nothing_is_signed_twice_nor_with_a_key_for_other_things() -> None:
    with pytest.raises(RuleViolation, match="already"):
        signed(document=signed())
    seal = dataclasses.replace(authority(), usage="seal")
    with pytest.raises(RuleViolation, match="not for documents"):
        signed(seal)
    with pytest.raises(RuleViolation, match="Only an SPSCertificate"):
        signed(document=b"<a/>")


def why(document: bytes, held: TrustList, at: Any = NOW) -> tuple[str, str | None]:
    with pytest.raises(VerificationError) as refused:
        xml_signature.verify(document, held, at)
    return refused.value.fields["reason"], refused.value.fields.get("why")


def test_a_signer_is_trusted_for_its_country_and_kind_and_time_alone() -> None:
    key = authority()
    entry = key.trusted("NPPO")
    assert why(signed(), trust_list()) == ("untrusted", "unknown")
    elsewhere = dataclasses.replace(entry, country=Country("KE"))
    assert why(signed(), trust_list(elsewhere)) == ("untrusted", "wrong_country")
    other_kind = dataclasses.replace(entry, type_codes=("853",))
    assert why(signed(), trust_list(other_kind)) == ("untrusted", "wrong_kind")
    revoked = dataclasses.replace(entry, revoked_at=NOW - DAY)
    assert why(signed(), trust_list(revoked)) == ("untrusted", "revoked")
    expired = authority("p256", start=NOW - YEAR, end=NOW - DAY)
    assert why(signed(expired), trust_list(expired)) == ("untrusted", "expired")
    early = authority("p256", start=NOW + DAY, end=NOW + YEAR)
    assert why(signed(early), trust_list(early)) == ("untrusted", "not_yet_valid")
    assert why(signed(), trust_list(key), NOW - DAY / 2) == ("untrusted", "signed_in_the_future")
    assert why(signed(), trust_list(key), NOW + 40 * DAY) == ("untrusted", "list_out_of_date")


def test_a_key_that_expired_later_does_not_undo_what_it_signed_in_time() -> None:
    key = authority("p256", start=NOW - YEAR, end=NOW + DAY)
    held = trust_list(key)
    assert xml_signature.verify(signed(key), held, NOW + 10 * DAY).signed_at == NOW


# --- what it proves at the desk -----------------------------------------------------------------


def look(document: bytes, held: TrustList | None, provenance: Provenance = UPLOAD) -> Any:
    return examine(document, provenance, country=US, now=NOW, trust_list=held)


def codes(reasons: Any) -> set[str]:
    return {reason.code for reason in reasons}


def test_a_signature_that_holds_proves_more_than_any_channel() -> None:
    for provenance in (UPLOAD, HUB, Provenance(Channel.HUB, "KE")):
        seen = look(signed(), trust_list(authority()), provenance)
        assert seen.verdict.assurance is Assurance.SIGNED
        assert "CERT_V03" in codes(seen.verdict.verified)
        assert not is_refusal(seen.findings)
        assert not codes(seen.findings) & {"CERT_R19", "CERT_R20", "CERT_R21", "CERT_R22"}
    assert outranks(Assurance.SIGNED, Assurance.CHANNEL)
    assert "NPPO, EC, 2026-03-20 09:00 UTC" in seen.verdict.verified[0].value


def test_a_false_signature_is_severe_and_contradicts_even_a_good_channel() -> None:
    altered = signed().replace(b"1000.50", b"9000.50")
    revoked = dataclasses.replace(authority().trusted("NPPO"), revoked_at=NOW - DAY)
    for document, held in [(altered, trust_list(authority())), (signed(), trust_list(revoked))]:
        seen = look(document, held, HUB)
        assert seen.signature.state is Signature.FALSE
        assert seen.verdict.assurance is Assurance.CONTRADICTED
        assert is_refusal(seen.findings)
        assert "CERT_R21" in codes(seen.findings)
        assert "CERT_N06" in codes(seen.verdict.unverified)


def test_an_untrusted_signer_is_said_plainly_and_changes_nothing_else() -> None:
    for held in (trust_list(), trust_list(authority(country="KE"))):
        seen = look(signed(), held, HUB)
        assert seen.verdict.assurance is Assurance.CHANNEL
        assert "CERT_R22" in codes(seen.findings)
        assert "CERT_N07" in codes(seen.verdict.unverified)


def test_without_a_trust_list_a_signature_is_said_to_be_unchecked() -> None:
    seen = look(signed(), None)
    assert seen.verdict.assurance is Assurance.UNPROVEN
    assert "CERT_R20" in codes(seen.findings)
    assert "CERT_N03" in codes(seen.verdict.unverified)


def test_the_certificate_on_file_keeps_the_reasons_and_a_signed_copy_confirms(
    desk: FactDesk,
) -> None:
    def take(document: bytes, provenance: Provenance) -> Any:
        seen = look(document, trust_list(authority()), provenance)
        return desk.act(
            receive, seen.certificate, seen.findings, document, provenance, seen.verdict
        )

    assert isinstance(take(DOCUMENT, UPLOAD), Received)
    outcome = take(signed(), UPLOAD)
    assert not outcome.repeated
    with desk.engine.begin() as connection:
        record = get_record(connection, outcome.key)
    assert record.assurance is Assurance.SIGNED
    assert record.verdict is not None
    assert codes(record.verdict.verified) == {"CERT_V03"}
    assert take(signed(), UPLOAD).repeated
    altered = signed().replace(b"1000.50", b"9000.50")
    assert not isinstance(take(altered, HUB), Received)
    with desk.engine.begin() as connection:
        assert get_record(connection, outcome.key) == record


def test_an_authority_may_withdraw_over_its_channel_what_it_signed(desk: FactDesk) -> None:
    document = signed()
    seen = look(document, trust_list(authority()))
    desk.act(receive, seen.certificate, seen.findings, document, UPLOAD, seen.verdict)
    with desk.engine.begin() as connection:
        record = get_record(connection, seen.certificate.key)
    withdrawn = certificate(status="40", content_digest="00")
    assert judge(record, withdrawn, Assurance.CHANNEL) is Change.STEP
    assert judge(record, withdrawn, Assurance.UNPROVEN) is Change.ALARM
    other = certificate(consignment_id="x", content_digest="01")
    assert judge(record, other, Assurance.CHANNEL) is Change.ALARM
