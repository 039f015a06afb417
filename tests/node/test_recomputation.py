"""A decision on a real node is worked out again by the command, from its log alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from clearway.clearance.actions.receive_declaration import receive_declaration
from clearway.clearance.intake import prepare
from clearway.cli.risk import app
from clearway.declarations.formats import json
from clearway.ledger.database import open_writer
from clearway.ledger.fact import decode, encode
from clearway.measures.formats.profile import sample
from clearway.node.clock import SteppedClock, entropy
from clearway.node.files import Folder
from clearway.node.node import Node, create
from clearway.risk.facts import Assessed
from clearway.risk.formats import profiles
from clearway.risk.model import Capacities, Capacity
from clearway.risk.scoring import rules_only
from clearway.risk.selectivity import Selectivity
from clearway.settings import Settings
from clearway.terms.identifiers import Lrn
from tests.clearance.border import NOON, TRADER, bananas

SELECTIVITY = Selectivity(
    rules_only(), profiles.sample(), Capacities(Capacity(red=2, random_share=0.3))
)


@pytest.fixture
def lodged(tmp_path: Path) -> tuple[Path, Folder, list[str]]:
    """Settings, folder and declarations of a node that has stopped."""
    chosen = replace(Settings(), data_directory=tmp_path / "node")
    create(chosen, entropy)
    mrns = []
    with Node.open(chosen, clock=SteppedClock(NOON), entropy=entropy) as node:
        for place, draw in enumerate((0.01, 0.5, 0.99)):
            goods = replace(bananas(), lrn=Lrn(f"L{place}"))
            message = prepare(json.read(json.write(goods)), sample(), node.clock())
            done = node.act(
                TRADER,
                lambda act, message=message, draw=draw: receive_declaration(
                    act, message, "", draw=draw, selectivity=SELECTIVITY
                ),
            ).result()
            mrns.append(str(done.result.lodged.mrn))
    file = tmp_path / "settings.toml"
    file.write_text(f'data_directory = "{chosen.data_directory}"\n')
    return file, Folder.of(chosen), mrns


def test_every_decision_of_a_node_comes_out_equal(lodged: tuple[Path, Folder, list[str]]) -> None:
    settings, _, mrns = lodged
    for mrn in mrns:
        shown = CliRunner().invoke(app, ["recompute", mrn, "--settings", str(settings)])
        assert shown.exit_code == 0, shown.output
        assert "to the last bit" in shown.output


def test_a_decision_that_was_rewritten_is_shown_with_exit_code_1(
    lodged: tuple[Path, Folder, list[str]],
) -> None:
    settings, folder, mrns = lodged
    engine = open_writer(folder.store)
    which = {"s": f"declaration:{mrns[1]}", "t": Assessed.TYPE}
    with engine.begin() as connection:
        body = connection.execute(
            text("SELECT body FROM fact WHERE subject = :s AND type = :t"), which
        ).scalar_one()
        stated = decode(bytes(body), Assessed)
        forged = replace(stated, assessment=replace(stated.assessment, propensity=0.77))
        connection.execute(
            text("UPDATE fact SET body = :b WHERE subject = :s AND type = :t"),
            which | {"b": encode(forged)},
        )
    engine.dispose()
    shown = CliRunner().invoke(app, ["recompute", mrns[1], "--settings", str(settings)])
    assert shown.exit_code == 1, shown.output
    assert "propensity" in shown.output
