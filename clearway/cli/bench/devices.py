"""Signed batches of devices: verified, read, taken in; beside the bare libraries in one run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from nacl.bindings import crypto_sign_open

from clearway.cli.bench.house import temporary_node
from clearway.cli.bench.pairs import Figure, cpu_s, in_turns, rate
from clearway.coldchain.chain import NOTHING
from clearway.coldchain.formats import json, signed
from clearway.coldchain.model import Batch, Reading
from clearway.identity import device_certificates as certificates
from clearway.identity.actions.certify_device import certify_device
from clearway.identity.actions.enrol_device import enrol_device
from clearway.identity.model import Actor, ActorKind, Role
from clearway.ledger import cose
from clearway.node.node import Node
from clearway.node.telemetry import Incoming, Receipt
from clearway.policy.act import Act
from clearway.terms.transport import ContainerNumber

_PER_BATCH = 50
_TURNS = 5
_DEVICES = 20
_START = datetime(2026, 3, 2, tzinfo=UTC)
_NOW = _START + timedelta(days=300)
_ED25519 = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
_P256 = ec.derive_private_key(9, ec.SECP256R1())
_OWNER = Actor(ActorKind.SYSTEM, "owner", "customs", frozenset({Role.ADMINISTRATOR}))


def measure(*, quick: bool) -> list[Figure]:
    """Return rates of signatures and batches, sizes, and what is committed through the intake."""
    rounds = 500 if quick else 3_000
    return [
        *(_of_key(name, key, rounds) for name, key in (("Ed25519", _ED25519), ("ES256", _P256))),
        _reading(rounds),
        _size(),
        _intake(10 if quick else 40),
    ]


def _of_key(name: str, key: signed.PrivateKey, rounds: int) -> Figure:
    public, found = _spki(key), signed.read(_sealed(0, 0, NOTHING, key))
    message = found.envelope.message
    covered = cose.sig_structure(message.protected, message.payload or b"")
    bare = _bare(key, message.signature, covered)
    ours, theirs = in_turns(
        lambda: _cpu_rate(rounds, lambda: signed.verify(found, public)),
        lambda: _cpu_rate(rounds, bare),
        turns=_TURNS,
    )
    note = "strict form and COSE structure included; CPU of one core"
    return Figure(f"{name} verifies/s", ours, "the library alone", theirs, note)


def _bare(key: signed.PrivateKey, signature: bytes, covered: bytes) -> Callable[[], object]:
    if isinstance(key, Ed25519PrivateKey):
        raw = key.public_key().public_bytes_raw()
        return lambda: crypto_sign_open(signature + covered, raw)
    r, s = (int.from_bytes(part, "big") for part in (signature[:32], signature[32:]))
    der, public = utils.encode_dss_signature(r, s), key.public_key()
    return lambda: public.verify(der, covered, ec.ECDSA(SHA256()))


def _reading(rounds: int) -> Figure:
    message, public = _sealed(0, 0, NOTHING, _ED25519), _spki(_ED25519)
    plain = json.write(signed.read(message).batch)
    ours, theirs = in_turns(
        lambda: _cpu_rate(rounds, lambda: signed.verify(signed.read(message), public)),
        lambda: _cpu_rate(rounds, lambda: json.read(plain)),
        turns=_TURNS,
    )
    note = f"{_PER_BATCH} readings a batch, as values; CPU of one core"
    return Figure("batches read and verified/s", ours, "read from JSON, unsigned", theirs, note)


def _size() -> Figure:
    message = _sealed(0, 0, NOTHING, _ED25519)
    size = len(json.write(signed.read(message).batch))
    note = f"{_PER_BATCH} readings of nine values, signature included"
    return Figure("bytes a signed batch", len(message), "as JSON, unsigned", size, note)


def _intake(batches: int) -> Figure:
    """Return signed readings durable per second, through the whole intake, beside JSON."""
    sealed = {number: _chain(number, batches) for number in range(_DEVICES)}
    unsigned = {
        number: [json.write(signed.read(one).batch) for one in chain]
        for number, chain in sealed.items()
    }
    ours, theirs = in_turns(
        lambda: _committed(sealed, "signed"), lambda: _committed(unsigned, "json"), turns=3
    )
    note = f"{_DEVICES} devices, {batches} batches of {_PER_BATCH} each; wall"
    return Figure("signed readings durable/s", ours, "JSON, unsigned", theirs, note)


def _committed(sent: dict[int, list[bytes]], form: str) -> float:
    with temporary_node(clock=lambda: _NOW) as node:
        _enrol(node)
        count = sum(map(len, sent.values())) * _PER_BATCH
        return rate(count, lambda: _send(node, sent, form))


def _send(node: Node, sent: dict[int, list[bytes]], form: str) -> None:
    futures = [
        node.telemetry.submit_all(
            name, [Incoming(name, payload, form, _NOW) for payload in payloads]
        )
        for name, payloads in ((f"reefer-{number}", chain) for number, chain in sent.items())
    ]
    for future in futures:
        for one in future.result():
            if not isinstance(one, Receipt):
                raise one


def _enrol(node: Node) -> None:
    authority = certificates.make_authority("bench", _P256, bytes(range(16)), _START)

    def action(act: Act) -> None:
        for number in range(_DEVICES):
            name, serial = f"reefer-{number}", (number + 1).to_bytes(16, "big")
            enrol_device(act, name, container=_container(number))
            public = _spki(_ED25519)
            certify_device(act, certificates.issue_client(name, public, authority, serial, _START))

    node.act(_OWNER, action).result()


def _chain(number: int, batches: int) -> list[bytes]:
    made: list[bytes] = []
    previous = NOTHING
    for part in range(batches):
        made.append(_sealed(number, part * _PER_BATCH, previous, _ED25519))
        previous = signed.read(made[-1]).digest
    return made


def _sealed(number: int, first: int, previous: bytes, key: signed.PrivateKey) -> bytes:
    readings = tuple(map(_measured, range(first, first + _PER_BATCH)))
    batch = Batch(f"reefer-{number}", _container(number), "b1", readings)
    return signed.write(batch, previous, key, signed.key_id_of(_spki(key)))


def _measured(seq: int) -> Reading:
    """Return a reading with the noise of real ones: neighbours differ by tenths."""
    wobble: Sequence[float] = [0.2 * math.sin(seq * factor) for factor in (7.1, 5.3, 3.7, 2.9)]
    supply, back, ambient, probe = (
        round(value + move, 2) for value, move in zip((-0.8, 0.2, 27.0, 0.4), wobble, strict=True)
    )
    at = _START + timedelta(minutes=10 * seq)
    probes = (probe, 0.3)
    return Reading(seq, at, supply, back, max(probes), ambient, True, False, -0.5, probes, 85.0)


def _container(number: int) -> ContainerNumber:
    return ContainerNumber.build(f"CWYU{number:06d}")


def _spki(key: signed.PrivateKey) -> bytes:
    return certificates.spki(key.public_key())


def _cpu_rate(count: int, work: Callable[[], object]) -> float:
    start = cpu_s()
    for _ in range(count):
        work()
    return count / (cpu_s() - start)
