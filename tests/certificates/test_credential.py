"""Credentials: the W3C's vectors, both suites, tampering, and agreement with the seal."""

from __future__ import annotations

import json
import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.certificates.formats import credential, data_integrity, seal
from clearway.certificates.trust.keys import AuthorityKey
from clearway.certificates.trust.model import Usage
from clearway.certificates.verdict import Colour, Signature
from clearway.errors import ClearwayError, MalformedMessage, VerificationError

from . import sealing
from .sealing import AT, CERTIFICATE, PLACE, VALID

Json = dict[str, Any]
KEYS = {
    "eddsa-jcs-2022": ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)),
    "ecdsa-jcs-2019": ec.derive_private_key(77, ec.SECP256R1()),
    "ecdsa-jcs-2019 on P-384": ec.derive_private_key(77, ec.SECP384R1()),
}
SUITES = pytest.mark.parametrize("name", list(KEYS))


def key(name: str, usage: Usage = Usage.CREDENTIAL) -> AuthorityKey:
    return AuthorityKey(KEYS[name], b"", CERTIFICATE.issuing_country, usage)


def emitted(name: str = "eddsa-jcs-2022", **changes: Any) -> bytes:
    options = {"authority": "NPPO", "at": AT, "valid_until": sealing.UNTIL} | changes
    return credential.emit(options.pop("of", CERTIFICATE), key(name), PLACE, **options)


def trust(name: str = "eddsa-jcs-2022", **changes: Any) -> Any:
    return sealing.trust(sealing.trusted(), key(name).trusted("NPPO", VALID, ("851",)), **changes)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens a socket fails: contexts and keys are never fetched."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something is fetched")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def vectors(shared_data: Path) -> Path:
    return shared_data / "trust" / "vc-di-eddsa" / "TestVectors"


def test_the_credential_of_the_w3c_verifies(vectors: Path) -> None:
    secured = credential.read((vectors / "eddsa-jcs-2022" / "signedJCS.json").read_bytes())
    public = data_integrity.key_of(secured["proof"]["verificationMethod"])
    unsigned = json.loads((vectors / "unsigned.json").read_bytes())
    assert data_integrity.verify(secured, public) == unsigned


def test_the_credential_of_the_w3c_is_made_anew(vectors: Path) -> None:
    """Positive control of the writer: the same key gives the same proof."""
    pair = json.loads((vectors / "keyPair.json").read_bytes())
    seed = data_integrity.from_base58(pair["privateKeyMultibase"][1:])[2:]
    private = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
    assert data_integrity.did_key(private.public_key()).endswith(pair["publicKeyMultibase"])
    options = json.loads((vectors / "eddsa-jcs-2022" / "proofConfigJCS.json").read_bytes())
    unsigned = json.loads((vectors / "unsigned.json").read_bytes())
    made = data_integrity.sign(unsigned, options, private)
    assert made == json.loads((vectors / "eddsa-jcs-2022" / "signedJCS.json").read_bytes())


def paths(value: Any, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [each for name in value for each in paths(value[name], (*prefix, name))]
    if isinstance(value, list):
        return [each for n, item in enumerate(value) for each in paths(item, (*prefix, n))]
    return [prefix]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[path[0]] = replaced(value[path[0]], path[1:], new)
    return copied


def test_no_value_of_the_credential_of_the_w3c_can_be_changed(vectors: Path) -> None:
    secured = credential.read((vectors / "eddsa-jcs-2022" / "signedJCS.json").read_bytes())
    public = data_integrity.key_of(secured["proof"]["verificationMethod"])
    found = paths(secured)
    assert len(found) > 15
    for path in found:
        with pytest.raises(ClearwayError):
            data_integrity.verify(replaced(secured, path, "changed"), public)


@pytest.mark.parametrize(
    "file", ["eddsa-rdfc-2022/signedDataInt.json", "Ed25519Signature2020/signedEdSig.json"]
)
def test_suites_that_need_rdf_are_refused_by_name(vectors: Path, file: str) -> None:
    secured = credential.read((vectors / file).read_bytes())
    with pytest.raises((VerificationError, MalformedMessage), match=r"cryptosuite|DataIntegrity"):
        data_integrity.proof_of(secured)


@SUITES
def test_what_is_emitted_is_verified(name: str) -> None:
    attested = credential.verify(emitted(name), trust(name), AT)
    assert attested.claims == seal.claims_of(CERTIFICATE, PLACE, valid_until=sealing.UNTIL)
    assert attested.signed_at == AT
    assert json.loads(emitted(name))["proof"]["cryptosuite"] == name.split(" ")[0]


@SUITES
def test_no_value_of_ours_can_be_changed(name: str) -> None:
    whole = json.loads(emitted(name))
    for path in paths(whole):
        changed = json.dumps(replaced(whole, path, "x")).encode()
        with pytest.raises(ClearwayError):
            credential.verify(changed, trust(name), AT)


@SUITES
@given(place=st.integers(0, 1 << 12), bit=st.integers(0, 7))
@settings(max_examples=60)
def test_no_bit_can_be_changed_unless_it_says_the_same(name: str, place: int, bit: int) -> None:
    data = bytearray(emitted(name))
    data[place % len(data)] ^= 1 << bit
    try:
        attested = credential.verify(bytes(data), trust(name), AT)
    except ClearwayError:
        return
    assert json.loads(bytes(data)) == json.loads(emitted(name))
    assert attested.claims.number == CERTIFICATE.number


def test_members_cannot_be_added_or_taken_away() -> None:
    whole = json.loads(emitted())
    for name in ("issuer", "validFrom", "credentialSubject", "@context", "type", "proof"):
        less = {key: value for key, value in whole.items() if key != name}
        with pytest.raises(ClearwayError):
            credential.verify(json.dumps(less).encode(), trust(), AT)
    with pytest.raises(VerificationError):
        credential.verify(json.dumps({**whole, "more": 1}).encode(), trust(), AT)
    proof = {**whole["proof"], "challenge": "x"}
    with pytest.raises(MalformedMessage, match="unknown"):
        credential.verify(json.dumps({**whole, "proof": proof}).encode(), trust(), AT)
    with pytest.raises(MalformedMessage, match="several"):
        credential.verify(json.dumps({**whole, "proof": [proof]}).encode(), trust(), AT)


def test_a_name_twice_is_refused() -> None:
    data = emitted().replace(b'"issuer":', b'"issuer":{},"issuer":', 1)
    with pytest.raises(MalformedMessage):
        credential.verify(data, trust(), AT)


def test_a_key_that_names_itself_is_not_trusted_for_that() -> None:
    """Everyone can make a did:key; the trust list decides."""
    with pytest.raises(VerificationError, match="no trust list"):
        credential.verify(emitted(), sealing.TRUST, AT)
    late = trust(next_update=AT - timedelta(seconds=1))
    with pytest.raises(VerificationError, match="out of date"):
        credential.verify(emitted(), late, AT)


def test_a_key_for_seals_signs_no_credential() -> None:
    wrong = sealing.trust(key("ecdsa-jcs-2019", Usage.SEAL).trusted("NPPO", VALID, ("851",)))
    with pytest.raises(VerificationError, match="another form"):
        credential.verify(emitted("ecdsa-jcs-2019"), wrong, AT)


def test_a_key_that_would_be_fetched_is_refused() -> None:
    whole = json.loads(emitted())
    whole["proof"]["verificationMethod"] = "https://nppo.example/keys/1"
    with pytest.raises(MalformedMessage, match="fetched"):
        credential.verify(json.dumps(whole).encode(), trust(), AT)


@SUITES
def test_seal_and_credential_of_one_certificate_agree(name: str) -> None:
    beside = credential.evidence(emitted(name), trust(name), AT)
    assert beside.signature is Signature.HOLDS
    verdict = seal.check(sealing.sealed(), trust(name), [sealing.listed()], AT, credential=beside)
    assert verdict.colour is Colour.GREEN
    assert verdict.answers[-1].reason.code == "SEAL_G07"


def test_a_credential_of_another_content_beside_a_seal_is_red() -> None:
    other = emitted(of=sealing.fixed(number="EC-2026-000124"))
    beside = credential.evidence(other, trust(), AT)
    verdict = seal.check(sealing.sealed(), trust(), [sealing.listed()], AT, credential=beside)
    assert verdict.colour is Colour.RED
    assert verdict.reasons[0].code == "SEAL_R15"


def test_a_credential_that_cannot_be_checked_is_amber_and_a_broken_one_red() -> None:
    unknown = credential.evidence(emitted(), sealing.TRUST, AT)
    assert unknown.signature is Signature.NOT_CHECKED
    assert credential.evidence(emitted(), None, AT).signature is Signature.NOT_CHECKED
    whole = json.loads(emitted())
    broken = replaced(whole, ("issuer", "name"), "Another")
    found = credential.evidence(json.dumps(broken).encode(), trust(), AT)
    assert found.signature is Signature.FAILS


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b"null", b'{"proof":1}', b"{" * 40, b'{"a":' * 99 + b"1" + b"}" * 99],
)
def test_what_is_no_credential_is_refused(data: bytes) -> None:
    with pytest.raises(ClearwayError):
        credential.verify(data, trust(), AT)


@pytest.mark.parametrize("text", ["0", "z", "l", "O", "1" * 201, "ä"])
def test_what_is_not_base58_is_refused(text: str) -> None:
    if text == "z":
        assert data_integrity.from_base58(text) == b"\x39"
        return
    with pytest.raises(MalformedMessage):
        data_integrity.from_base58(text)


@given(st.binary(max_size=80))
def test_base58_goes_both_ways(data: bytes) -> None:
    assert data_integrity.from_base58(data_integrity.base58(data)) == data
