"""`clearway hub`, as its operator and as a country use it."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from clearway.cli.app import app
from clearway.cli.hub_folder import HubFolder, read_directory

from .conftest import House, envelope, phyto
from .countries import node_of, settings_of

RUN = CliRunner()
NAMES = (
    "data_directory",
    "node_name",
    "country",
    "hub_url",
    "hub_certificate",
    "hub_key",
    "hub_authority",
)


def run(*words: str) -> tuple[int, str]:
    done = RUN.invoke(app, list(words))
    return done.exit_code, done.stdout


def node_settings(house: House, root: Path) -> str:
    """Return the settings file of EC's node, which was made and stands still."""
    with node_of(house, "EC", root):
        pass
    chosen = settings_of(house, "EC", root)
    path = root / "settings.toml"
    path.write_text("".join(f'{name} = "{getattr(chosen, name)}"\n' for name in NAMES))
    return str(path)


def test_an_operator_makes_a_hub_and_enrols_countries(tmp_path: Path) -> None:
    folder, out = str(tmp_path / "hub"), tmp_path / "xa"
    assert run("hub", "init", folder, "--host", "hub.example")[0] == 0
    code, text = run("hub", "enrol", folder, "KE", "--out", str(out), "--name", "KEPHIS", "--json")
    assert code == 0 and json.loads(text)["country"] == "KE"
    assert run("hub", "enrol", folder, "KE", "--out", str(tmp_path / "next"))[0] == 0
    member = read_directory(HubFolder(tmp_path / "hub")).find("KE")
    assert member is not None and member.name == "KEPHIS" and len(member.certificates) == 2
    assert sorted(each.name for each in out.iterdir()) == ["KE.crt", "KE.key", "hub-authority.crt"]
    assert (out / "KE.key").stat().st_mode & 0o77 == 0
    assert run("hub", "init", folder)[0] == 1
    assert run("hub", "enrol", folder, "ZZ", "--out", str(out))[0] == 1


def test_a_country_sends_asks_and_goes_round(hub: House, tmp_path: Path) -> None:
    settings_file = node_settings(hub, tmp_path)
    file = tmp_path / "phyto.xml"
    file.write_text(phyto())
    code, text = run("hub", "send", str(file), "--validate", "--settings", settings_file, "--json")
    assert code == 0 and json.loads(text)["outcome"] == "on its way"
    code, text = run("hub", "status", "--settings", settings_file, "--json")
    said = json.loads(text)
    assert (code, said["reached"], said["under delivery"], said["known as"]) == (0, True, 1, "EC")
    with hub.client("NL") as nl:
        nl.deliver(envelope(content="<a/>"))  # refused: another country's From
    code, text = run("hub", "sync", "--settings", settings_file, "--json")
    assert code == 0 and json.loads(text)["taken"] == 0
    assert run("hub", "pull", "--settings", settings_file, "--json") == (0, "[]\n")


def test_a_hub_that_cannot_be_reached_is_told_by_the_exit_code(
    house: House, tmp_path: Path
) -> None:
    house.url = "https://127.0.0.1:9/hub/DeliveryService"
    path = node_settings(house, tmp_path)
    code, text = run("hub", "status", "--settings", path, "--json")
    assert code == 1 and json.loads(text)["reached"] is False
