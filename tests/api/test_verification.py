"""The doors for seals: judged online, and status lists for everybody."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest

from clearway.certificates.actions.accept_trust_list import accept_trust_list
from clearway.certificates.formats import seal_text, sps_certificate, trust_list
from clearway.certificates.issuing import tables
from clearway.certificates.model import Key
from clearway.certificates.status import State
from clearway.cli.setup import OWNER
from clearway.terms.period import Period
from tests.certificates import sealing
from tests.certificates.sealing import PLACE
from tests.node.test_issuing import issue_one

SIGNER = sealing.authority_key(9, "NL")
BEARER = sealing.sealed(is_bearer=True)


@pytest.fixture
def trusting(border: Any) -> Any:
    """A border whose trust list holds the seal keys of EC and of itself."""
    now = border.node.clock()
    valid = Period(now - timedelta(days=400), now + timedelta(days=400))
    own = border.node.authority.seal_key.trusted("NPPO", valid)
    trust = sealing.trust(
        sealing.trusted(), own, issued_at=now - timedelta(days=1),
        next_update=now + timedelta(days=5),
    )  # fmt: skip
    document = trust_list.write(trust, SIGNER)
    border.node.act(
        OWNER, lambda hand: accept_trust_list(hand, trust, document, SIGNER.public)
    ).result()
    return border


def ask(border: Any, who: str | None = "amina", **form: Any) -> Any:
    return border.ask("POST", "/v1/certificates/verify", who, json=form)


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def listed(border: Any, states: dict[int, State] | None = None) -> list[str]:
    now = border.node.clock()
    data = sealing.list_bytes(states, issued_at=now, next_update=now + timedelta(days=1))
    return [base64_of(data)]


def test_a_seal_from_abroad_is_green_with_the_list_that_comes_with_it(trusting: Any) -> None:
    text = seal_text.text(sealing.sealed(with_lines=True))
    found = ask(trusting, text=text, status_lists=listed(trusting))
    assert found.status_code == 200, found.text
    assert found.json()["data"]["colour"] == "green"
    assert found.json()["data"]["certified"]["number"] == "EC-2026-000123"
    assert ask(trusting, text=text).json()["data"]["colour"] == "amber"
    ended = listed(trusting, {PLACE.index: State.WITHDRAWN})
    assert ask(trusting, text=text, status_lists=ended).json()["data"]["colour"] == "red"


def test_its_document_is_compared(trusting: Any) -> None:
    whole = sealing.issued()
    document = sps_certificate.write(whole)
    sealed = sealing.sealed(of=sps_certificate.read(document)[0])
    form = {"text": seal_text.text(sealed), "status_lists": listed(trusting)}
    good = ask(trusting, **form, document=base64_of(document))
    assert good.json()["data"]["colour"] == "green", good.text
    changed = document.replace(b"1000.50", b"9000.50", 1)
    bad = ask(trusting, **form, document=base64_of(changed)).json()["data"]
    assert (bad["colour"], bad["reasons"][0]["code"]) == ("red", "SEAL_R13")


def test_without_a_trust_list_a_node_says_amber_and_certifies_nothing(border: Any) -> None:
    text = seal_text.text(sealing.sealed())
    data = ask(border, text=text, status_lists=listed(border)).json()["data"]
    assert (data["colour"], data["certified"]) == ("amber", None)


def test_the_secret_of_a_bearer_seal_is_not_sent_back(trusting: Any) -> None:
    found = ask(trusting, text=seal_text.text(BEARER), status_lists=listed(trusting))
    assert found.json()["data"]["colour"] == "green"
    assert found.json()["data"]["certified"]["secret"] is None
    assert base64_of(sealing.SECRET) not in found.text


def test_a_seal_of_ours_is_judged_by_our_own_list(trusting: Any) -> None:
    _, number = issue_one(trusting.node, 0)
    with trusting.node.reading() as connection:
        key = Key.of("851", trusting.node.settings.country, number)
        sealed = tables.get_documents(connection, tables.get_issued(connection, key)).seal
    found = ask(trusting, text=seal_text.text(sealed)).json()["data"]
    assert found["colour"] == "green", found


@pytest.mark.parametrize("text", ["HC1:6BF", "CW1:", "https://example.org", "CW1:" + "0" * 4_000])
def test_what_is_no_seal_is_red(trusting: Any, text: str) -> None:
    assert ask(trusting, text=text).json()["data"]["colour"] == "red"


@pytest.mark.parametrize(
    "form",
    [{}, {"text": ""}, {"text": "A" * 5_000}, {"text": "CW1:", "more": 1},
     {"text": "CW1:", "status_lists": ["no base64!"]}, {"text": "CW1:", "document": "???"},
     {"text": "CW1:", "credential": "{}"}],
)  # fmt: skip
def test_a_question_of_another_form_is_refused(trusting: Any, form: dict[str, Any]) -> None:
    assert ask(trusting, **form).status_code in (400, 422)


def test_strangers_do_not_use_the_node_to_verify(trusting: Any) -> None:
    assert ask(trusting, None, text="CW1:").status_code == 401


def test_the_status_lists_are_given_to_everybody(border: Any) -> None:
    named = border.ask("GET", "/v1/certificates/status-lists")
    assert named.status_code == 200 and named.json()["data"] == {"lists": []}
    assert border.ask("GET", "/v1/certificates/status-lists/851-1").status_code == 404
    issue_one(border.node, 0)
    named = border.ask("GET", "/v1/certificates/status-lists").json()["data"]
    assert named == {"lists": ["851-1"]}
    given = border.ask("GET", "/v1/certificates/status-lists/851-1")
    assert given.headers["content-type"] == "application/statuslist+cwt"
    assert "max-age=60" in given.headers["cache-control"]
    assert given.content[:1] == b"\xd2"
