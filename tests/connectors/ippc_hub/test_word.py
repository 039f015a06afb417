"""What is said of an envelope, what a hub's word means, and how long a failure waits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.certificates.issuing.course import Delivery
from clearway.connectors.ippc_hub import rules
from clearway.connectors.ippc_hub.formats import acknowledgement
from clearway.connectors.ippc_hub.formats.acknowledgement import Acknowledgement
from clearway.connectors.ippc_hub.model import Header, Tracking
from clearway.connectors.ippc_hub.word import Kind, delivery_of, pause_s, reason_of, word_on
from clearway.errors import BadTerm, InputError, MalformedMessage, WrongState
from clearway.terms.finding import Area, Finding, Level
from tests.certificates.conftest import NOW

from .strategies import TEXTS


def finding(level: Level) -> Finding:
    return Finding("CERT_R01", Area.RULE, level, "SPSConsignment", "Something is amiss.")


def header(tracking: str, error: str = "") -> Header:
    return Header("EC", "NL", 851, 70, "EC-1", tracking=tracking, error=error)


def test_what_was_read_is_taken_and_only_warnings_and_worse_are_told() -> None:
    assert word_on(()).kind is Kind.TAKEN
    assert word_on((finding(Level.INFO),)).kind is Kind.TAKEN
    for level in (Level.WARNING, Level.SEVERE):
        said = word_on((finding(level),))
        assert said.kind is Kind.WARNINGS and "Something is amiss" in said.message
    assert "alarm" in word_on((), alarm="an alarm").message
    assert len(word_on((finding(Level.SEVERE),) * 5_000).message) <= 1_000


def test_every_tracking_has_a_meaning_and_an_unknown_one_changes_nothing() -> None:
    meant = {each: delivery_of(header(each)) for each in Tracking}
    assert meant.pop(Tracking.PENDING) is None
    assert None not in meant.values()
    assert delivery_of(header("OnTheMoon")) is None
    assert meant[Tracking.NOT_EXISTS] is Delivery.FAILED
    assert "send it again" in reason_of(header(Tracking.NOT_EXISTS))
    assert reason_of(header(Tracking.FAILED, " late ")) == "late"


@given(st.integers(1, 10_000), st.floats(0, 0.999))
def test_a_pause_grows_and_stays_within_its_bound(failures: int, chance: float) -> None:
    pause = pause_s(failures, 900.0, chance)
    assert 1.0 <= pause <= 900.0
    assert pause_s(failures + 1, 900.0, chance) >= pause


@given(st.sampled_from(["39", "41", "70"]), TEXTS.map(str.strip))
def test_an_answer_reads_back(status: str, reason: str) -> None:
    said = Acknowledgement(status, reason)
    content = acknowledgement.write(said, NOW)
    assert acknowledgement.is_one(content) and acknowledgement.read(content) == said


def test_an_answer_without_a_status_is_refused() -> None:
    for bad in (b"<SPSAcknowledgement/>", b"<SPSCertificate/>", b"<!DOCTYPE a><a/>"):
        with pytest.raises(MalformedMessage):
            acknowledgement.read(bad)


@given(st.sampled_from(list(Tracking)), st.sampled_from(list(Tracking)))
def test_the_first_word_stands(now: Tracking, said: Tracking) -> None:
    try:
        changes = rules.answered("N", now, said)
    except WrongState:
        assert now not in (Tracking.PENDING, said)
    except InputError:
        assert said not in rules.ANSWERS
    else:
        assert changes is (now is not said) and (now is Tracking.PENDING or now is said)


@given(st.binary(min_size=1, max_size=8), st.sampled_from(["NL", "KE"]), st.integers(1, 999))
def test_the_number_follows_from_the_whole_letter(digest: bytes, to: str, kind: int) -> None:
    one = Header("EC", to, kind, 70, "EC-1")
    assert rules.hub_number(one, "certificate", digest) == rules.hub_number(
        one, "certificate", digest
    )
    others = {
        rules.hub_number(one, "response", digest),
        rules.hub_number(one, "certificate", digest + b"x"),
        rules.hub_number(one, "certificate", digest, "FR"),
        rules.hub_number(Header("EC", to, kind, 40, "EC-1"), "certificate", digest),
        rules.hub_number(Header("EC", to, kind, 70, "EC-2"), "certificate", digest),
    }
    assert len(others) == 5 and rules.hub_number(one, "certificate", digest) not in others


def test_a_header_without_a_number_or_with_too_many_copies_is_refused() -> None:
    with pytest.raises(BadTerm, match="NPPOCertificateNumber"):
        rules.normal(Header("EC", "NL", 851, 70, "  "))
    with pytest.raises(BadTerm, match="NPPOCertificateNumber"):
        rules.normal(Header("EC", "NL", 851, 70, "1" * 71))
    assert rules.normal(Header(" ec ", "nl", 851, 70, " 1 ")).to == "NL"
