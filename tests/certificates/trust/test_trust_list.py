"""Trust lists: whose signature counts, since when, and who may say so."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.certificates.actions.accept_trust_list import accept_trust_list
from clearway.certificates.formats import trust_list as form
from clearway.certificates.trust import tables
from clearway.certificates.trust.keys import AuthorityKey, entry_of, spki_of
from clearway.certificates.trust.model import Trusted, TrustList, Untrusted, Usage, Why
from clearway.errors import (
    BadTerm,
    ClearwayError,
    InputError,
    MalformedMessage,
    RuleViolation,
    TooLarge,
    VerificationError,
    WrongState,
)
from clearway.terms.period import Period
from clearway.terms.places import Country
from clearway.wire import canonical
from tests.certificates.trust.signing import (
    DAY,
    NOW,
    YEAR,
    authority,
    list_key,
    list_signer,
    pem,
    private,
    trust_list,
    x509_of,
)

EC = Country("EC")
KEY = authority()


def why(held: TrustList, key: bytes = KEY.public, **changes: Any) -> str:
    asked: dict[str, Any] = {"country": EC, "type_code": "851", "at": NOW} | changes
    found = held.find(key, asked.pop("usage", "xml"), **asked)
    if isinstance(found, Untrusted):
        assert found.text.endswith(".")
        return found.reason
    return "trusted"


def entry(**changes: Any) -> Any:
    return dataclasses.replace(KEY.trusted("NPPO"), **changes)


def test_a_key_is_found_by_its_certificate_and_by_its_key_id() -> None:
    held = trust_list(KEY)
    assert why(held) == why(held, KEY.key_id) == "trusted"
    assert held.find(KEY.public, "xml", country=EC, type_code="851", at=NOW) == Trusted(
        held.keys[0]
    )


@pytest.mark.parametrize(
    ("changes", "asked", "reason"),
    [
        ({}, {"key": b"12345678"}, Why.UNKNOWN),
        ({}, {"key": authority(name="other").public}, Why.UNKNOWN),
        ({}, {"usage": "seal"}, Why.WRONG_USAGE),
        ({}, {"country": Country("KE")}, Why.WRONG_COUNTRY),
        ({"type_codes": ("853",)}, {}, Why.WRONG_KIND),
        ({"type_codes": ("853", "851")}, {}, "trusted"),
        ({"revoked_at": NOW}, {}, Why.REVOKED),
        ({"revoked_at": NOW}, {"signed_at": NOW - YEAR / 2}, Why.REVOKED),
        ({"revoked_at": NOW + DAY}, {}, "trusted"),
        ({"valid": Period(NOW + DAY, None)}, {}, Why.NOT_YET_VALID),
        ({"valid": Period(NOW - DAY, NOW)}, {}, Why.EXPIRED),
        ({"valid": Period(NOW - 2 * DAY, NOW)}, {"signed_at": NOW - DAY}, "trusted"),
        ({}, {"signed_at": NOW + timedelta(minutes=6)}, Why.SIGNED_IN_THE_FUTURE),
        ({}, {"signed_at": NOW + timedelta(minutes=4)}, "trusted"),
        ({}, {"at": NOW + 31 * DAY}, Why.LIST_OUT_OF_DATE),
        ({}, {"at": NOW + 31 * DAY, "key": b"12345678"}, Why.LIST_OUT_OF_DATE),
        ({"revoked_at": NOW}, {"at": NOW + 31 * DAY}, Why.REVOKED),
    ],
)
def test_a_key_is_trusted_or_not_for_a_stated_reason(
    changes: dict[str, Any], asked: dict[str, Any], reason: str
) -> None:
    assert why(trust_list(entry(**changes)), **asked) == reason


def test_when_keys_rotate_both_hold_for_a_while_and_old_signatures_go_on_counting() -> None:
    old = entry(valid=Period(NOW - YEAR, NOW + DAY))
    new_key = authority(name="new")
    new = dataclasses.replace(new_key.trusted("NPPO"), valid=Period(NOW - DAY, NOW + YEAR))
    held = trust_list(old, new)
    assert why(held) == why(held, new_key.public) == "trusted"
    later = {"at": NOW + 10 * DAY}
    assert why(held, **later) == Why.EXPIRED
    assert why(held, signed_at=NOW, **later) == "trusted"
    assert why(held, new_key.public, signed_at=NOW - 2 * DAY) == Why.NOT_YET_VALID


def test_of_several_entries_the_one_that_fits_counts_else_the_nearest_is_told() -> None:
    held = trust_list(entry(country=Country("KE")), entry(type_codes=("853",)))
    assert why(held) == Why.WRONG_KIND
    assert why(held, country=Country("KE")) == "trusted"


SAMPLE = trust_list(
    KEY,
    authority("rsa2048"),
    entry(revoked_at=NOW, type_codes=("851", "657")),
    entry_of(list_signer(), "Seals of EC", EC, Usage.SEAL, valid=Period(NOW, None)),
)


def test_a_list_is_read_as_it_was_written() -> None:
    document = form.write(SAMPLE, list_key())
    assert form.read(document, signer=list_signer()) == SAMPLE
    assert canonical.json(json.loads(document)) == document


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([KEY, authority("p384"), authority(country="KE")]),
            st.lists(st.sampled_from(["851", "657", "853"]), max_size=3),
            st.integers(1, 1000),
            st.one_of(st.none(), st.integers(-1000, 1000)),
        ),
        max_size=6,
    ),
    st.integers(1, 2**40),
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1).filter(str.strip),
)
def test_any_list_is_read_as_it_was_written(rows: Any, version: int, issuer: str) -> None:
    keys = (
        dataclasses.replace(
            key.trusted("NPPO"),
            type_codes=tuple(kinds),
            valid=Period(NOW - timedelta(minutes=minutes), NOW),
            revoked_at=None if revoked is None else NOW + timedelta(hours=revoked),
        )
        for key, kinds, minutes, revoked in rows
    )
    whole = dataclasses.replace(
        trust_list(*keys, version=version), issuer=issuer[:200].strip() or "x"
    )
    assert form.read(form.write(whole, list_key()), signer=list_signer()) == whole


def rewritten(change: Callable[[dict[str, Any]], object]) -> bytes:
    """Return a list changed and signed anew, so that only the change can be what is wrong."""
    body = json.loads(form.write(SAMPLE, list_key()))
    change(body)
    signature = body.pop("signature")
    key: Any = list_key().private
    r, s = utils.decode_dss_signature(key.sign(canonical.json(body), ec.ECDSA(hashes.SHA256())))
    value = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    body["signature"] = signature | {"value": base64.b64encode(value).decode()}
    return canonical.json(body)


def in_key(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda body: body["keys"][0].update(changes)


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (lambda body: body.update(format="other/1"), MalformedMessage, "format"),
        (lambda body: body.update(version="2"), MalformedMessage, "version"),
        (lambda body: body.update(version=True), MalformedMessage, "version"),
        (lambda body: body.update(version=0), BadTerm, "1 or more"),
        (lambda body: body.update(issuer=" "), BadTerm, "issuer"),
        (lambda body: body.update(extra=1), MalformedMessage, "exactly"),
        (lambda body: body.pop("keys"), MalformedMessage, "exactly"),
        (lambda body: body.update(keys={}), MalformedMessage, "keys"),
        (lambda body: body.update(keys=[[]]), MalformedMessage, r"keys\[0\]"),
        (lambda body: body.update(next_update=body["issued_at"]), BadTerm, "end after"),
        (lambda body: body.update(issued_at="2026-02-30T00:00:00Z"), BadTerm, "issued_at"),
        (lambda body: body.update(keys=body["keys"] * 600), TooLarge, "2,000"),
        (in_key(country="XX"), BadTerm, r"keys\[0\].*XX"),
        (in_key(usage="any"), BadTerm, "usage"),
        (in_key(usage="seal"), MalformedMessage, "public key"),
        (in_key(algorithm="RS256"), BadTerm, "that of the key"),
        (in_key(public="AAAA"), MalformedMessage, "X.509"),
        (in_key(public="%"), BadTerm, "base64"),
        (in_key(type_codes=["8511"]), BadTerm, "UNECE"),
        (in_key(type_codes="851"), BadTerm, "type_codes"),
        (in_key(valid_until="2036-01-01T00:00:00Z"), RuleViolation, "period"),
        (in_key(revoked_at="yesterday"), BadTerm, "revoked_at"),
    ],
)
def test_a_wrong_list_is_refused_even_if_it_is_signed(
    change: Callable[[dict[str, Any]], object], error: type[ClearwayError], says: str
) -> None:
    with pytest.raises(error, match=says):
        form.read(rewritten(change), signer=list_signer())


def test_a_list_that_was_altered_or_is_signed_by_another_is_refused() -> None:
    document = form.write(SAMPLE, list_key())
    with pytest.raises(VerificationError, match="altered"):
        form.read(document.replace(b'"version":1', b'"version":2'), signer=list_signer())
    other = spki_of(private("p256", "thief").public_key())
    with pytest.raises(VerificationError, match="signed by the key"):
        form.read(document, signer=other)
    body = json.loads(document)
    body["signature"]["algorithm"] = "none"
    with pytest.raises(VerificationError, match="not ES256"):
        form.read(canonical.json(body), signer=list_signer())
    body["signature"] |= {"algorithm": "ES256", "value": "AAAA"}
    with pytest.raises(VerificationError, match="64"):
        form.read(canonical.json(body), signer=list_signer())


@settings(max_examples=100)
@given(st.integers(0, 1 << 16), st.binary(min_size=1, max_size=3))
def test_any_damage_to_a_list_is_refused(at: int, junk: bytes) -> None:
    document = form.write(SAMPLE, list_key())
    at %= len(document)
    damaged = document[:at] + junk + document[at + len(junk) :]
    if damaged == document:
        return
    with pytest.raises((InputError, VerificationError)):
        form.read(damaged, signer=list_signer())


@pytest.mark.parametrize(
    ("der", "says"),
    [
        (lambda: x509_of(private("rsa1024")), "1,024 bits"),
        (lambda: x509_of(private("p224")), "secp224r1"),
        (lambda: x509_of(private(), may_sign=False), "digitalSignature"),
    ],
)
def test_a_weak_key_or_one_that_may_not_sign_gets_on_no_list(
    der: Callable[[], bytes], says: str
) -> None:
    with pytest.raises(RuleViolation, match=says):
        entry_of(der(), "NPPO", EC, Usage.XML)


def test_a_key_comes_from_its_files_and_only_with_its_own_certificate() -> None:
    der = x509.load_der_x509_certificate(KEY.certificate)
    certificate = der.public_bytes(Encoding.PEM)
    assert AuthorityKey.from_pem(pem(KEY.private), certificate, EC, Usage.XML).public == KEY.public
    with pytest.raises(RuleViolation, match="not that of the private key"):
        AuthorityKey.from_pem(pem(private("p256", "x")), certificate, EC, Usage.XML)
    with pytest.raises(MalformedMessage, match="PEM"):
        AuthorityKey.from_pem(b"-----", b"", EC, Usage.SEAL)


def accept(store: Any, held: TrustList, key: AuthorityKey | None = None, **how: bool) -> Any:
    key = key or list_key()
    signer = spki_of(key.private.public_key())
    document = form.write(held, key)
    return store.act(
        lambda act: accept_trust_list(
            act, form.read(document, signer=signer), document, signer, **how
        )
    )


def test_a_node_holds_the_newest_list_and_refuses_an_older_one(store: Any) -> None:
    node = store(tables.PROJECTIONS)
    node.now = NOW
    with node.engine.begin() as connection:
        assert tables.find(connection) is None
    accept(node, trust_list(KEY, version=2))
    for version in (1, 2):
        with pytest.raises(WrongState, match="not newer"):
            accept(node, trust_list(version=version))
    accept(node, trust_list(version=3))
    with node.engine.begin() as connection:
        held = tables.find(connection)
    assert held is not None
    assert held.trust_list == trust_list(version=3)
    assert form.read(held.document, signer=held.signer) == held.trust_list


def test_a_list_of_another_signer_is_accepted_only_if_that_is_meant(store: Any) -> None:
    node = store(tables.PROJECTIONS)
    node.now = NOW
    accept(node, trust_list(KEY, version=2))
    other = AuthorityKey(private("p256", "other list"), b"", Country("XA"), Usage.SEAL)
    with pytest.raises(RuleViolation, match="new signer"):
        accept(node, trust_list(version=3), other)
    accept(node, trust_list(version=3), other, is_new_signer=True)


def test_a_list_out_of_date_or_from_the_future_is_not_accepted(store: Any) -> None:
    node = store(tables.PROJECTIONS)
    node.now = NOW + 31 * DAY
    with pytest.raises(WrongState, match="next version"):
        accept(node, trust_list())
    node.now = NOW - 2 * DAY
    with pytest.raises(WrongState, match="clocks"):
        accept(node, trust_list())
