"""A validator's home folder: keys, genesis and configuration for CometBFT, written by us.

A home is made once. To make it anew over an old one would forget what the validator has signed, and
a validator that signs twice at one height is what breaks an order; so it is refused.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from clearway.errors import InputError, StorageFailure
from clearway.ledger.order import roster
from clearway.ledger.order.model import Agency

GENESIS_TIME = "2026-01-01T00:00:00Z"
_BLOCK_BYTES = 1_048_576
_CLOSED = 0o600


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the engine waits, in milliseconds. The defaults suit members of one region.

    Args:
        propose: for a proposal; a dead proposer costs this much.
        step: for late votes.
        commit: between two blocks.
        gossip: between two looks at what a peer lacks.
    """

    propose: int = 600
    step: int = 200
    commit: int = 100
    gossip: int = 10


@dataclass(frozen=True, slots=True)
class Member:
    """One agency's validator, as the others must know it.

    Args:
        node_id: 40 hexadecimal digits, from its node key.
        p2p, rpc: `host:port`; `rpc` is for its own agency only.
    """

    agency: Agency
    node_id: str
    p2p: str
    rpc: str


class Keys:
    """An agency's three secrets: for batches, for votes of the engine, for its connections."""

    __slots__ = ("batch_seed", "node", "validator")

    def __init__(self, secret: bytes) -> None:
        if len(secret) != 96:
            raise InputError(f"The keys of a member need 96 random bytes, not {len(secret)}")
        self.batch_seed = secret[:32]
        self.validator = Ed25519PrivateKey.from_private_bytes(secret[32:64])
        self.node = Ed25519PrivateKey.from_private_bytes(secret[64:])

    def agency(self, name: str, power: int = 1) -> Agency:
        """Return the agency that these keys stand for."""
        batch = Ed25519PrivateKey.from_private_bytes(self.batch_seed)
        return Agency(name, _public(batch), power, _public(self.validator))

    @property
    def node_id(self) -> str:
        """What peers call this node."""
        return sha256(_public(self.node)).hexdigest()[:40]


def write_home(
    root: Path,
    order: str,
    keys: Keys,
    me: Member,
    members: Sequence[Member],
    timing: Timing = Timing(),
) -> None:
    """Make the home of one validator.

    Raises: InputError: there is one already, or `me` is not among the members. StorageFailure.
    """
    if (root / "config").exists() or (root / "data").exists():
        raise InputError(f"{root} holds a validator already; a second one with its key could fork")
    if me not in members:
        raise InputError(f"The agency {me.agency.id!r} is not among the members of the order")
    try:
        for folder in (root, root / "config", root / "data"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        state = {"height": "0", "round": 0, "step": 0}
        _write(root / "data" / "priv_validator_state.json", json.dumps(state))
        _write(root / "config" / "priv_validator_key.json", _validator_key(keys))
        _write(root / "config" / "node_key.json", json.dumps({"priv_key": _private(keys.node)}))
        _write(root / "config" / "genesis.json", _genesis(order, members))
        _write(root / "config" / "config.toml", _config(me, members, timing))
        _write(root / "order.key", keys.batch_seed.hex())
    except OSError as error:
        raise StorageFailure(f"{root} cannot be written: {error.strerror}") from error


def _config(me: Member, members: Sequence[Member], timing: Timing) -> str:
    peers = ",".join(f"{each.node_id}@{each.p2p}" for each in members if each != me)
    return f"""\
# Written by clearway. What is not here has the engine's default.
proxy_app = "unix://app.sock"
moniker = "{me.agency.id}"
abci = "socket"
filter_peers = false
log_level = "error"

[rpc]
laddr = "tcp://{me.rpc}"
pprof_laddr = ""
max_body_bytes = 200000

[p2p]
laddr = "tcp://{me.p2p}"
persistent_peers = "{peers}"
addr_book_strict = false
allow_duplicate_ip = true
pex = false

[mempool]
max_tx_bytes = 65536
size = 5000

[statesync]
enable = false

[consensus]
timeout_propose = "{timing.propose}ms"
timeout_propose_delta = "{timing.step}ms"
timeout_prevote = "{timing.step}ms"
timeout_prevote_delta = "{timing.step}ms"
timeout_precommit = "{timing.step}ms"
timeout_precommit_delta = "{timing.step}ms"
timeout_commit = "{timing.commit}ms"
create_empty_blocks = false
peer_gossip_sleep_duration = "{timing.gossip}ms"

[storage]
discard_abci_responses = true

[tx_index]
indexer = "null"

[instrumentation]
prometheus = false
"""


def _genesis(order: str, members: Sequence[Member]) -> str:
    agencies = tuple(member.agency for member in members)
    validators = [
        {
            "address": sha256(agency.validator).hexdigest()[:40].upper(),
            "pub_key": _key("PubKey", agency.validator),
            "power": str(agency.power),
            "name": agency.id,
        }
        for agency in sorted(agencies, key=lambda agency: agency.id)
    ]
    evidence = {"max_age_num_blocks": "100000", "max_age_duration": "172800000000000"}
    document = {
        "genesis_time": GENESIS_TIME,
        "chain_id": order,
        "initial_height": "1",
        "consensus_params": {
            "block": {"max_bytes": str(_BLOCK_BYTES), "max_gas": "-1"},
            "evidence": {**evidence, "max_bytes": "65536"},
            "validator": {"pub_key_types": ["ed25519"]},
            "version": {"app": "0"},
            "abci": {"vote_extensions_enable_height": "0"},
        },
        "validators": validators,
        "app_hash": "",
        "app_state": roster.genesis_document(agencies),
    }
    return json.dumps(document, indent=1)


def _validator_key(keys: Keys) -> str:
    public = _public(keys.validator)
    address = sha256(public).hexdigest()[:40].upper()
    return json.dumps(
        {
            "address": address,
            "pub_key": _key("PubKey", public),
            "priv_key": _private(keys.validator),
        }
    )


def _private(key: Ed25519PrivateKey) -> dict[str, str]:
    return _key("PrivKey", key.private_bytes_raw() + _public(key))


def _key(kind: str, value: bytes) -> dict[str, str]:
    return {"type": f"tendermint/{kind}Ed25519", "value": base64.b64encode(value).decode()}


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _CLOSED)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
