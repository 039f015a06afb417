"""Agencies as JSON: the genesis file, and the governance as stored.

{"form": "clearway-order-genesis/1",
 "agencies": [{"id": "customs-ke", "key": "<base64>", "power": 1, "validator": "<base64>"}]}
"""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec

from clearway.errors import BadTerm, MalformedMessage, TooLarge, VerificationError
from clearway.ledger.order.governance import Governance
from clearway.ledger.order.model import Agency

GENESIS = "clearway-order-genesis/1"
MAX_GENESIS = 65_536


class _Agency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    key: bytes
    power: int
    validator: bytes


class _Genesis(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    form: str
    agencies: list[_Agency]


class _Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    epoch: int
    agencies: list[_Agency]
    votes: list[tuple[str, _Agency]]


_genesis = msgspec.json.Decoder(_Genesis)
_stored = msgspec.json.Decoder(_Stored)


def genesis_document(agencies: tuple[Agency, ...]) -> dict[str, Any]:
    """Return the JSON object that a genesis file carries as the application's state."""
    return {
        "form": GENESIS,
        "agencies": [
            {
                "id": agency.id,
                "key": base64.b64encode(agency.key).decode(),
                "power": agency.power,
                "validator": base64.b64encode(agency.validator).decode(),
            }
            for agency in Governance.genesis(agencies).agencies
        ],
    }


def read_genesis(text: bytes) -> Governance:
    """Return the first epoch of a genesis document.

    Raises: MalformedMessage, TooLarge, BadTerm, VerificationError: it is not one, or a key is not
    in strict form.
    """
    if len(text) > MAX_GENESIS:
        raise TooLarge(f"A genesis has at most {MAX_GENESIS} bytes, not {len(text)}")
    try:
        read = _genesis.decode(text)
    except msgspec.MsgspecError as error:
        raise MalformedMessage(f"The genesis cannot be read: {error}") from error
    if read.form != GENESIS:
        raise MalformedMessage(f"The genesis is not of the form {GENESIS}")
    return Governance.genesis(tuple(map(_agency, read.agencies)))


def write_genesis(agencies: tuple[Agency, ...]) -> bytes:
    """Return the genesis document as text."""
    return json.dumps(genesis_document(agencies)).encode()


def write_governance(governance: Governance) -> bytes:
    """Return the governance as a store keeps it."""
    agencies = [_plain(agency) for agency in governance.agencies]
    votes = [(voter, _plain(change)) for voter, change in governance.votes]
    return msgspec.json.encode(_Stored(governance.epoch, agencies, votes))


def read_governance(stored: bytes) -> Governance:
    """Return what `write_governance` kept. Raises: VerificationError: it is not that."""
    try:
        read = _stored.decode(stored)
        agencies = tuple(map(_agency, read.agencies))
        votes = tuple((voter, _agency(change)) for voter, change in read.votes)
    except (msgspec.MsgspecError, BadTerm) as error:
        raise VerificationError(f"The stored governance is not in form: {error}") from error
    return Governance(agencies, read.epoch, votes)


def _plain(agency: Agency) -> _Agency:
    return _Agency(agency.id, agency.key, agency.power, agency.validator)


def _agency(read: _Agency) -> Agency:
    return Agency(read.id, read.key, read.power, read.validator)
