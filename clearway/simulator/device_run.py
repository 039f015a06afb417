"""A device's days in a moment, with what can go wrong, and what the other side said of it.

    plan = Plan(readings=288, every_s=600, offline=(100, 180), cuts=(220,), drift_s_per_day=4.0)
    report = run(plan, device, link, start, steady)

A run has its own time for readings; the way to the other side is real. Faults of a device (no
network, a power cut, a clock that drifts) must cost nothing but what was never sealed; what a thief
does (`Tampering`) must be refused or end in an alarm.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from clearway.coldchain.formats import signed
from clearway.simulator.device import Courier, Device, Journal, Link, Refused, Word
from clearway.simulator.streams import Generator, stream
from clearway.terms.transport import ContainerNumber

_TURN_S = 0.02
_PATIENCE_S = 60.0
_ANSWER_S = 5.0
_THIEF = 0xBAD  # a key that nobody enrolled


class Tampering(StrEnum):
    """REPLAY: an old batch again. BIT: one bit turned. KEY: sealed with another key. REWRITE: the
    thief of the key seals the same numbers again, warmer. NAME: of another device.
    """

    REPLAY = "replay"
    BIT = "bit"
    KEY = "key"
    REWRITE = "rewrite"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured and what goes wrong.

    Args:
        readings: how many.
        every_s: seconds between two, by true time.
        seal_every: readings in a batch.
        offline: from which reading to which (not included) there is no network.
        cuts: before which readings the power is lost: what was not sealed is gone.
        ahead_s, drift_s_per_day: of the device's clock.
        seed: of its noise and of its waiting.
    """

    readings: int = 288
    every_s: float = 600.0
    seal_every: int = 12
    offline: tuple[int, int] = (0, 0)
    cuts: tuple[int, ...] = ()
    ahead_s: float = 0.0
    drift_s_per_day: float = 0.0
    seed: int = 1


@dataclass(slots=True)
class Report:
    """What became of a run.

    Args:
        measured: readings.
        lost: readings that were not sealed when the power went.
        starts: of the device.
        waiting: batches that are not committed at the end.
        aside: batches that were refused: start, last number, why.
        refused: what was said of them.
    """

    measured: int = 0
    lost: int = 0
    starts: int = 1
    waiting: int = 0
    aside: list[tuple[str, int, str]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


class Bench:
    """A device and its journal, that can be cut off and started again.

    Args:
        steady: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        name: str,
        container: ContainerNumber,
        key: signed.PrivateKey,
        journal: Path,
        link: Link,
        steady: Callable[[], float],
    ) -> None:
        self._names = name, container
        self._key = key
        self._path = journal
        self._link = link
        self._steady = steady
        self.device = self._start()

    def _start(self) -> Device:
        return Device(*self._names, self._key, Journal(self._path))

    def run(self, plan: Plan, start: datetime) -> Report:
        """Measure, seal, send; return what became of it once all is answered, or none answers.

        Args:
            start: true time of the first reading.
        """
        noise, waits = stream(plan.seed, "noise"), stream(plan.seed, "waits")
        courier, report = Courier(self.device, self._link, waits.random), Report()
        for number in range(plan.readings):
            if number in plan.cuts:
                report.lost += self.device.unsealed
                report.starts += 1
                self._cut(courier)
            true = start + timedelta(seconds=number * plan.every_s)
            self.device.measure(_shown(plan, start, true), **_values(noise, number))
            report.measured += 1
            if self.device.unsealed >= plan.seal_every:
                self.device.seal()
                if not plan.offline[0] <= number < plan.offline[1]:
                    courier.turn(self._steady())
        self.device.seal()
        self._finish(courier)
        journal = self.device.journal
        report.waiting, report.aside = journal.count(), journal.aside()
        report.refused = courier.heard
        return report

    def _cut(self, courier: Courier) -> None:
        self._link.close()
        self.device.journal.close()
        self.device = courier.device = self._start()
        courier.lose(self._steady())

    def _finish(self, courier: Courier) -> None:
        """Go on until everything is answered, or `_PATIENCE_S` passed without any progress."""
        left, since = self.device.journal.count(), self._steady()
        while left and self._steady() - since < _PATIENCE_S:
            courier.turn(self._steady())
            threading.Event().wait(_TURN_S)
            now_left = self.device.journal.count()
            if now_left != left:
                left, since = now_left, self._steady()

    def attack(self, how: Tampering) -> Word | None:
        """Send what a thief makes of the last sealed batch; return what was said of it, if so.

        A batch that contradicts its chain is answered like a repeat: the thief learns nothing, the
        alarm is at the node.

        Raises: OSError: not reached.
        """
        message = tampered(self.device.last, how, self._key)
        self._link.connect()
        self._link.words()
        self._link.send(message)
        digest, end = sha256(message).hexdigest(), self._steady() + _ANSWER_S
        word: Word | None = None
        while self._steady() < end:
            for word in self._link.words():
                if isinstance(word, Refused) and word.sha256 == digest:
                    return word
            threading.Event().wait(_TURN_S)
        return word

    def close(self) -> None:
        """Close link and journal."""
        self._link.close()
        self.device.journal.close()


def tampered(message: bytes, how: Tampering, key: signed.PrivateKey) -> bytes:
    """Return what a thief makes of a sealed batch.

    Args:
        key: the device's own, which only REWRITE and NAME have.
    """
    if how is Tampering.REPLAY:
        return message
    if how is Tampering.BIT:
        return message[:-1] + bytes([message[-1] ^ 1])
    found = signed.read(message)
    batch, used = found.batch, key
    if how is Tampering.KEY:
        used = ec.derive_private_key(_THIEF, ec.SECP256R1())
    if how is Tampering.NAME:
        batch = replace(batch, device=f"{batch.device}-x")
    warmer = tuple(replace(each, supply_c=9.0) for each in batch.readings)
    return signed.write(replace(batch, readings=warmer), found.previous, used, found.key_id)


def _shown(plan: Plan, start: datetime, true: datetime) -> datetime:
    """Return what the device's clock shows."""
    days = (true - start) / timedelta(days=1)
    return true + timedelta(seconds=plan.ahead_s + plan.drift_s_per_day * days)


def _values(noise: Generator, number: int) -> dict[str, object]:
    """Return a reading of chilled fish: air about the set point, a defrost every eight hours."""
    wobble = noise.normal(0.0, 0.08, 4)
    defrost = 4.0 if number % 48 == 47 else 0.0
    pulp = 0.4 + 0.2 * math.sin(number / 40.0)
    return {
        "supply_c": round(-0.8 + defrost + wobble[0], 2),
        "return_c": round(0.2 + 0.3 * defrost + wobble[1], 2),
        "ambient_c": round(27.0 + 5.0 * math.sin(number / 23.0) + wobble[2], 2),
        "powered": True,
        "door_open": False,
        "set_point_c": -0.5,
        "pulp_c": round(pulp + wobble[3] / 4, 2),
    }
