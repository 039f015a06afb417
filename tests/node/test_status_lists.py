"""Status lists of a node: what was issued is told of, scattered, and only what ended is set."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from clearway.certificates import accompanying
from clearway.certificates.actions.withdraw_issued import withdraw_issued
from clearway.certificates.formats import seal, sps_certificate, status_list
from clearway.certificates.issuing import tables
from clearway.certificates.model import Key
from clearway.certificates.single_use import require_secret
from clearway.certificates.trust.model import TrustList
from clearway.certificates.verdict import Colour, Verdict
from clearway.errors import NotFound
from clearway.node import status_lists
from clearway.node.clock import SteppedClock, seeded_entropy
from clearway.node.node import Node, create
from clearway.settings import Settings
from clearway.terms.period import Period
from tests.certificates.issuing.desk import CERTIFIER, START
from tests.node.test_issuing import issue_one


@pytest.fixture
def node(tmp_path: Path) -> Any:
    settings = replace(Settings(), data_directory=tmp_path / "node")
    create(settings, seeded_entropy(1))
    with Node.open(settings, clock=SteppedClock(START), entropy=seeded_entropy(2)) as opened:
        yield opened


def trust_of(node: Node) -> TrustList:
    """Return a list on which a partner has the seal key of this node."""
    now = node.clock()
    valid = Period(now - timedelta(days=1), now + timedelta(days=400))
    entry = node.authority.seal_key.trusted("NPPO", valid)
    return TrustList("Partner", 1, now - timedelta(days=1), now + timedelta(days=30), (entry,))


def papers(node: Node, number: str) -> tuple[Key, bytes, bytes]:
    with node.reading() as connection:
        held = tables.get_issued(connection, Key.of("851", node.settings.country, number))
        kept = tables.get_documents(connection, held)
    assert held.key is not None
    return held.key, kept.document, kept.seal


def judged(node: Node, sealed: bytes, document: bytes) -> Verdict:
    trust, at = trust_of(node), node.clock()
    (list_id,) = status_lists.ids(node)
    listed = status_list.verify(status_lists.signed(node, list_id), trust, at)
    certificate, _ = sps_certificate.read(document)
    return seal.check(sealed, trust, [listed], at, document=certificate)


def test_what_is_issued_is_green_and_red_once_it_is_withdrawn(node: Node) -> None:
    """The whole way: applied, approved, signed, sealed, withdrawn, and read by a stranger."""
    _, first = issue_one(node, 0)
    _, second = issue_one(node, 1)
    key, document, sealed = papers(node, first)
    assert judged(node, sealed, document).colour is Colour.GREEN
    node.act(CERTIFIER, lambda hand: withdraw_issued(hand, key, "pest found")).result()
    verdict = judged(node, sealed, document)
    assert verdict.colour is Colour.RED and verdict.reasons[0].code == "SEAL_R11"
    _, other, sealed = papers(node, second)
    assert judged(node, sealed, other).colour is Colour.GREEN


def test_three_proofs_agree_and_a_false_signature_of_the_document_is_red(node: Node) -> None:
    _, number = issue_one(node, 0)
    _, document, sealed = papers(node, number)
    own = node.authority.xml_key.trusted("NPPO")
    trust, at = trust_of(node), node.clock()
    both = replace(trust, keys=(*trust.keys, own))
    listed = status_list.verify(status_lists.signed(node, "851-1"), both, at)

    def verdict_on(original: bytes, held: TrustList) -> Verdict:
        certificate, signature = accompanying.read(original, held, at)
        return seal.check(
            sealed, held, [listed], at, document=certificate, document_signature=signature
        )

    good = verdict_on(document, both)
    assert good.colour is Colour.GREEN, good.reasons
    assert good.answers[-1].reason.code == "SEAL_G08"
    assert verdict_on(document, trust).colour is Colour.GREEN  # its key is not at hand
    start = document.index(b"SignatureValue>") + len(b"SignatureValue>")
    swapped = b"B" if document[start + 4 : start + 5] == b"A" else b"A"
    broken = document[: start + 4] + swapped + document[start + 5 :]
    bad = verdict_on(broken, both)
    assert bad.colour is Colour.RED and bad.reasons[0].code == "SEAL_R17"


def test_the_seal_of_another_certificate_does_not_fit_a_document(node: Node) -> None:
    _, first = issue_one(node, 0)
    _, second = issue_one(node, 1)
    assert judged(node, papers(node, first)[2], papers(node, second)[1]).colour is Colour.RED


def test_the_secret_in_the_document_is_that_of_the_seal_and_not_in_it(node: Node) -> None:
    secret, number = issue_one(node, 0)
    _, document, sealed = papers(node, number)
    verdict = judged(node, sealed, document)
    assert verdict.certified is not None
    assert require_secret(verdict.certified, bytes.fromhex(secret))
    assert bytes.fromhex(secret) not in sealed
    assert secret.encode() in document


def test_places_are_scattered_and_stay_the_same_after_a_restart(tmp_path: Path) -> None:
    settings = replace(Settings(), data_directory=tmp_path / "node")
    create(settings, seeded_entropy(1))
    lists = []
    for turn in range(2):
        dice = seeded_entropy(turn + 2)
        with Node.open(settings, clock=SteppedClock(START), entropy=dice) as node:
            if turn == 0:
                _, number = issue_one(node, 0)
                place = seal.read(papers(node, number)[2]).stated.place
                assert place is not None and place.index > 0  # the first running number is 0
            lists.append(status_lists.signed(node, "851-1"))
    assert lists[0] == lists[1]


def test_a_list_that_is_none_of_ours_is_not_found(node: Node) -> None:
    for name in ("851-1", "851-0", "", "../851-1", "851-9999"):
        with pytest.raises(NotFound):
            status_lists.signed(node, name)


def test_a_list_is_made_once_a_minute_and_anew_when_a_certificate_ends(node: Node) -> None:
    """A thousand questions cost one signature; whoever asks after a withdrawal sees it."""
    _, number = issue_one(node, 0)
    first = status_lists.signed(node, "851-1")
    assert status_lists.signed(node, "851-1") is first
    key, _, _ = papers(node, number)
    node.act(CERTIFIER, lambda hand: withdraw_issued(hand, key, "pest found")).result()
    assert status_lists.signed(node, "851-1") != first
