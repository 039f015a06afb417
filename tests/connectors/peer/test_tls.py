"""Who gets through the partners' listener: the pinned certificate of an agency that takes part."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from clearway.connectors.peer import tls
from clearway.errors import VerificationError
from clearway.identity.agencies import KeyKind
from clearway.identity.facts_agencies import AgencyKeyChanged, AgencySuspended
from clearway.node.clock import entropy, utc_now
from clearway.node.exchange import take_once
from clearway.node.rotation import end_tls, rotate_tls

from .conftest import QUICK, SHORT, House, Told, house

RULE = "parcel.weighed/1"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[House, House]]:
    with house(tmp_path, "giver", listens=True) as giver, house(tmp_path, "taker") as taker:
        giver.know(taker, RULE)
        giver.record(Told(1, "XB"))
        taker.know(giver, url=giver.url)
        yield giver, taker


def ask(url: str, context: ssl.SSLContext, **headers: str) -> httpx.Response:
    with httpx.Client(verify=context, trust_env=False, timeout=5) as http:
        return http.get(f"{url}/v1/peer/facts", headers=headers)


def made(
    folder: Path, giver: House, origin: str, *, ago: timedelta, life: timedelta
) -> tuple[ssl.SSLContext, str]:
    seed = entropy(32)
    pem = tls.self_signed(origin, seed, int(seed[:8].hex(), 16) | 1, utc_now() - ago, life)
    (folder / "k").write_text(tls.private_pem(seed))
    (folder / "c").write_text(pem)
    trusted = giver.partnership.tls_certificate.read_text()
    return tls.client_context(folder / "c", folder / "k", [trusted]), pem


def test_the_agency_s_own_certificate_comes_in(pair: tuple[House, House]) -> None:
    giver, taker = pair
    assert take_once(taker.partnership, pace=QUICK, patience=SHORT) == {giver.id: 1}


def test_without_a_certificate_nobody_comes_in(pair: tuple[House, House]) -> None:
    giver, _ = pair
    blank = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    blank.check_hostname = False
    blank.load_verify_locations(cadata=giver.partnership.tls_certificate.read_text())
    with pytest.raises(httpx.TransportError):
        ask(giver.url, blank)


def test_an_unknown_certificate_is_refused_by_tls(
    pair: tuple[House, House], tmp_path: Path
) -> None:
    giver, taker = pair
    context, _ = made(tmp_path, giver, taker.origin, ago=timedelta(), life=timedelta(days=1))
    with pytest.raises(httpx.TransportError):
        ask(giver.url, context)


def test_an_expired_certificate_is_refused_although_it_is_pinned(
    pair: tuple[House, House], tmp_path: Path
) -> None:
    giver, taker = pair
    context, pem = made(
        tmp_path, giver, taker.origin, ago=timedelta(days=9), life=timedelta(days=2)
    )
    giver.partnership.certificates.add(pem)
    giver.know(taker, RULE, fingerprint=tls.fingerprint_of(pem))
    with pytest.raises(httpx.TransportError):
        ask(giver.url, context)


def test_a_certificate_that_tls_trusts_and_no_agency_bears_is_refused(
    pair: tuple[House, House], tmp_path: Path
) -> None:
    giver, taker = pair
    context, pem = made(tmp_path, giver, taker.origin, ago=timedelta(), life=timedelta(days=1))
    giver.partnership.certificates.add(pem)
    answer = ask(giver.url, context)
    assert answer.status_code == 403 and "no agency" in answer.json()["detail"]


def test_a_header_names_nobody(pair: tuple[House, House], tmp_path: Path) -> None:
    giver, taker = pair
    context, pem = made(tmp_path, giver, taker.origin, ago=timedelta(), life=timedelta(days=1))
    giver.partnership.certificates.add(pem)
    own = taker.partnership.tls_certificate.read_text().replace("\n", "")
    forged = {
        "X-Client-Cert": own,
        "X-Forwarded-Client-Cert": own,
        "X-SSL-Client-Verify": "SUCCESS",
    }
    assert ask(giver.url, context, **forged).status_code == 403


def test_another_agency_s_certificate_gets_only_what_that_one_may_have(
    pair: tuple[House, House], tmp_path: Path
) -> None:
    giver, _ = pair
    with house(tmp_path, "third") as third:
        giver.know(third)  # takes part, entitled to nothing
        third.know(giver, url=giver.url)
        assert take_once(third.partnership, pace=QUICK, patience=SHORT) == {giver.id: 0}


def test_a_suspended_agency_is_refused_at_its_next_request(pair: tuple[House, House]) -> None:
    giver, taker = pair
    giver.record(AgencySuspended(taker.id, "test"), subject="agency:x")
    result = take_once(taker.partnership, pace=QUICK, patience=SHORT)[giver.id]
    assert "403" in str(result)


def test_a_door_with_another_certificate_than_the_card_s_is_not_spoken_to(
    pair: tuple[House, House],
) -> None:
    giver, _ = pair
    with pytest.raises(VerificationError, match="not on the agency's card"):
        tls.fetch(giver.url, ["00" * 32])
    assert tls.fetch(giver.url, [giver.partnership.fingerprint]).startswith("-----BEGIN")


def test_a_certificate_rotates_with_an_overlap(pair: tuple[House, House]) -> None:
    giver, taker = pair
    old = taker.partnership.fingerprint
    new = rotate_tls(taker.node.folder, entropy, utc_now())
    assert taker.partnership.fingerprint == old, "not shown before partners know it"
    end_tls(taker.node.folder)
    assert taker.partnership.fingerprint == new
    change = AgencyKeyChanged(
        taker.id, KeyKind.TLS, old, new, None, utc_now() + timedelta(days=1), "rotated"
    )
    giver.record(change, subject=f"agency:{taker.id}")
    giver.partnership.certificates.add(taker.partnership.tls_certificate.read_text())
    assert take_once(taker.partnership, pace=QUICK, patience=SHORT) == {giver.id: 1}
    with giver.node.reading():
        held = next(p for p in giver.partnership.partners() if p.id == taker.id).fingerprints
    assert set(held) == {old, new}, "both hold for a while"


def test_only_tls_1_3_is_spoken(pair: tuple[House, House]) -> None:
    giver, taker = pair
    context = tls.client_context(
        taker.partnership.tls_certificate,
        taker.partnership.tls_key,
        [giver.partnership.tls_certificate.read_text()],
    )
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(httpx.TransportError):
        ask(giver.url, context)
