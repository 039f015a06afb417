"""Readings of devices, fast and for good: many messages become one fact and one commit.

    receipt = node.telemetry.submit(Incoming("reefer-0817", payload, "json", arrived_at)).result()

The life of a message:
1. `submit` puts it in its device's lane and gives a future; a lane that is full refuses.
2. The intake thread reads what waits, aside from the writer: form, plausibility, who may send it. A
   message that is refused fails its own future and nobody else's.
3. What is left goes to the writer in groups. One group is one fact of all that is new in it; the
   future is answered when that fact is durable, with how far the device's counter has come.
4. The following thread (`following.py`) moves the units through it at its own pace.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

import structlog

from clearway.coldchain import intake
from clearway.coldchain.actions.receive_batches import Reception, Taken, receive_batches
from clearway.coldchain.formats import json
from clearway.coldchain.packing import Arrival
from clearway.errors import BadTerm, ClearwayError, InputError, MustStop, Refused, TryLater
from clearway.identity.model import Actor, ActorKind, Role
from clearway.ledger.committer import Outcome
from clearway.ledger.lanes import Lanes
from clearway.node import following
from clearway.node.following import Following
from clearway.policy.act import Policy

logger = structlog.get_logger()

MOST_MESSAGES = 2_000
MOST_READINGS = 2_000
"""Of one group. The units are moved through a group at once, some 60 milliseconds of the writer."""

_IN_FLIGHT = 3  # groups with the writer at once: one is committed while the next is read
_LANE_LIMIT = 4_000  # messages of one device that may wait
_WORKER = Actor(ActorKind.SYSTEM, "telemetry", "customs", frozenset({Role.WORKER}))


class Host(following.Host, Protocol):
    """What the fast path needs of its node."""

    @property
    def policy(self) -> Policy:
        """Who may do what."""

    @property
    def failure(self) -> MustStop | None:
        """Why the node stopped answering."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as a door or a broker has it.

    Args:
        device: proved by the transport (its certificate, its account), not by the payload.
        payload: the batch; docs/design/readings.md, or docs/design/device.md when signed.
        arrived_at: aware UTC.
    """

    device: str
    payload: bytes
    form: Literal["json", "signed"]
    arrived_at: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message, durably.

    Args:
        committed_seq: all readings of this boot_id from 0 to this are durable; -1: not even 0. The
            device may forget them, and replays what comes after.
        recorded: readings that were new.
        repeated: readings that were on record with the same values.
        differing: readings that are on record with other values; those stand, an alarm is raised.
    """

    device: str
    boot_id: str
    committed_seq: int
    recorded: int
    repeated: int
    differing: int


@dataclass(frozen=True, slots=True)
class _Waiting:
    incoming: Incoming
    future: Future[Receipt]


@dataclass(frozen=True, slots=True)
class _Ready:
    arrival: Arrival
    future: Future[Receipt]


class Telemetry:
    """The fast path of readings of one open node; `open` and `close` with it.

    Args:
        total_limit: most messages that may wait; further ones are refused with TryLater.
    """

    def __init__(self, node: Host, *, total_limit: int = 100_000) -> None:
        self._node = node
        self._lanes: Lanes[_Waiting] = Lanes(lane_limit=_LANE_LIMIT, total_limit=total_limit)
        self._places = threading.Semaphore(_IN_FLIGHT)
        self._permitted: tuple[object, set[str]] = (None, set())
        self._thread = threading.Thread(target=self._run, name="telemetry", daemon=True)
        self.following = Following(node, lambda: len(self._lanes))

    def submit(self, incoming: Incoming) -> Future[Receipt]:
        """Let a message wait its turn; the future is answered when its readings are durable.

        The future raises an InputError or Refused for a message that is refused, TryLater when the
        store was busy, MustStop when it failed.

        Raises: TryLater: too much waits. MustStop: the store failed before.
        """
        if self._node.failure is not None:
            raise self._node.failure
        future: Future[Receipt] = Future()
        self._lanes.put(incoming.device, _Waiting(incoming, future))
        return future

    @property
    def waiting(self) -> int:
        """How many messages wait to be read."""
        return len(self._lanes)

    def open(self) -> None:
        """Start the threads."""
        self._thread.start()
        self.following.open()

    def close(self) -> None:
        """Finish what waits to be recorded, take no more, end the threads."""
        self._lanes.close()
        if self._thread.is_alive():
            self._thread.join()
        self.following.close()

    def _run(self) -> None:
        while True:
            taken = self._lanes.take(MOST_MESSAGES)
            if not taken:
                if self._lanes.is_closed:
                    break
                continue
            for group in _groups(self._read(taken)):
                self._places.acquire()
                self._hand_over(group)
        for _ in range(_IN_FLIGHT):  # all groups are answered
            self._places.acquire()

    def _read(self, taken: Sequence[_Waiting]) -> list[_Ready]:
        """Return the messages that can be recorded; the others are answered here."""
        ready = []
        for one in taken:
            if not one.future.set_running_or_notify_cancel():
                continue
            try:
                ready.append(_Ready(self._arrival(one.incoming), one.future))
            except ClearwayError as error:
                one.future.set_exception(error)
            except Exception as error:
                logger.exception("telemetry_unreadable", device=one.incoming.device)
                one.future.set_exception(InputError(f"The message cannot be read: {error}"))
        return ready

    def _arrival(self, incoming: Incoming) -> Arrival:
        """Return what came in. Raises: InputError, Refused."""
        if incoming.form != "json":
            raise BadTerm("form", incoming.form, "must be json")
        batch, _ = json.read(incoming.payload)
        if batch.device != incoming.device:
            raise Refused(
                f"The message comes from {incoming.device} and speaks for {batch.device[:80]!r};"
                " a device sends its own readings only"
            )
        self._require_permitted(batch.device)
        intake.require_plausible(batch, incoming.arrived_at)
        return Arrival(batch, incoming.arrived_at)

    def _require_permitted(self, device: str) -> None:
        """Ask policy once for each device and rulebook. Raises: Refused."""
        policy, permitted = self._permitted
        if policy is not self._node.policy:
            permitted = set()
            self._permitted = self._node.policy, permitted
        if device not in permitted:
            actor = Actor(ActorKind.DEVICE, device, "customs", frozenset({Role.DEVICE}))
            self._node.policy.require(actor, "coldchain.record_readings", {"device": device})
            permitted.add(device)

    def _hand_over(self, group: Sequence[_Ready]) -> None:
        """Give a group to the writer; it frees its place when it is answered."""
        arrivals = [one.arrival for one in group]
        try:
            future = self._node.act(
                _WORKER, lambda act: receive_batches(act, arrivals), lane="telemetry"
            )
        except (TryLater, MustStop) as error:
            self._places.release()
            _refuse(group, error)
            return
        future.add_done_callback(lambda done: self._answer(group, done))

    def _answer(self, group: Sequence[_Ready], done: Future[Outcome[Reception]]) -> None:
        self._places.release()
        error = done.exception()
        if error is None:
            for one, taken in zip(group, done.result().result.taken, strict=True):
                one.future.set_result(_receipt(one.arrival, taken))
        elif len(group) == 1 or isinstance(error, TryLater | MustStop):
            _refuse(group, error)
        else:  # one of them is at fault: each on its own, so that it fails alone
            logger.error("telemetry_group_failed", detail=str(error), messages=len(group))
            threading.Thread(target=self._one_by_one, args=(group,), daemon=True).start()

    def _one_by_one(self, group: Sequence[_Ready]) -> None:
        for one in group:
            self._places.acquire()
            self._hand_over([one])


def _groups(ready: Sequence[_Ready]) -> list[list[_Ready]]:
    """Return the messages in groups of at most `MOST_READINGS`."""
    groups: list[list[_Ready]] = []
    room = 0
    for one in ready:
        count = len(one.arrival.batch.readings)
        if count > room or not groups:
            groups.append([])
            room = MOST_READINGS
        groups[-1].append(one)
        room -= count
    return groups


def _receipt(arrival: Arrival, taken: Taken) -> Receipt:
    batch = arrival.batch
    return Receipt(
        batch.device,
        batch.boot_id,
        taken.position.contiguous,
        taken.recorded,
        taken.repeated,
        taken.differing,
    )


def _refuse(group: Sequence[_Ready], error: BaseException) -> None:
    for one in group:
        one.future.set_exception(error)
