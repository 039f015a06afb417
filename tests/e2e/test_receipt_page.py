"""The page that verifies receipts, opened from a disk in a real browser with the network off."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clearway.console.verifier import receipts
from clearway.ledger import receipt
from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.commitment import leaf_hash
from clearway.ledger.cosignature import Cosigner
from clearway.ledger.fact import BY_FIELD, WHOLE, Fact
from clearway.ledger.merkle import Frontier, inclusion_path
from clearway.ledger.note import Signer

from .conftest import SCREENSHOTS
from .test_console import AXE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LOG = Signer.from_seed("customs.example/border", bytes(range(32)))
WITNESSES = [
    Cosigner.from_seed(f"witness-{place}.example", bytes([place]) * 32, "ed25519")
    for place in (1, 2)
]
POLICY = "\n".join(
    [
        f"log {LOG.verifier.vkey}",
        *(f"witness w{place} {one.verifier.vkey}" for place, one in enumerate(WITNESSES)),
        "group both all w0 w1",
        "quorum both",
    ]
)


def proof(
    witnesses: int = 0,
    *,
    place: int = 5,
    size: int = 7,
    form: int = WHOLE,
    body: str = '{"mass_kg":"5.50","note":"mängo <b>"}',
) -> str:
    """Return the receipt of one fact of a small log, cosigned by some witnesses."""
    salts = [bytes([seq]) * 32 for seq in range(size)]
    facts = [
        Fact(
            seq, "parcel.weighed/1", f"parcel:{seq}", "customs", "officer:amina",
            NOON, NOON, body.encode(), form,
        )
        for seq in range(size)
    ]  # fmt: skip
    leaves = [leaf_hash(fact, salt) for fact, salt in zip(facts, salts, strict=True)]
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    text = Checkpoint(LOG.name, size, frontier.root()).marshal()
    note = LOG.sign(text) + "".join(one.cosign(text, NOON) for one in WITNESSES[:witnesses])

    def node_at(level: int, index: int) -> bytes:
        part = Frontier()
        for leaf in leaves[index << level : (index + 1) << level]:
            part.append(leaf)
        return part.root()

    path = inclusion_path(place, size, node_at)
    return receipt.issue(facts[place], salts[place], path, note).marshal().decode()


@pytest.fixture
def page(chromium: Browser, tmp_path: Path) -> Iterator[Page]:
    """The page as a file, in a browser that has no network."""
    file = tmp_path / "verify-receipt.html"
    file.write_text(receipts().html, encoding="utf-8")
    context = chromium.new_context(offline=True, viewport={"width": 1100, "height": 900})
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("request", lambda request: wrong.append(request.url))
    opened.goto(file.as_uri())
    yield opened
    context.close()
    assert [one for one in wrong if not one.startswith("file:")] == []


def ask(page: Page, text: str, policy: str) -> str:
    """Let the page verify and return what it says."""
    page.fill("#receipt", text)
    page.fill("#policy", policy)
    page.click("button[type=submit]")
    page.wait_for_selector("#result .verdict")
    shown = page.inner_text("#result")
    page.evaluate("document.getElementById('result').replaceChildren()")
    return shown


def test_a_true_receipt_holds_under_the_key_of_its_log(page: Page) -> None:
    shown = ask(page, proof(), LOG.verifier.vkey)
    assert shown.startswith("It holds under the log's key")
    assert "parcel:5" in shown and "mängo <b>" in shown


BODIES = [
    "{}",
    '{"a":1}',
    '{"a":{"b":{"c":{"d":{"e":[1,2,{"f":"g"}]}}}},"h":[],"i":{},"j":[[1],[[2]]]}',
    '{"a/b":"~","m~n":"\\"\\\\]}","ü":-1.5e9,"":null,"t":true}',
    '{"a":{"with\\ttab":1,"x":2},"z":"{[,:]}"}',
    '{"n":[' + ",".join(f'{{"k":{at},"l":"x"}}' for at in range(900)) + '],"m":[[1,2],[3]]}',
    '{"n":[' + ",".join(map(str, range(3_000))) + "]}",
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_a_fact_committed_to_by_field_holds_and_another_value_does_not(
    page: Page, body: str
) -> None:
    text = proof(form=BY_FIELD, body=body)
    assert ask(page, text, LOG.verifier.vkey).startswith("It holds")
    changed = text.replace("officer:amina", "officer:omina")
    assert ask(page, changed, LOG.verifier.vkey).startswith("It does not hold")


def test_witnesses_are_counted_by_the_policy(page: Page) -> None:
    assert ask(page, proof(2), POLICY).startswith("It holds, and enough witnesses signed")
    pending = ask(page, proof(1), POLICY)
    assert pending.startswith("It stands in the log, but not enough witnesses signed yet")
    assert "cosignatures pending" in pending
    assert "not enough" in ask(page, proof(0), POLICY)


def test_a_former_key_counts_up_to_its_size(page: Page) -> None:
    new = Signer.from_seed(LOG.name, b"n" * 32).verifier.vkey
    assert ask(page, proof(), f"{new}\n{LOG.verifier.vkey} until size 7").startswith("It holds")
    for keys in (f"{new}\n{LOG.verifier.vkey} until size 6", f"{LOG.verifier.vkey} until later"):
        assert ask(page, proof(), keys).startswith("It does not hold")


def test_a_witness_whose_kind_of_signature_the_page_lacks_is_named(page: Page) -> None:
    strange = Cosigner.from_seed("witness-9.example", bytes([9]) * 32, "ml-dsa-44")
    policy = f"{POLICY}\n".replace("quorum both", f"witness w9 {strange.verifier.vkey}")
    shown = ask(page, proof(2), f"{policy}group three all w0 w1 w9\nquorum three")
    assert shown.startswith("It stands in the log, but not enough witnesses signed yet")
    assert "does not check" in shown and "w9" in shown


def _flip(at: str) -> Callable[[dict[str, object]], None]:
    def change(wire: dict[str, object]) -> None:
        value = wire[at]
        text = value[0] if isinstance(value, list) else value
        raw = bytearray(base64.b64decode(str(text)))
        raw[3] ^= 1
        changed = base64.b64encode(bytes(raw)).decode()
        wire[at] = [changed, *value[1:]] if isinstance(value, list) else changed

    return change


CHANGES: dict[str, Callable[[dict[str, object]], None]] = {
    "another mass": lambda wire: wire.update(fact=str(wire["fact"]).replace("5.50", "5.51")),
    "another salt": _flip("salt"),
    "another path": _flip("path"),
    "another place": lambda wire: wire.update(index=4),
    "a shorter path": lambda wire: wire.update(path=list(wire["path"])[:-1]),  # type: ignore[call-overload]
    "a longer path": lambda wire: wire.update(path=[*wire["path"], wire["salt"]]),  # type: ignore[misc]
    "another size": lambda wire: wire.update(
        checkpoint=str(wire["checkpoint"]).replace("\n7\n", "\n8\n")
    ),
    "an unknown member": lambda wire: wire.update(note="trust me"),
    "no salt": lambda wire: wire.pop("salt") and None,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_was_changed_does_not_hold(
    page: Page, change: Callable[[dict[str, object]], None]
) -> None:
    wire = json.loads(proof())
    change(wire)
    assert ask(page, json.dumps(wire), LOG.verifier.vkey).startswith("It does not hold")


def test_another_key_an_empty_policy_and_rubbish_are_refused(page: Page) -> None:
    other = Signer.from_seed(LOG.name, bytes(32)).verifier.vkey
    for text, policy in (
        (proof(), other),
        (proof(), ""),
        (proof(), "trust everybody"),
        (proof(), POLICY.replace("all w0", "3 w0")),
        ("rubbish", LOG.verifier.vkey),
        ("[1]", LOG.verifier.vkey),
        ("null", LOG.verifier.vkey),
        (proof().replace('"index"', '"salt": "", "index"'), LOG.verifier.vkey),
    ):
        assert ask(page, text, policy).startswith("It does not hold")


def test_every_place_of_every_small_log_verifies(page: Page) -> None:
    for size in range(1, 10):
        for place in range(size):
            text = proof(place=place, size=size)
            assert ask(page, text, LOG.verifier.vkey).startswith("It holds"), (place, size)


def test_the_page_speaks_its_languages_and_is_accessible(page: Page) -> None:
    ask(page, proof(1), POLICY)
    page.click("button[type=submit]")
    page.wait_for_selector("#result .verdict")
    SCREENSHOTS.mkdir(exist_ok=True)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.screenshot(path=SCREENSHOTS / f"receipt-page-{scheme}.png", full_page=True)
        assert page.evaluate("axe.run().then(found => found.violations.map(each => each.id))") == []
    page.click("#languages button[lang=fr]")
    assert page.inner_text("h1") == "Vérifier un récépissé"
    assert "Witness" not in page.inner_text("#result")
