from pathlib import Path

import pytest

from clearway.errors import InputError
from clearway.settings import NAMES, Settings, load


def test_without_file_and_environment_the_defaults_hold() -> None:
    assert load(environment={}) == Settings()


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "clearway.toml"
    file.write_text('port = 1234\ncountry = "NL"\n')
    settings = load(file, environment={"CLEARWAY_PORT": "4321"})
    assert (settings.port, settings.country) == (4321, "NL")


def test_the_environment_may_name_the_file(tmp_path: Path) -> None:
    file = tmp_path / "clearway.toml"
    file.write_text('allowed_hosts = ["border.example", "127.0.0.1"]\nsecure_cookies = false\n')
    settings = load(environment={"CLEARWAY_SETTINGS": str(file)})
    assert settings.allowed_hosts == ("border.example", "127.0.0.1")
    assert not settings.secure_cookies


def test_a_list_in_the_environment_is_split_at_commas() -> None:
    settings = load(environment={"CLEARWAY_ALLOWED_HOSTS": "a.example, b.example"})
    assert settings.allowed_hosts == ("a.example", "b.example")


def test_an_unknown_setting_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "clearway.toml"
    file.write_text("prot = 1\n")
    with pytest.raises(InputError, match="prot"):
        load(file, environment={})


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "many"), ("SECURE_COOKIES", "perhaps"), ("RANDOM_SHARE", "x")]
)
def test_a_value_that_does_not_fit_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(InputError, match=name.lower()):
        load(environment={f"CLEARWAY_{name}": value})


def test_a_missing_or_broken_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path / "none.toml", environment={})
    (tmp_path / "broken.toml").write_text("port = = 1")
    with pytest.raises(InputError, match="not TOML"):
        load(tmp_path / "broken.toml", environment={})


def test_every_setting_can_come_from_the_environment() -> None:
    for name in NAMES:
        default = getattr(Settings(), name)
        text = ",".join(default) if isinstance(default, tuple) else str(default)
        assert getattr(load(environment={f"CLEARWAY_{name.upper()}": text}), name) == default
