"""The fast path of readings in a real node: durable, once, followed, and never held up by one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import wait
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clearway.clearance.actions import follow_readings as clearance
from clearway.clearance.actions.follow_readings import follow_readings
from clearway.coldchain import course, tables
from clearway.coldchain.actions.report_silence import report_silence
from clearway.coldchain.actions.start_journey import start_journey
from clearway.coldchain.facts import ReadingsFollowed, ReadingsReceived
from clearway.coldchain.formats import json
from clearway.coldchain.model import AlarmKind, Batch, Journey, Reading
from clearway.errors import BadTerm, InputError, MalformedMessage, Refused, RuleViolation, TryLater
from clearway.identity.model import Actor, ActorKind, Role
from clearway.ledger.database import open_writer
from clearway.node import following, telemetry
from clearway.node.clock import SteppedClock, entropy
from clearway.node.node import Node, create
from clearway.node.rebuild import facts, rebuild
from clearway.node.rooms import projection_tables, projections
from clearway.node.telemetry import Incoming, Receipt
from clearway.policy.act import Act
from clearway.settings import Settings
from clearway.terms.transport import ContainerNumber

START = datetime(2026, 3, 2, tzinfo=UTC)
NOW = START + timedelta(days=10)
WORKER = Actor(ActorKind.SYSTEM, "test", "customs", frozenset({Role.WORKER}))


def number(i: int) -> ContainerNumber:
    return ContainerNumber.build(f"CWYU{i:06d}")


def readings(first: int, count: int, **values: object) -> tuple[Reading, ...]:
    usual = {"supply_c": -0.8, "return_c": 0.2, "powered": True}
    return tuple(
        Reading(seq, START + timedelta(minutes=10 * seq), **(usual | values))
        for seq in range(first, first + count)
    )


def message(
    device: int, sent: tuple[Reading, ...], *, boot_id: str = "1", box: int | None = None
) -> Incoming:
    batch = Batch(f"reefer-{device}", number(device if box is None else box), boot_id, sent)
    return Incoming(f"reefer-{device}", json.write(batch), "json", NOW)


class House:
    """The folder of one node, which is opened and closed as often as a test likes."""

    def __init__(self, folder: Path) -> None:
        self._settings = Settings(data_directory=folder)
        self._node: Node | None = None
        create(self._settings, entropy)

    def open(self) -> Node:
        self.close()
        node = Node.open(self._settings, clock=SteppedClock(NOW), entropy=entropy)
        self._node = node.__enter__()
        return self._node

    def close(self) -> None:
        node, self._node = self._node, None
        if node is not None:
            node.__exit__(None, None, None)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path / "node")
    yield made
    made.close()


@pytest.fixture
def node(house: House) -> Node:
    return house.open()


def followed(node: Node) -> None:
    """Wait until nothing waits to be followed."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with node.reading() as connection:
            if not tables.count_waiting(connection):
                return
        time.sleep(0.01)
    raise AssertionError("readings wait and nobody follows them")


def stored(node: Node, box: int = 1) -> tuple[Reading, ...]:
    with node.reading() as connection:
        return tables.get_readings(connection, number(box))


def count(node: Node, kind: str) -> int:
    with node.reading() as connection:
        return sum(fact.type == kind for fact in facts(connection))


def test_a_message_is_answered_with_how_far_its_device_has_come(node: Node) -> None:
    receipt = node.telemetry.submit(message(1, readings(0, 50))).result(10)
    assert receipt == Receipt("reefer-1", "1", 49, 50, 0, 0)
    assert stored(node) == readings(0, 50)


def test_a_gap_holds_the_mark_back_until_it_is_filled(node: Node) -> None:
    submit = node.telemetry.submit
    assert submit(message(1, readings(0, 10))).result(10).committed_seq == 9
    assert submit(message(1, readings(20, 10))).result(10).committed_seq == 9
    assert submit(message(1, readings(10, 10))).result(10).committed_seq == 29
    assert submit(message(1, readings(5, 3), boot_id="2")).result(10).committed_seq == -1
    assert len(stored(node)) == 30


def test_a_repeat_counts_once_and_other_values_under_a_number_alarm(node: Node) -> None:
    submit = node.telemetry.submit
    submit(message(1, readings(0, 20))).result(10)
    again = submit(message(1, readings(10, 20))).result(10)
    assert (again.recorded, again.repeated, again.differing) == (10, 10, 0)
    forged = (replace(readings(15, 1)[0], return_c=9.0), *readings(16, 2))
    found = submit(message(1, forged)).result(10)
    assert (found.recorded, found.repeated, found.differing) == (0, 2, 1)
    followed(node)
    assert stored(node) == readings(0, 30)
    late = submit(message(1, forged)).result(10)
    assert (late.repeated, late.differing) == (2, 1)
    assert count(node, "coldchain.reading_conflict/1") == 1


def test_messages_that_wait_together_become_one_fact(node: Node) -> None:
    sent = [message(device, readings(0, 3)) for device in range(40)]
    sent += [message(3, readings(3, 2)), message(3, readings(2, 2))]  # new, and repeated
    receipts = node.telemetry.submit_all("broker", sent).result(10)
    assert [r.recorded for r in receipts] == [3] * 40 + [2, 0]
    assert receipts[-1].repeated == 2
    assert count(node, ReadingsReceived.TYPE) == 1
    assert stored(node, 3) == readings(0, 5)


def test_what_is_received_can_be_asked_for_before_it_is_followed(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node.telemetry.following, "_ended", True)
    node.telemetry.submit(message(1, readings(0, 5))).result(10)
    node.telemetry.submit(message(1, readings(5, 5))).result(10)
    assert count(node, ReadingsFollowed.TYPE) == 0
    assert stored(node) == readings(0, 10)
    again = node.telemetry.submit(message(1, readings(3, 4))).result(10)
    assert (again.recorded, again.repeated) == (0, 4)


def test_what_waited_when_the_node_ended_is_followed_at_its_next_start(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = house.open()
    monkeypatch.setattr(node.telemetry.following, "_ended", True)
    node.act(WORKER, lambda act: start_journey(act, Journey(number(1), "salmon", START))).result()
    warm = readings(0, 6) + readings(6, 6, powered=False)
    node.telemetry.submit(message(1, warm)).result(10)
    with node.reading() as connection:
        assert tables.get_unit(connection, number(1)).readings == 0
    node = house.open()
    followed(node)
    with node.reading() as connection:
        unit = tables.get_unit(connection, number(1))
    assert unit.readings == 12 and AlarmKind.POWER_OFF in unit.standing


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (Incoming("reefer-1", b"{", "json", NOW), MalformedMessage),
        (Incoming("reefer-1", b"{}", "json", NOW), InputError),
        (message(2, readings(0, 1))._replace(device="reefer-1"), Refused),
        (message(1, readings(0, 1))._replace(form="carved"), BadTerm),
        (message(1, readings(5_000, 1)), RuleViolation),
        (message(1, readings(0, 1), boot_id=" "), BadTerm),
    ],
)
def test_a_refused_message_fails_alone(node: Node, sent: Incoming, error: type[Exception]) -> None:
    good = message(1, readings(0, 2))
    refused, taken = node.telemetry.submit(sent), node.telemetry.submit(good)
    with pytest.raises(error):
        refused.result(10)
    assert taken.result(10).recorded == 2
    first, second = node.telemetry.submit_all("broker", [sent, good]).result(10)
    assert isinstance(first, error) and second.repeated == 2


def test_a_defect_of_ours_is_no_refusal_and_stays_with_its_message(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = telemetry.receive_batches

    def broken(act: Act, arrivals):
        if any(one.batch.device == "reefer-2" for one in arrivals):
            raise ZeroDivisionError("a defect of ours")
        return whole(act, arrivals)

    monkeypatch.setattr(telemetry, "receive_batches", broken)
    sent = [message(device, readings(0, 2)) for device in (1, 2, 3)]
    first, second, third = node.telemetry.submit_all("broker", sent).result(10)
    assert (first.recorded, third.recorded) == (2, 2)
    assert isinstance(second, ZeroDivisionError), "an InputError would have the device drop it"
    monkeypatch.undo()
    assert node.telemetry.submit(sent[1]).result(10).recorded == 2


def test_what_waits_is_bounded_and_nothing_is_answered_with_nothing(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert node.telemetry.submit_all("broker", []).result(10) == ()
    monkeypatch.setattr(telemetry, "_MOST_BYTES", -1)
    with pytest.raises(TryLater):
        node.telemetry.submit(message(1, readings(0, 1)))


def test_a_unit_that_cannot_be_judged_holds_up_nobody(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = course.trace

    def broken(state, measured, commodity):
        if state.container == number(2):
            raise ZeroDivisionError("a defect of ours")
        yield from whole(state, measured, commodity)

    monkeypatch.setattr(course, "trace", broken)
    sent = [message(device, readings(0, 3)) for device in range(4)]
    node.telemetry.submit_all("broker", sent).result(10)
    followed(node)
    with node.reading() as connection:
        assert tables.list_aside(connection) == {number(2): "ZeroDivisionError: a defect of ours"}
        assert tables.get_unit(connection, number(3)).readings == 3
    assert stored(node, 2) == readings(0, 3)
    monkeypatch.undo()
    node.telemetry.submit(message(2, readings(3, 1))).result(10)
    followed(node)
    with node.reading() as connection:
        assert tables.list_aside(connection) == {}
        assert tables.get_unit(connection, number(2)).state.at == readings(3, 1)[0].at


def test_a_decision_that_fails_holds_up_neither_readings_nor_alarms(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(act: Act, container: str) -> None:
        raise ZeroDivisionError("a defect of the desk above")

    monkeypatch.setattr(clearance, "reconsider_container", broken)
    monkeypatch.setattr(following, "reconsider_container", broken)
    node.act(WORKER, lambda act: start_journey(act, Journey(number(1), "salmon", START))).result()
    warm = readings(0, 60, supply_c=25.0, return_c=28.0, powered=False)
    node.telemetry.submit(message(1, warm)).result(10)
    followed(node)
    with node.reading() as connection:
        kinds = {one.alarm.kind for one in tables.list_alarms(connection, container=number(1))}
        assert tables.get_unit(connection, number(1)).readings == 60
    assert AlarmKind.POWER_OFF in kinds


def test_nobody_is_called_silent_while_readings_wait(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.act(WORKER, lambda act: start_journey(act, Journey(number(1), "salmon", START))).result()
    monkeypatch.setattr(node.telemetry.following, "_ended", True)
    node.telemetry.submit(message(1, readings(0, 3))).result(10)
    assert node.act(WORKER, report_silence).result().result == ()
    node.act(WORKER, follow_readings).result()
    (alarm,) = node.act(WORKER, report_silence).result().result
    assert alarm.kind is AlarmKind.READINGS_MISSING


def test_a_rebuild_gives_the_same_tables(node: Node, house: House) -> None:
    node.act(WORKER, lambda act: start_journey(act, Journey(number(1), "salmon", START))).result()
    futures = []
    for part in (0, 2, 1, 1, 3):
        for device in range(5):
            sent = readings(part * 40, 40, powered=part != 2)
            futures.append(node.telemetry.submit(message(device, sent, box=device % 3)))
    assert not wait(futures, 20).not_done
    followed(node)
    house.close()
    engine = open_writer(node.folder.store)
    with engine.begin() as connection:
        rebuilt = rebuild(connection, projections(), projection_tables())
    engine.dispose()
    assert rebuilt.changed == ()
    assert rebuilt.facts >= 4  # the journey, readings received, readings followed, an alarm
