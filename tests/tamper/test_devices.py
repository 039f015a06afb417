"""Whoever stands between a device and the node changes what is sent; nothing false is taken in.

Each attack is one message, or some, after an honest device's first three batches. It must be
refused, or end in a fact of a broken chain, and the readings on record must stay as they were. The
honest device's own messages are the control: late, repeated and out of order, all are taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from clearway.coldchain import links, tables
from clearway.coldchain.chain import NOTHING
from clearway.coldchain.formats import json, signed
from clearway.coldchain.model import AlarmKind, Batch, Reading
from clearway.errors import InputError, Refused
from clearway.identity import device_certificates as certificates
from clearway.identity import tables_devices
from clearway.identity.actions.certify_device import certify_device
from clearway.identity.actions.enrol_device import enrol_device
from clearway.identity.actions.revoke_device import revoke_device, revoke_device_key
from clearway.identity.model import Actor, ActorKind, Role
from clearway.ledger.database import open_writer
from clearway.movements.actions.associate_device import associate_device
from clearway.movements.model import Association
from clearway.movements.model import Link as MovementLink
from clearway.node.clock import SteppedClock, seeded_entropy
from clearway.node.node import Node, create
from clearway.node.rebuild import facts, rebuild
from clearway.node.rooms import projection_tables, projections
from clearway.node.telemetry import Incoming, Receipt
from clearway.policy.act import Act
from clearway.settings import Settings
from clearway.terms.transport import ContainerNumber

START = datetime(2026, 3, 2, tzinfo=UTC)
NOW = START + timedelta(days=2)
HERE, THERE = ContainerNumber("CSQU3054383"), ContainerNumber("MSKU1234565")
OWNER = Actor(ActorKind.SYSTEM, "owner", "customs", frozenset({Role.ADMINISTRATOR}))
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def key(number: int) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(number, ec.SECP256R1())


def public(private: ec.EllipticCurvePrivateKey) -> bytes:
    return certificates.spki(private.public_key())


@dataclass
class Sender:
    """A device as it should be: seals batches, one after another."""

    name: str
    key: ec.EllipticCurvePrivateKey
    container: ContainerNumber = HERE
    boot_id: str = "1"
    seq: int = 0
    since: datetime = START
    previous: bytes = NOTHING
    sent: list[bytes] = field(default_factory=list)

    def batch(self, count: int = 10, **values: object) -> Batch:
        usual = {"supply_c": -0.8, "return_c": 0.2, "powered": True}
        readings = tuple(
            Reading(seq, self.since + timedelta(minutes=10 * seq), **(usual | values))  # type: ignore[arg-type]
            for seq in range(self.seq, self.seq + count)
        )
        return Batch(self.name, self.container, self.boot_id, readings)

    def seal(self, batch: Batch | None = None) -> bytes:
        """Sign the next batch and go on."""
        made = batch or self.batch()
        message = signed.write(made, self.previous, self.key, signed.key_id_of(public(self.key)))
        self.previous = signed.read(message).digest
        self.seq = made.readings[-1].seq + 1
        self.sent.append(message)
        return message

    def reboot(self) -> None:
        """Lose the power: the counter starts again, the chain goes on."""
        self.since += timedelta(minutes=10 * self.seq)
        self.boot_id, self.seq = f"{self.boot_id}b", 0

    def copy(self) -> Sender:
        """Return a thief's copy, with its key and all that it knows."""
        return replace(self, sent=list(self.sent))


class House:
    """A node with two devices of its own, and what it says to a message."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.authority = certificates.make_authority("Customs", key(7), bytes(16), START)
        self.serial = 0
        for name, number, container in (("honest", 11, HERE), ("other", 12, THERE)):
            self.do(lambda act, n=name, c=container: enrol_device(act, n, container=c))
            self.certify(name, key(number))
        self.honest = Sender("honest", key(11))
        for _ in range(3):
            assert isinstance(self.send(self.honest.seal()), Receipt)

    def do(self, action: Callable[[Act], object]) -> None:
        self.node.act(OWNER, action).result(10)

    def certify(self, name: str, private: ec.EllipticCurvePrivateKey) -> str:
        self.serial += 1
        serial = self.serial.to_bytes(16, "big")
        issued = certificates.issue_client(name, public(private), self.authority, serial, NOW)
        self.do(lambda act: certify_device(act, issued))
        return issued.serial

    def send(
        self, payload: bytes, sender: str = "honest", form: str = "signed", at: datetime = NOW
    ) -> Receipt | Exception:
        future = self.node.telemetry.submit(Incoming(sender, payload, form, at))
        error = future.exception(10)
        return future.result() if error is None else error  # type: ignore[return-value]

    def on_record(self, container: ContainerNumber = HERE) -> list[tuple[object, ...]]:
        with self.node.reading() as connection:
            found = tables.get_readings(connection, container)
        return sorted((one.at, one.supply_c, one.return_c, one.pulp_c) for one in found)

    def followed(self) -> int:
        """Return how many readings the container's unit was moved through."""
        with self.node.reading() as connection:
            unit = tables.find_unit(connection, HERE)
        return 0 if unit is None else unit.readings

    def broken(self) -> int:
        with self.node.reading() as connection:
            return sum(fact.type == "coldchain.chain_broken/1" for fact in facts(connection))


@contextmanager
def opened(folder: Path) -> Iterator[House]:
    """Give a house of its own."""
    settings = Settings(data_directory=folder / "node")
    create(settings, seeded_entropy(1))
    with Node.open(settings, clock=SteppedClock(NOW), entropy=seeded_entropy(2)) as node:
        yield House(node)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house for one test."""
    with opened(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house for all attacks that must leave no trace in it."""
    with opened(tmp_path_factory.mktemp("standing")) as made:
        yield made


Attack = Callable[[House], object]


def bit(place: float) -> Attack:
    """Turn one bit of the next honest message, at a share of its length."""

    def attack(house: House) -> object:
        message = bytearray(house.honest.copy().seal())
        message[int(place * len(message))] ^= 1
        return house.send(bytes(message))

    return attack


def cut(house: House) -> object:
    return house.send(house.honest.copy().seal()[:-1])


def wrong_topic(house: House) -> object:
    return house.send(house.honest.copy().seal(), sender="other")


def another_name(house: House) -> object:
    thief = Sender("honest", key(12))
    return house.send(thief.seal(), sender="other")


def another_key(house: House) -> object:
    thief = house.honest.copy()
    thief.key = key(99)
    return house.send(thief.seal())


def another_key_under_the_right_id(house: House) -> object:
    thief = house.honest.copy()
    batch = thief.batch()
    right = signed.key_id_of(public(key(11)))
    return house.send(signed.write(batch, thief.previous, key(99), right))


def stranger(house: House) -> object:
    return house.send(Sender("nobody", key(99)).seal(), sender="nobody")


def another_container(house: House) -> object:
    thief = house.honest.copy()
    thief.container = THERE
    return house.send(thief.seal())


def without_a_signature(house: House) -> object:
    batch = house.honest.copy().batch(supply_c=-5.0)
    return house.send(json.write(batch), form="json")


def stripped_of_its_signature(house: House) -> object:
    message = cbor2.loads(house.honest.copy().seal())
    parts = [message.value[0], message.value[1], message.value[2], bytes(64)]
    return house.send(cbor2.dumps(cbor2.CBORTag(18, parts)))


def from_the_future(house: House) -> object:
    thief = house.honest.copy()
    late = [replace(one, at=NOW + timedelta(hours=1)) for one in thief.batch().readings]
    return house.send(thief.seal(replace(thief.batch(), readings=tuple(late))))


def from_long_ago(house: House) -> object:
    thief = house.honest.copy()
    early = [replace(one, at=NOW - timedelta(days=500)) for one in thief.batch().readings]
    return house.send(thief.seal(replace(thief.batch(), readings=tuple(early))))


def rewritten(house: House) -> object:
    """The thief of the key seals the last batch again with warmer air."""
    thief = house.honest.copy()
    thief.seq, thief.previous = 20, signed.read(thief.sent[1]).digest
    return house.send(thief.seal(thief.batch(supply_c=9.0)))


def rewritten_in_other_cuts(house: House) -> object:
    thief = house.honest.copy()
    thief.seq, thief.previous = 15, signed.read(thief.sent[1]).digest
    return house.send(thief.seal(thief.batch(20)))


def a_second_history(house: House) -> object:
    """Another start is claimed to follow a batch that has a successor already."""
    thief = house.honest.copy()
    thief.previous = signed.read(thief.sent[0]).digest
    thief.boot_id, thief.seq = "9", 0
    return house.send(thief.seal())


def an_honest_tail_after_a_forged_one(house: House) -> object:
    thief = house.honest.copy()
    assert isinstance(house.send(thief.seal(thief.batch(supply_c=-0.7))), Receipt)
    return house.send(house.honest.seal())


def revoked(house: House) -> object:
    house.do(lambda act: revoke_device(act, "honest", "stolen"))
    return house.send(house.honest.seal())


def a_revoked_key(house: House) -> object:
    with house.node.reading() as connection:
        serial = tables_devices.get_device(connection, "honest").keys[0].serial
    house.do(lambda act: revoke_device_key(act, "honest", serial, "read out"))
    return house.send(house.honest.seal())


def an_old_key_after_the_new_one(house: House) -> object:
    thief = house.honest.copy()
    house.certify("honest", key(13))
    house.honest.key = key(13)
    assert isinstance(house.send(house.honest.seal()), Receipt)
    thief.previous, thief.seq = house.honest.previous, house.honest.seq
    return house.send(thief.seal())


def an_old_key_after_its_time(house: House) -> object:
    thief = house.honest.copy()
    house.certify("honest", key(13))
    payload = thief.seal()
    return house.send(payload, at=NOW + timedelta(days=91))


REFUSED: dict[str, Attack] = {
    **{f"a bit at {place:.0%}": bit(place) for place in (0.0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99)},
    "cut by a byte": cut,
    "wrong topic": wrong_topic,
    "another device's name": another_name,
    "another key": another_key,
    "another key under the right id": another_key_under_the_right_id,
    "nobody enrolled it": stranger,
    "another container": another_container,
    "without a signature": without_a_signature,
    "signature of zeros": stripped_of_its_signature,
    "from the future": from_the_future,
    "from long ago": from_long_ago,
}
KEPT: dict[str, Attack] = {
    "rewritten, same numbers": rewritten,
    "rewritten, other cuts": rewritten_in_other_cuts,
    "a second history": a_second_history,
    "the device itself after a forged batch": an_honest_tail_after_a_forged_one,
    "revoked device": revoked,
    "revoked key": a_revoked_key,
    "old key after the new one": an_old_key_after_the_new_one,
    "old key long after its replacement": an_old_key_after_its_time,
}
TAKEN_FIRST = {"the device itself after a forged batch", "old key after the new one"}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_false_is_refused_and_leaves_no_trace(standing: House, name: str) -> None:
    before = standing.on_record()
    assert isinstance(REFUSED[name](standing), InputError | Refused)
    assert standing.on_record() == before
    assert standing.on_record(THERE) == []
    assert standing.broken() == 0


@pytest.mark.parametrize("name", KEPT)
def test_who_has_or_had_the_key_is_refused_or_kept_as_proof(house: House, name: str) -> None:
    before = house.on_record()
    answer = KEPT[name](house)
    if isinstance(answer, Receipt):
        assert answer.recorded == 0 and answer.differing > 0
        assert house.broken() == 1
    else:
        assert isinstance(answer, InputError | Refused), answer
    if name not in TAKEN_FIRST:
        assert house.on_record() == before


def test_an_honest_device_is_taken_late_repeated_and_out_of_order(house: House) -> None:
    honest = house.honest
    honest.reboot()
    later = [honest.seal() for _ in range(4)]
    for payload in (later[2], later[0], later[3], later[1]):
        answer = house.send(payload)
        assert isinstance(answer, Receipt) and answer.recorded == 10
    assert isinstance(answer, Receipt) and answer.committed_seq == 39
    for payload in honest.sent:
        answer = house.send(payload)
        assert isinstance(answer, Receipt)
        assert (answer.recorded, answer.repeated, answer.differing) == (0, 10, 0)
    assert house.broken() == 0
    assert len(house.on_record()) == 70
    with house.node.reading() as connection:
        assert links.list_gaps(connection, NOW) == []
        assert len(links.list_links(connection, "honest")) == 7
        assert len(links.list_stamps(connection, "honest")) == 7


def test_a_batch_that_is_held_back_is_seen_until_it_comes(house: House) -> None:
    held_back = house.honest.seal()
    assert isinstance(house.send(house.honest.seal()), Receipt)
    with house.node.reading() as connection:
        (gap,) = links.list_gaps(connection, NOW)
    assert (gap.device, gap.link.first_seq, gap.arrived_at) == ("honest", 40, NOW)
    assert isinstance(house.send(held_back), Receipt)
    with house.node.reading() as connection:
        assert links.list_gaps(connection, NOW) == []


def test_another_form_of_the_same_signature_is_a_repeat_and_no_tampering(house: House) -> None:
    """Whoever carries a message can turn s of ECDSA into n - s; the digest does not cover it."""
    message = cbor2.loads(house.honest.sent[0])
    protected, unprotected, payload, signature = message.value
    r, s = (int.from_bytes(part, "big") for part in (signature[:32], signature[32:]))
    other = r.to_bytes(32, "big") + (ORDER - s).to_bytes(32, "big")
    assert decode_dss_signature(encode_dss_signature(r, ORDER - s)) == (r, ORDER - s)
    again = cbor2.dumps(cbor2.CBORTag(18, [protected, unprotected, payload, other]))
    answer = house.send(again)
    assert isinstance(answer, Receipt) and answer.repeated == 10
    assert house.broken() == 0


def test_a_renewed_key_goes_on_and_what_the_former_sealed_may_come_late(house: House) -> None:
    honest = house.honest
    sealed_before = honest.seal()
    house.certify("honest", key(13))
    honest.key = key(13)
    for payload in (honest.seal(), sealed_before, honest.seal()):
        assert isinstance(house.send(payload), Receipt)
    assert house.broken() == 0
    assert len(house.on_record()) == 60


def test_the_proof_of_a_fork_is_kept_once_with_the_message_whole(house: House) -> None:
    for _ in range(3):
        rewritten(house)
    assert house.broken() == 1


def test_a_fork_is_an_alarm_that_stands_once(house: House) -> None:
    deadline = time.monotonic() + 20
    while not house.on_record() or house.followed() < 30:
        assert time.monotonic() < deadline, "nobody follows the readings"
        time.sleep(0.02)
    for _ in range(2):
        rewritten(house)
    with house.node.reading() as connection:
        standing = [one.alarm.kind for one in tables.list_alarms(connection)]
    assert standing.count(AlarmKind.READINGS_DIFFER) == 1


def test_a_device_that_lost_its_memory_is_taken_and_told(house: House) -> None:
    fresh = Sender("honest", key(11), boot_id="after-repair", since=START + timedelta(hours=6))
    assert isinstance(house.send(fresh.seal()), Receipt)
    assert house.broken() == 1
    assert len(house.on_record()) == 40


def test_the_links_are_on_record_with_both_times(house: House) -> None:
    with house.node.reading() as connection:
        found = links.list_links(connection, "honest")
        stamps = links.list_stamps(connection, "honest")
    assert [(one.first_seq, one.last_seq) for one in found] == [(0, 9), (10, 19), (20, 29)]
    assert stamps[-1] == (START + timedelta(minutes=290), NOW)


def test_a_device_that_is_moved_speaks_for_its_new_container_only(house: House) -> None:
    """By a movement, as a gate or an AssociationEvent makes it, from the next message on."""
    honest, gate = (
        house.honest,
        Actor(
            ActorKind.TRADER,
            "yard",
            "customs",
            frozenset({Role.TERMINAL}),
            "XA1",
            frozenset({"XA1"}),
        ),
    )
    moved_at = NOW - timedelta(hours=12)
    link = Association(THERE, "", moved_at, "honest", MovementLink.ADD)
    house.node.act(gate, lambda act: associate_device(act, link)).result(10)
    late = honest.seal()  # measured before, sealed for the container in which it sat then
    assert isinstance(house.send(late), Receipt)
    honest.since = NOW - timedelta(hours=10.9, minutes=10 * honest.seq)
    assert isinstance(house.send(honest.copy().seal()), Refused)
    honest.container = THERE
    assert isinstance(house.send(honest.seal()), Receipt)
    assert len(house.on_record(THERE)) == 10
    off = replace(link, at=NOW - timedelta(hours=9), link=MovementLink.DELETE)
    house.node.act(gate, lambda act: associate_device(act, off)).result(10)
    honest.since = NOW - timedelta(hours=7, minutes=10 * honest.seq)
    assert isinstance(house.send(honest.seal()), Refused)


def test_a_rebuild_gives_the_same_tables_of_devices_keys_and_links(tmp_path: Path) -> None:
    with opened(tmp_path) as house:
        house.honest.reboot()
        skipped, late = house.honest.seal(), house.honest.seal()
        assert isinstance(house.send(late), Receipt)
        assert isinstance(house.send(skipped), Receipt)
        rewritten(house)
        house.certify("honest", key(13))
        house.do(lambda act: revoke_device(act, "other", "lost"))
        store = house.node.folder.store
    engine = open_writer(store)
    with engine.begin() as connection:
        rebuilt = rebuild(connection, projections(), projection_tables())
        assert len(links.list_links(connection, "honest")) == 5
    engine.dispose()
    assert rebuilt.changed == ()
