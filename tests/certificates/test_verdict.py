"""Verdicts: what cannot be verified is never green, and each answer has its own reason."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.certificates.formats import seal, seal_text, sps_certificate, status_list
from clearway.certificates.status import State
from clearway.certificates.trust.model import Trusted, Usage, Why
from clearway.certificates.verdict import (
    _UNTRUSTED,
    Colour,
    Credential,
    Evidence,
    Signature,
    Verdict,
    judge,
)
from clearway.errors import ClearwayError
from clearway.terms.period import Period

from . import seal_vectors, sealing
from .sealing import AT, CERTIFICATE, PLACE, TRUST, VALID

TEXT = seal_text.text(sealing.sealed())
LISTED = sealing.listed()


def checked(text: str = TEXT, trust: Any = TRUST, lists: Any = (LISTED,), at: datetime = AT,
            **more: Any) -> Verdict:  # fmt: skip
    return seal.check(text, trust, lists, at, **more)


def codes(verdict: Verdict) -> set[str]:
    return {answer.reason.code for answer in verdict.answers}


def test_the_positive_control_is_green() -> None:
    verdict = checked(document=CERTIFICATE)
    assert verdict.colour is Colour.GREEN
    assert all(answer.reason.code.startswith("SEAL_G") for answer in verdict.answers)
    assert verdict.certified is not None and verdict.certified.number == CERTIFICATE.number


VECTORS = seal_vectors.vectors()
GREEN = {
    "reference",
    "inspection",
    "bearer",
    "with its document",
    "newest list counts",
    "compressed although longer",
    "dated on the key's first day",
}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda each: each.name)
def test_a_vector_is_green_only_if_it_is_one_of_the_good_ones(vector: Any) -> None:
    verdict = seal_vectors.judged(vector, seal_vectors.material())
    assert (verdict.colour is Colour.GREEN) == (vector.name in GREEN)


# --- remove or change any input: never green


def evidence() -> Evidence:
    found = Trusted(TRUST.keys[0])
    return Evidence(
        claims=seal.read(TEXT).stated,
        signature=Signature.HOLDS,
        signer=found,
        at=AT,
        status_list=LISTED,
        status_signer=found,
        document=CERTIFICATE,
        credential=Credential(bytes.fromhex(CERTIFICATE.content_digest), Signature.HOLDS),
    )


def test_the_evidence_of_the_next_tests_is_green() -> None:
    assert judge(evidence()).colour is Colour.GREEN


WORSE: dict[str, dict[str, Any]] = {
    "no trust list": {"signer": None},
    "signature fails": {"signature": Signature.FAILS},
    "signature not checked": {"signature": Signature.NOT_CHECKED},
    "no status list": {"status_list": None},
    "nobody knows who signed the status list": {"status_signer": None},
    "no status lets goods in": {"usable": ()},
    "another document": {"document": dataclasses.replace(CERTIFICATE, content_digest="00" * 32)},
    "a document without digest": {"document": dataclasses.replace(CERTIFICATE, content_digest="")},
    "document of another number": {"document": dataclasses.replace(CERTIFICATE, number="X-1")},
    "the document's own signature fails": {"document_signature": Signature.FAILS},
    "another credential": {"credential": Credential(bytes(32), Signature.HOLDS)},
    "long after": {"at": AT + timedelta(days=400)},
    "long before": {"at": AT - timedelta(days=400)},
}


@pytest.mark.parametrize("change", WORSE.values(), ids=list(WORSE))
def test_without_one_of_the_proofs_it_is_never_green(change: dict[str, Any]) -> None:
    assert judge(dataclasses.replace(evidence(), **change)).colour is not Colour.GREEN


@pytest.mark.parametrize("why", list(Why))
def test_every_reason_to_distrust_a_key_has_an_answer_that_is_not_green(why: Why) -> None:
    code, text = _UNTRUSTED[why]
    assert code[5] in "AR" and text.endswith(".")


@given(st.data())
@settings(max_examples=150)
def test_any_changed_byte_of_seal_or_list_is_never_green(data: st.DataObject) -> None:
    what = data.draw(st.sampled_from(["seal", "status list"]))
    message = bytearray(sealing.sealed() if what == "seal" else sealing.list_bytes())
    place = data.draw(st.integers(0, len(message) - 1))
    message[place] ^= data.draw(st.integers(1, 255))
    if what == "seal":
        assert checked(seal_text.text(bytes(message))).colour is not Colour.GREEN
        return
    with pytest.raises(ClearwayError):
        status_list.verify(bytes(message), TRUST, AT)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "country": st.just("KE"),
            "type_codes": st.just(("861",)),
            "usage": st.sampled_from([Usage.XML, Usage.CREDENTIAL]),
            "revoked_at": st.sampled_from([AT, AT - timedelta(days=100)]),
            "valid": st.sampled_from(
                [Period(AT, AT + timedelta(days=9)), Period(VALID.start, AT - timedelta(days=20))]
            ),
        },
    ),
    st.booleans(),
)
def test_any_changed_entry_of_the_trust_list_is_never_green(
    changes: dict[str, Any], with_stranger: bool
) -> None:
    if "country" in changes:
        changes["country"] = sealing.Country(changes["country"])
    entries = [sealing.trusted(**changes)]
    if with_stranger:
        entries.append(sealing.trusted(sealing.STRANGER))
    verdict = checked(trust=sealing.trust(*entries))
    assert (verdict.colour is Colour.GREEN) == (not changes)


def test_green_ends_with_each_period() -> None:
    """One second decides: of the trust list, of the status list, of the last day."""
    for end in (TRUST.next_update, LISTED.next_update):
        lists = [dataclasses.replace(LISTED, next_update=min(end, LISTED.next_update))]
        at = min(end, LISTED.next_update)
        assert checked(at=at - timedelta(seconds=1), lists=lists).colour is Colour.GREEN
        assert checked(at=at, lists=lists).colour is Colour.AMBER
    last = datetime.combine(sealing.UNTIL, datetime.max.time(), AT.tzinfo)
    later = sealing.trust(next_update=last + timedelta(days=2))
    fresh = [dataclasses.replace(LISTED, next_update=last + timedelta(days=2))]
    assert checked(at=last, trust=later, lists=fresh).colour is Colour.GREEN
    over = checked(at=last + timedelta(seconds=1), trust=later, lists=fresh)
    assert "SEAL_R09" in codes(over) and over.colour is Colour.RED


def test_of_two_lists_the_newest_counts_whatever_their_order() -> None:
    old = sealing.listed(
        {PLACE.index: State.WITHDRAWN},
        issued_at=AT - timedelta(hours=9),
        next_update=AT + timedelta(days=3),
    )
    for lists in ([old, LISTED], [LISTED, old]):
        assert checked(lists=lists).colour is Colour.GREEN
    assert checked(lists=[old]).colour is Colour.RED


def test_another_authority_of_the_country_cannot_hide_a_list_by_a_newer_one() -> None:
    vet = sealing.trusted(sealing.STRANGER, type_codes=("853",))
    both = sealing.trust(sealing.trusted(), vet)
    newer = status_list.verify(
        sealing.list_bytes(key=sealing.STRANGER, issued_at=AT - timedelta(hours=1)), both, AT
    )
    assert checked(trust=both, lists=[newer]).colour is Colour.AMBER
    assert checked(trust=both, lists=[LISTED, newer]).colour is Colour.GREEN


def test_a_list_from_the_future_says_nothing() -> None:
    ahead = dataclasses.replace(LISTED, issued_at=AT + timedelta(hours=1))
    assert checked(lists=[ahead]).colour is Colour.AMBER


def test_claims_of_a_seal_that_is_not_proved_are_not_certified() -> None:
    assert checked(trust=None).certified is None
    assert checked(seal_vectors.stranger()).certified is None
    assert checked(trust=sealing.trust(sealing.trusted(revoked_at=AT))).certified is None


def test_the_gravest_reason_comes_first() -> None:
    verdict = checked(lists=(), document=dataclasses.replace(CERTIFICATE, content_digest="1" * 64))
    assert [reason.code for reason in verdict.reasons][:2] == ["SEAL_R13", "SEAL_A07"]


def test_a_seal_over_a_real_document_is_green_and_over_a_changed_one_red() -> None:
    """The digest is that of the bytes: written, read back, sealed, and read again."""
    whole = sealing.issued()
    original = sps_certificate.write(whole)
    text = seal_text.text(sealing.sealed(of=whole))
    assert checked(text, document=sps_certificate.read(original)[0]).colour is Colour.GREEN
    changed = original.replace(b"1000.50", b"9000.50", 1)
    assert changed != original
    verdict = checked(text, document=sps_certificate.read(changed)[0])
    assert verdict.colour is Colour.RED and "SEAL_R13" in codes(verdict)
