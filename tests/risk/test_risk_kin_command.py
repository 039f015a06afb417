"""`clearway risk kin`: links for a person to confirm, from a register or from a history."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from clearway.cli import risk_kin
from clearway.errors import InputError
from clearway.risk.network import sealed
from clearway.simulator import registry
from clearway.simulator.scale import NATION
from clearway.simulator.world import build
from clearway.simulator.years import years

SMALL = replace(NATION, importers=300, brokers=30, schemes_a_year=40)

commands = typer.Typer()
commands.command("kin")(risk_kin.kin)
commands.command("confirm")(risk_kin.confirm)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("kin")
    registry.registrations(build(4, "XA", SMALL)).write_parquet(folder / "register.parquet")
    past = years(4, 5_000, scale=SMALL, begin=date(2025, 1, 1))
    past.frame.write_parquet(folder / "history.parquet")
    return folder / "register.parquet", folder / "history.parquet"


def test_links_of_a_register_are_printed_with_what_is_shared_and_sealed(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    asked = ["kin", "--register", str(files[0]), "--out", str(tmp_path)]
    shown = CliRunner().invoke(commands, asked, catch_exceptions=False)
    assert "to be confirmed" in shown.output and "phone" in shown.output
    kept = sealed.load(next(tmp_path.glob("kin-*.json")))
    assert kept.links and kept.parties > 300


def test_a_history_tells_addresses_without_names(files: tuple[Path, Path]) -> None:
    asked = ["kin", "--history", str(files[1]), "--json"]
    shown = CliRunner().invoke(commands, asked, catch_exceptions=False)
    links = json.loads(shown.output)
    assert links and all("name" not in each[3] for each in links)


def test_without_parties_the_command_says_what_it_needs() -> None:
    with pytest.raises(InputError, match="--register"):
        CliRunner().invoke(commands, ["kin"], catch_exceptions=False)
