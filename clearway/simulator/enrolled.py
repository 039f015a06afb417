"""Reefers whose devices are enrolled: they sign, keep what is not durable, and use MQTT.

    names = enrolled(day)                                # {container: device}
    devices = Devices({container: sender, ...}, settled)
    devices.bring(events, now)                           # back when all that could go is durable

The other reefers' loggers send JSON over HTTP, or are read out as CSV. A device loses nothing that
it sealed, so which reefers have one is drawn among those whose logger loses no readings. Some
devices are without a network for hours of the day: they go on measuring and sealing, and send all
of it, in order, when they are back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from clearway.coldchain.formats import json as json_form
from clearway.coldchain.model import Reading
from clearway.simulator import messages
from clearway.simulator.day import Day
from clearway.simulator.device import Courier, Device, Link
from clearway.simulator.loggers import device_of
from clearway.simulator.mail import Event
from clearway.simulator.reefers import MishapKind
from clearway.simulator.streams import share, stream

_ENROLLED_SHARE = 0.45
_CUT_OFF_SHARE = 0.3
_CUT_OFF_HOURS = (2.0, 5.0)
_PATIENCE_S = 60.0
_TURN_S = 0.002
_VALUES = tuple(field.name for field in fields(Reading) if field.name not in ("seq", "at"))

Span = tuple[datetime, datetime]


def enrolled(day: Day) -> dict[str, str]:
    """Return the names of the enrolled devices by container, the same for a seed and a date."""
    if day.truth.voyage is None:
        return {}
    return {
        unit.container: device_of(unit.container)
        for unit in day.truth.voyage.units
        if (unit.mishap is None or unit.mishap.kind is not MishapKind.GAP)
        and not messages.sends_csv(day.truth.seed, unit.container)
        and share(day.truth.seed, "enrolled", unit.container) < _ENROLLED_SHARE
    }


def cut_off(day: Day, container: str) -> Span | None:
    """Return when a container's device has no network on the day; None: it always has one."""
    rng = stream(day.truth.seed, "network", container, str(day.date))
    if rng.random() >= _CUT_OFF_SHARE:
        return None
    since = day.begins_at + timedelta(hours=float(rng.uniform(3.0, 17.0)))
    return since, since + timedelta(hours=float(rng.uniform(*_CUT_OFF_HOURS)))


@dataclass(frozen=True, slots=True)
class Sent:
    """What enrolled devices did.

    Args:
        devices: how many.
        batches, readings: sealed.
        kept: batches that waited in a device for the network.
        refused: batches that the border refused.
        waiting: batches that are not durable at the border.
    """

    devices: int = 0
    batches: int = 0
    readings: int = 0
    kept: int = 0
    refused: int = 0
    waiting: int = 0


class Sender:
    """One device, its way to the border, and when that is cut."""

    def __init__(
        self, device: Device, link: Link, draw: Callable[[], float], without: Span | None
    ) -> None:
        self.device = device
        self._courier = Courier(device, link, draw)
        self._link = link
        self._without = without
        self._is_off = False
        self.batches = self.readings = self.kept = 0

    def measure(self, event: Event) -> None:
        """Measure what the event's batch says, and seal it."""
        batch, _ = json_form.read(event.body)
        before = self.device.journal.count()
        for reading in batch.readings:
            values = {name: getattr(reading, name) for name in _VALUES}
            self.device.measure(reading.at, **values)
        self.device.seal()
        self.readings += len(batch.readings)
        made = self.device.journal.count() - before
        self.batches += made
        self.kept += made if self._is_off else 0

    @property
    def has_mail(self) -> bool:
        """Whether something waits that could go now."""
        return not self._is_off and self.device.journal.count() > 0

    def turn(self, now: datetime, real_s: float) -> bool:
        """Send and hear; return whether something still waits."""
        self._courier.turn(now.timestamp() + real_s)
        return self.has_mail

    def see_network(self, now: datetime) -> None:
        """Lose the network, or have it back."""
        is_off = self._without is not None and self._without[0] <= now < self._without[1]
        if is_off and not self._is_off:
            self._courier.lose(now.timestamp())
        self._is_off = is_off

    @property
    def refused(self) -> int:
        """Batches that the border refused."""
        return len(self._courier.heard)

    def close(self) -> None:
        """Close link and journal."""
        self._link.close()
        self.device.journal.close()


class Devices:
    """All enrolled devices of a day.

    Args:
        senders: by container.
        settled: waits until the border has judged what is durable.
        steady: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        senders: Mapping[str, Sender],
        settled: Callable[[], object],
        steady: Callable[[], float],
    ) -> None:
        self._senders = senders
        self._settled = settled
        self._steady = steady
        self._pause = threading.Event()

    def carry(self, event: Event) -> bool:
        """Return whether the readings of an event are a device's."""
        return event.subject in self._senders

    def bring(self, events: Iterable[Event], now: datetime) -> None:
        """Measure, seal and send; come back when all that has a network is durable and judged.

        Args:
            now: simulated time, ascending.
        """
        for sender in self._senders.values():
            sender.see_network(now)
        for event in events:
            self._senders[event.subject].measure(event)
        under_way = [one for one in self._senders.values() if one.has_mail]
        if not under_way:
            return
        began = self._steady()
        while under_way and (real_s := self._steady() - began) < _PATIENCE_S:
            under_way = [one for one in under_way if one.turn(now, real_s)]
            self._pause.wait(_TURN_S)
        self._settled()

    @property
    def sent(self) -> Sent:
        """What they did so far."""
        senders = self._senders.values()
        return Sent(
            devices=len(senders),
            batches=sum(one.batches for one in senders),
            readings=sum(one.readings for one in senders),
            kept=sum(one.kept for one in senders),
            refused=sum(one.refused for one in senders),
            waiting=sum(one.device.journal.count() for one in senders),
        )

    def close(self) -> None:
        """Close all links and journals."""
        for sender in self._senders.values():
            sender.close()
