"""Founding an order for real: cards, the same genesis for all, never over an old home."""

from __future__ import annotations

from pathlib import Path

import pytest

from clearway.errors import InputError, MalformedMessage, TooLarge
from clearway.ledger.order.cometbft import card

from .conftest import NAMES, digest


def cards_of(root: Path) -> list[bytes]:
    made = []
    for place, name in enumerate(NAMES):
        secret = b"".join(digest((name, part)) for part in range(3))
        text = card.make(
            root / name, name, p2p=f"10.0.0.{place}:26656", rpc="127.0.0.1:26657", power=1,
            secret=secret,
        )  # fmt: skip
        made.append(text.encode())
    return made


def test_all_write_the_same_genesis_and_their_own_keys(tmp_path: Path) -> None:
    cards = cards_of(tmp_path)
    genesis, keys = set(), set()
    for place, name in enumerate(NAMES):
        card.found_order(tmp_path / name, "border-order", cards[place:] + cards[:place])
        config = tmp_path / name / "config"
        genesis.add((config / "genesis.json").read_text())
        keys.add((config / "priv_validator_key.json").read_text())
        assert config.joinpath("config.toml").read_text().count("@10.0.0.") == 3
        with card.local_order(tmp_path / name):
            pass
    assert (len(genesis), len(keys)) == (1, 4)
    with pytest.raises(InputError):
        card.found_order(tmp_path / NAMES[0], "border-order", cards)


def test_fewer_than_four_are_told_to_witness(tmp_path: Path) -> None:
    cards = cards_of(tmp_path)
    with pytest.raises(InputError, match="witness"):
        card.found_order(tmp_path / NAMES[0], "border-order", cards[:3])


def test_keys_are_made_once_and_needed(tmp_path: Path) -> None:
    cards = cards_of(tmp_path)
    with pytest.raises(InputError):
        cards_of(tmp_path)
    with pytest.raises(InputError):
        card.found_order(tmp_path / "stranger", "border-order", cards)
    with pytest.raises(InputError):
        card.local_order(tmp_path / "stranger")


@pytest.mark.parametrize(
    ("old", "new"), [(b"26656", b"port"), (b"10.0.0.0", b"x\\ny"), (b"member/1", b"member/2")]
)
def test_a_card_not_in_form_is_refused(tmp_path: Path, old: bytes, new: bytes) -> None:
    fine = cards_of(tmp_path)[0]
    assert card.read_card(fine).agency.id == "customs"
    with pytest.raises(MalformedMessage):
        card.read_card(fine.replace(old, new))
    with pytest.raises(TooLarge):
        card.read_card(fine + b" " * 5_000)
