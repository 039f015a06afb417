"""Enrolled devices: who has one, what they keep without a network, and that nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from clearway.coldchain.formats import json as json_form
from clearway.coldchain.formats import signed
from clearway.simulator.day import Day
from clearway.simulator.device import Committed, Device, Journal, Word
from clearway.simulator.enrolled import Devices, Sender, cut_off, enrolled
from clearway.simulator.mail import Event, Kind
from clearway.simulator.reefers import MishapKind
from clearway.terms.transport import ContainerNumber

KEY = ec.derive_private_key(7, ec.SECP256R1())
HOUR = timedelta(hours=1)


class Border:
    """The other side of a link: commits what comes, in order."""

    def __init__(self) -> None:
        self.heard: list[signed.SignedBatch] = []
        self.is_up = False
        self._words: list[Word] = []

    def connect(self) -> None:
        self.is_up = True

    def send(self, message: bytes) -> None:
        assert self.is_up
        found = signed.read(message)
        self.heard.append(found)
        self._words.append(Committed(found.batch.boot_id, found.batch.readings[-1].seq))

    def words(self) -> list[Word]:
        told, self._words = self._words, []
        return told

    def close(self) -> None:
        self.is_up = False


@pytest.fixture
def border() -> Border:
    return Border()


@pytest.fixture
def mail(day: Day) -> list[Event]:
    (box, *_) = enrolled(day)
    return [e for e in day.events if e.kind is Kind.READINGS and e.subject == box]


@pytest.fixture
def sender(day: Day, mail: list[Event], border: Border, tmp_path: Path) -> Iterator[Sender]:
    box = ContainerNumber(mail[0].subject)
    device = Device(f"logger-{box}", box, KEY, Journal(tmp_path / "journal.db"))
    without = day.begins_at + 6 * HOUR, day.begins_at + 9 * HOUR
    made = Sender(device, border, lambda: 0.5, without)
    yield made
    made.close()


def test_the_same_reefers_are_enrolled_each_time_and_none_that_loses_readings(day: Day) -> None:
    names = enrolled(day)
    assert names == enrolled(replace(day, events=()))
    assert 0.2 < len(names) / len(day.truth.unit_of) < 0.7
    assert all(day.truth.mishap(box) is not MishapKind.GAP for box in names)
    spans = [span for box in names if (span := cut_off(day, box))]
    assert all(since < until for since, until in spans)


def test_readings_come_signed_in_one_chain_with_the_values_of_the_mail(
    mail: list[Event], sender: Sender, border: Border
) -> None:
    judged: list[int] = []
    steps = iter(range(10_000))
    devices = Devices(
        {mail[0].subject: sender}, lambda: judged.append(len(border.heard)), lambda: next(steps)
    )
    for event in mail:
        devices.bring([event], event.at)
    public = signed.read(sender.device.last).key_id
    previous = bytes(32)
    for one in border.heard:
        assert (one.previous, one.key_id) == (previous, public)
        previous = one.digest
    told = [reading for one in border.heard for reading in one.batch.readings]
    meant = [reading for event in mail for reading in json_form.read(event.body)[0].readings]
    assert [one.supply_c for one in told] == pytest.approx([one.supply_c for one in meant])
    assert [one.seq for one in told] == list(range(len(meant)))
    assert judged[-1] == len(border.heard), "the border judged after the last batch"
    assert devices.sent.readings == len(meant)
    assert devices.sent.waiting == 0


def test_without_a_network_batches_wait_in_the_device_and_come_in_order_after(
    day: Day, mail: list[Event], sender: Sender, border: Border
) -> None:
    steps = iter(range(10_000))
    devices = Devices({mail[0].subject: sender}, lambda: None, lambda: next(steps))
    counts = {}
    for hour in range(25):
        now = day.begins_at + hour * HOUR
        due = [
            event
            for event in mail
            if now - HOUR < event.at <= now or (not hour and event.at <= now)
        ]
        devices.bring(due, now)
        counts[hour] = len(border.heard)
    assert counts[6] == counts[7] == counts[8] == counts[5]
    assert counts[9] > counts[8]
    assert devices.sent.kept > 0
    assert devices.sent.waiting == 0
    firsts = [one.batch.readings[0].seq for one in border.heard]
    assert firsts == sorted(firsts)
