"""Founding an order: each agency makes its keys and hands out a card; all write the same genesis.

    {"form": "clearway-order-member/1", "id": "customs-ke", "key": "<base64>", "power": 1,
     "validator": "<base64>", "node_id": "<40 hex digits>", "p2p": "host:port", "rpc": "host:port"}

A card holds no secret. Agencies SHOULD compare the cards' hashes by another way (telephone, paper)
before they found the order: whoever could change a card would take part in its place.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from clearway.errors import InputError, MalformedMessage, StorageFailure, TooLarge
from clearway.ledger.order.cometbft.engine import CometOrder
from clearway.ledger.order.cometbft.home import Keys, Member, write_home
from clearway.ledger.order.encoding import BatchSigner
from clearway.ledger.order.governance import FEWEST_FOR_ORDER
from clearway.ledger.order.model import Agency

FORM = "clearway-order-member/1"
MAX_CARD = 4_096
_KEYS = "member.key"
_ADDRESS = r"^[A-Za-z0-9.\-\[\]:]{1,100}:[0-9]{1,5}$"


class _Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    form: str
    id: str
    key: bytes
    power: int
    validator: bytes
    node_id: str
    p2p: str
    rpc: str


def make(home: Path, agency: str, *, p2p: str, rpc: str, power: int, secret: bytes) -> str:
    """Make the keys of a member in its home and return its card.

    Raises: InputError: there are keys already. BadTerm: a name or power not in form.
    """
    keys = Keys(secret)
    member = Member(keys.agency(agency, power), keys.node_id, p2p, rpc)
    text = write_card(member)
    read_card(text.encode())
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(home / _KEYS, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secret.hex())
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise InputError(f"{home} holds a member's keys already; choose another home") from error
    except OSError as error:
        raise StorageFailure(f"{home} cannot be written: {error.strerror}") from error
    return text


def write_card(member: Member) -> str:
    """Return a member's card."""
    agency = member.agency
    card = _Card(
        FORM, agency.id, agency.key, agency.power, agency.validator, member.node_id, member.p2p,
        member.rpc,
    )  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(card), indent=1).decode() + "\n"


def read_card(text: bytes) -> Member:
    """Read a card. Raises: MalformedMessage, TooLarge, BadTerm, VerificationError."""
    if len(text) > MAX_CARD:
        raise TooLarge(f"A member's card has at most {MAX_CARD} bytes, not {len(text)}")
    try:
        card = msgspec.json.decode(text, type=_Card)
    except msgspec.MsgspecError as error:
        raise MalformedMessage(f"The member's card cannot be read: {error}") from error
    addresses = all(re.match(_ADDRESS, address) for address in (card.p2p, card.rpc))
    if card.form != FORM or not addresses or not re.match(r"^[0-9a-f]{40}$", card.node_id):
        raise MalformedMessage(f"The member's card is not of the form {FORM}")
    agency = Agency(card.id, card.key, card.power, card.validator)
    return Member(agency, card.node_id, card.p2p, card.rpc)


def found_order(home: Path, order: str, cards: Sequence[bytes]) -> list[Member]:
    """Write the validator of this home from the cards of all members.

    Raises: InputError: fewer than four members, no keys here, or there is a validator already.
    """
    members = sorted(map(read_card, cards), key=lambda member: member.agency.id)
    if len(members) < FEWEST_FOR_ORDER:
        raise InputError(
            f"An order needs {FEWEST_FOR_ORDER} independent agencies; with {len(members)} let each"
            " keep its own log and witness the others'"
        )
    try:
        keys = Keys(bytes.fromhex((home / _KEYS).read_text(encoding="ascii")))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{home} has no member's keys; begin with: clearway network card"
        ) from error
    me = next((member for member in members if member.node_id == keys.node_id), None)
    if me is None:
        raise InputError(f"None of the {len(members)} cards is that of the keys in {home}")
    write_home(home, order, keys, me, members)
    return members


def local_order(home: Path) -> CometOrder:
    """Return the order as this home's validator tells it. Raises: InputError: there is none."""
    try:
        config = tomllib.loads((home / "config" / "config.toml").read_text(encoding="utf-8"))
        genesis = json.loads((home / "config" / "genesis.json").read_text(encoding="utf-8"))
        seed = bytes.fromhex((home / "order.key").read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise InputError(f"There is no validator in {home}: {error}") from error
    rpc = str(config["rpc"]["laddr"]).removeprefix("tcp://")
    return CometOrder(rpc, BatchSigner(genesis["chain_id"], config["moniker"], seed))
