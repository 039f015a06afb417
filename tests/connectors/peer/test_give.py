"""What leaves the giver, looked at before it is sealed and before TLS hides it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from clearway.connectors.peer import give
from clearway.connectors.peer.formats import batch as batches
from clearway.connectors.peer.formats import head as heads
from clearway.connectors.peer.model import Acknowledgement, Partner
from clearway.connectors.peer.rules import opened_fields
from clearway.errors import BadTerm, VerificationError
from clearway.identity.entitlement import parse_all
from clearway.ledger import stored
from clearway.ledger.commitment import leaf_hash
from clearway.ledger.disclosure import leaf_of, shown_by
from clearway.ledger.fact import BY_FIELD

from .conftest import SECRET, Hidden, House, Told, house

RULE = "parcel.weighed/1 where body.country=XB"


@pytest.fixture(scope="module")
def giver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("give"), "giver") as made:
        for number in range(30):
            made.record(Told(number, "XB", f"OPEN-{number}"), Told(number, "XC", SECRET))
            made.record(Hidden(SECRET), subject=f"parcel:{SECRET}")
        yield made


def partner(*rules: str) -> Partner:
    return Partner("taker", "taker.example/log", (), (), None, "", parse_all(rules))


def plain(giver: House, one: Partner, first: int = 0, limit: int = 1_024) -> bytes:
    """Return a batch with its content unsealed: every byte that could cross."""
    with giver.node.reading() as connection:
        batch = give.batch_for(
            connection,
            giver.node.log,
            giver.partnership.signer,
            one,
            lambda content, context: content,
            first=first,
            known=0,
            limit=limit,
        )
    assert batch is not None
    return batches.emit(batch)


def test_canaries_of_facts_that_are_not_entitled_never_leave(giver: House) -> None:
    for first in range(0, giver.node.log.size, 7):
        for limit in (1, 3, 1_024):
            assert SECRET.encode() not in plain(giver, partner(RULE), first, limit)


def test_the_control_a_canary_that_is_entitled_is_found(giver: House) -> None:
    assert b"OPEN-29" in plain(giver, partner(RULE))
    assert SECRET.encode() in plain(giver, partner("parcel.secret/1"))


def test_without_rules_only_hashes_leave(giver: House) -> None:
    sent = plain(giver, partner())
    assert b"OPEN" not in sent and b"parcel" not in sent
    batch = batches.parse(sent)
    assert batch.sealed == b"" and len(batch.proof) < 20


def test_fields_of_facts_that_are_committed_to_whole_stay_shut(giver: House) -> None:
    assert b"OPEN" not in plain(giver, partner("parcel.weighed/1 fields number"))


def test_a_place_beyond_the_log_is_refused(giver: House) -> None:
    with pytest.raises(BadTerm, match="facts"):
        plain(giver, partner(RULE), giver.node.log.size + 1)


def test_an_acknowledgement_of_another_history_is_refused(giver: House, tmp_path: Path) -> None:
    with house(tmp_path, "taker") as taker:
        log = giver.node.log
        verifiers = (taker.node.log.verifier,)
        one = Partner("taker", taker.origin, verifiers, (), None, "", ())
        said = Acknowledgement(giver.origin, taker.origin, 5, bytes(32))
        note = taker.partnership.signer.sign(heads.write_acknowledgement(said))
        with giver.node.reading() as connection, pytest.raises(VerificationError):
            give.acknowledged(connection, log, one, note)


@dataclass(frozen=True, slots=True)
class Counted:
    """A fact that is committed to by field."""

    TYPE: ClassVar[str] = "parcel.counted/1"
    FORM: ClassVar[int] = BY_FIELD
    number: int
    country: str
    holder: dict[str, str]


def test_unopened_fields_of_a_fact_never_leave(giver: House) -> None:
    place = giver.node.log.size
    giver.record(
        Counted(7, "XB", {"name": SECRET, "city": "OPEN-city"}), subject=f"parcel:{SECRET}"
    )
    rule = "parcel.counted/1 fields number,holder.city where body.country=XB"
    sent = plain(giver, partner(rule), place)
    items = batches.parse_items(batches.parse(sent).sealed)
    told = opened_fields(items[0])
    assert SECRET.encode() not in sent and b"system:test" not in sent
    assert shown_by(told) == {
        "type": '"parcel.counted/1"', "/number": "7", "/holder/city": '"OPEN-city"',
    }  # fmt: skip
    with giver.node.reading() as connection:
        found = stored.read_fact(connection, place)
    assert found is not None and leaf_of(told) == leaf_hash(*found)
    assert SECRET.encode() in plain(giver, partner("parcel.counted/1 fields holder"), place)
    assert batches.parse(plain(giver, partner("parcel.counted/1 fields none"), place)).sealed == b""
    deep = "parcel.counted/1 fields number.digits,holder.name.first"
    assert batches.parse(plain(giver, partner(deep), place)).sealed == b""


def test_one_partner_whose_rules_are_broken_blinds_no_other(giver: House, tmp_path: Path) -> None:
    with house(tmp_path, "one") as one, house(tmp_path, "two") as two:
        giver.know(one, "no rule at all")  # as an older version let it in
        giver.know(two, RULE)
        assert [found.id for found in giver.partnership.partners()] == [two.id]
        certificate = ssl.PEM_cert_to_DER_cert(one.partnership.tls_certificate.read_text())
        assert giver.partnership.partner_by_certificate(certificate) is None
