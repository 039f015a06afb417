"""A disclosure sealed for one partner is opened and checked by that partner alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest
from typer.testing import CliRunner

from clearway.cli import partners
from clearway.cli.app import app
from clearway.cli.rotating import rotate
from clearway.cli.setup import OWNER, first_administrator
from clearway.ledger import disclosure as disclosures
from clearway.ledger import receipt as receipts
from clearway.ledger import receipt_forms
from clearway.ledger.fact import BY_FIELD
from clearway.ledger.former import read_keys
from clearway.node.clock import entropy, utc_now
from clearway.node.node import Node, create
from clearway.settings import Settings, load


@dataclass
class Agency:
    file: Path
    folder: Path
    id: str

    def run(self, *words: object) -> tuple[int, bytes]:
        done = CliRunner().invoke(app, [*map(str, words), "--settings", str(self.file)])
        return done.exit_code if not done.exception else 1, done.stdout_bytes


def agency(root: Path, name: str) -> Agency:
    settings = replace(Settings(), data_directory=root / name, node_name=f"{name}.example/border")
    create(settings, entropy)
    first_administrator(settings)
    file = root / f"{name}.toml"
    file.write_text(f'data_directory = "{root / name}"\nnode_name = "{settings.node_name}"\n')
    return Agency(file, root / name, f"{name}_example_border")


@pytest.fixture
def three(tmp_path: Path) -> list[Agency]:
    """Customs knows both others, and both know customs."""
    found = [agency(tmp_path, name) for name in ("customs", "plants", "port")]
    for one, other in ((0, 1), (0, 2), (1, 0), (2, 0)):
        card = tmp_path / "card.json"
        card.write_bytes(partners.own_card(found[other].file)[0])
        partners.add(found[one].file, partners.read_card(found[one].file, card), ())
    return found


@dataclass(frozen=True, slots=True)
class Told:
    """Something with a secret beside what may be shown."""

    TYPE: ClassVar[str] = "test.told/1"
    FORM: ClassVar[int] = BY_FIELD

    shown: str
    secret: str


def by_field(at: Agency) -> int:
    """Record a fact that is committed by field, and return its place."""
    with Node.open(load(at.file), clock=utc_now, entropy=entropy) as node:
        body = Told("MSCU7", "the price")
        outcome = node.act(OWNER, lambda act: act.append(body, subject="test:1")).result()
    return outcome.facts[0].seq


def test_only_the_agency_meant_opens_it(three: list[Agency], tmp_path: Path) -> None:
    customs, plants, port = three
    seq = by_field(customs)
    code, sealed = customs.run("ledger", "disclose", seq, "--field", "/shown", "--for", plants.id)
    assert code == 0
    assert b"MSCU7" not in sealed
    file = tmp_path / "sealed"
    file.write_bytes(sealed)
    opening = ("ledger", "disclosure", "open", file, "--from", customs.id)
    code, content = plants.run(*opening)
    assert code == 0
    keys = read_keys((customs.folder / "log.vkey").read_text())
    assert disclosures.verify(disclosures.parse(content), keys).fields["/shown"] == '"MSCU7"'
    assert b"the price" not in content
    assert port.run(*opening)[0] != 0, "it is not for port"
    assert customs.run("ledger", "disclosure", "open", file, "--from", plants.id)[0] != 0
    file.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    assert plants.run(*opening)[0] != 0, "a changed byte"


def test_what_was_sealed_to_the_former_key_is_opened_until_that_ends(
    three: list[Agency], tmp_path: Path
) -> None:
    customs, plants, _ = three
    seq = by_field(customs)
    file = tmp_path / "sealed"
    file.write_bytes(
        customs.run("ledger", "disclose", seq, "--field", "/shown", "--for", plants.id)[1]
    )
    opening = ("ledger", "disclosure", "open", file, "--from", customs.id)
    rotate(plants.file, "hpke", end=False, at_once=False)
    assert plants.run(*opening)[0] == 0
    rotate(plants.file, "hpke", end=True, at_once=False)
    assert plants.run(*opening)[0] != 0


def test_nothing_is_sealed_for_a_stranger_or_a_suspended_agency(three: list[Agency]) -> None:
    customs, plants, _ = three
    seq = by_field(customs)
    asked = ("ledger", "disclose", seq, "--field", "/shown", "--for")
    assert customs.run(*asked, "nobody")[0] != 0
    partners.suspend(customs.file, plants.id, "test", resume=False)
    assert customs.run(*asked, plants.id)[0] != 0


@pytest.mark.parametrize("form", receipt_forms.FORMS)
def test_a_receipt_is_printed_in_each_form(tmp_path: Path, form: receipt_forms.Form) -> None:
    one = agency(tmp_path, "customs")
    code, content = one.run("ledger", "receipt", "0", "--form", form)
    assert code == 0
    assert receipt_forms.form_of(content) == form
    keys = read_keys((one.folder / "log.vkey").read_text())
    assert receipts.verify(receipt_forms.read(content), keys).fact.seq == 0
