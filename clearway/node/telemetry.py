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
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import NamedTuple, Protocol

import structlog

from clearway.coldchain import intake
from clearway.coldchain.actions.receive_batches import Reception, Taken, receive_batches
from clearway.coldchain.formats import json, json_columns
from clearway.coldchain.model import Batch
from clearway.coldchain.packing import Arrival
from clearway.coldchain.sheets import Sheet
from clearway.errors import BadTerm, ClearwayError, MustStop, TryLater
from clearway.identity.model import Actor, ActorKind, Role
from clearway.ledger.committer import Outcome
from clearway.ledger.lanes import Lanes
from clearway.node import following
from clearway.node.following import Following
from clearway.node.proving import Proving
from clearway.policy.act import Policy

logger = structlog.get_logger()

MOST_MESSAGES = 1_000
MOST_READINGS = 1_000
"""Of one group. The units are moved through a group at once, some 40 milliseconds of the writer."""

_IN_FLIGHT = 4  # groups with the writer at once: one is committed while the next is read
_LANE_LIMIT = 4_000  # bundles of one sender that may wait
_BUNDLES_AT_ONCE = 200
_MOST_BYTES = 256 * 1024**2  # of messages that wait
_WORKER = Actor(ActorKind.SYSTEM, "telemetry", "customs", frozenset({Role.WORKER}))


class Host(following.Host, Protocol):
    """What the fast path needs of its node."""

    @property
    def policy(self) -> Policy:
        """Who may do what."""

    @property
    def failure(self) -> MustStop | None:
        """Why the node stopped answering."""


class Message(Protocol):
    """What `submit` looks at; `Incoming`, or what a connector has with these names."""

    @property
    def device(self) -> str:
        """Who sends it, proved by the transport."""

    @property
    def payload(self) -> bytes:
        """The batch."""

    @property
    def form(self) -> str:
        """How it is written: json or signed."""

    @property
    def arrived_at(self) -> datetime:
        """When we got it, aware UTC."""


class Incoming(NamedTuple):
    """A message as a door or a broker has it.

    Args:
        device: proved by the transport (its certificate, its account), not by the payload.
        payload: the batch.
        form: `json` (docs/design/readings.md) or `signed` (docs/design/device.md).
        arrived_at: aware UTC.
    """

    device: str
    payload: bytes
    form: str
    arrived_at: datetime


class Receipt(NamedTuple):
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


Answer = Receipt | BaseException
"""What became of a message: its receipt, or why it was refused; an error that is none of ours is a
defect of this node, and the message may be sent again."""


class _Bundle:
    """Messages that came together, and what they were answered so far."""

    __slots__ = ("answers", "future", "left", "messages")

    def __init__(self, messages: Sequence[Message]) -> None:
        self.messages = messages
        self.future: Future[tuple[Answer, ...]] = Future()
        self.answers: list[Answer | None] = [None] * len(messages)
        self.left = len(messages)

    def put(self, place: int, answer: Answer) -> bool:
        """Keep the answer of one message; return whether all have theirs."""
        self.answers[place] = answer
        self.left -= 1
        return not self.left

    def tell(self) -> None:
        """Answer whoever waits."""
        if self.future.set_running_or_notify_cancel():
            self.future.set_result(tuple(filter(None, self.answers)))


class _Single:
    """A message that came alone."""

    __slots__ = ("answer", "future", "messages")

    def __init__(self, message: Message) -> None:
        self.messages = (message,)
        self.future: Future[Receipt] = Future()
        self.answer: Answer | None = None

    def put(self, _: int, answer: Answer) -> bool:
        """Keep the answer."""
        self.answer = answer
        return True

    def tell(self) -> None:
        """Answer whoever waits."""
        if not self.future.set_running_or_notify_cancel():
            return  # nobody waits any more; what was committed stays
        if isinstance(self.answer, BaseException):
            self.future.set_exception(self.answer)
        elif self.answer is not None:
            self.future.set_result(self.answer)


_Sent = _Bundle | _Single


class _Ready(NamedTuple):
    """A message that can be recorded, and where its answer goes."""

    arrival: Arrival
    bundle: _Sent
    place: int


class Telemetry:
    """The fast path of readings of one open node; `open` and `close` with it.

    Args:
        total_limit: most bundles that may wait; further ones are refused with TryLater.
    """

    def __init__(self, node: Host, *, total_limit: int = 100_000) -> None:
        self._node = node
        self._lanes: Lanes[_Sent] = Lanes(lane_limit=_LANE_LIMIT, total_limit=total_limit)
        self._places = threading.Semaphore(_IN_FLIGHT)
        self._answering = threading.Lock()
        self._permitted: tuple[object, set[str]] = (None, set())
        self._thread = threading.Thread(target=self._run, name="telemetry", daemon=True)
        self.proving = Proving(node)
        self._counting = threading.Lock()
        self._unanswered = 0  # bytes of messages
        self.following = Following(node, lambda: self._unanswered)

    def submit(self, message: Message) -> Future[Receipt]:
        """Let a message wait its turn; the future is answered when its readings are durable.

        The future raises an InputError or Refused for a message that is refused, TryLater when the
        store was busy, MustStop when it failed; an error of another kind is a defect of ours.

        Raises: TryLater: too much waits. MustStop: the store failed before.
        """
        single = _Single(message)
        self._put(message.device, single)
        return single.future

    def submit_all(self, lane: str, messages: Sequence[Message]) -> Future[tuple[Answer, ...]]:
        """Let messages wait that came together; all answers come at once, in their order.

        A message that is refused has its error for an answer, and the others do not mind. Bundles
        of a hundred messages take two thirds of the time of as many single ones.

        Args:
            lane: whose turn they take: the device, or the connection of a broker.
            messages: at most `MOST_MESSAGES` or so; one more bundle costs little.

        Raises: TryLater: too much waits. MustStop: the store failed before.
        """
        bundle = _Bundle(messages)
        if messages:
            self._put(lane, bundle)
        else:
            bundle.tell()
        return bundle.future

    def _put(self, lane: str, bundle: _Sent) -> None:
        if self._node.failure is not None:
            raise self._node.failure
        if self._unanswered > _MOST_BYTES:
            raise TryLater("The node has too many readings waiting; send the same again soon")
        self._lanes.put(lane, bundle)
        self._count(bundle.messages, 1)

    def _count(self, messages: Sequence[Message], sign: int) -> None:
        size = sum(len(message.payload) for message in messages)
        with self._counting:
            self._unanswered += sign * size

    @property
    def waiting(self) -> int:
        """How many bundles wait to be read."""
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
        while bundles := self._take():
            for group in _groups(self._read(bundles)):
                self._places.acquire()
                self._hand_over(group)
        for _ in range(_IN_FLIGHT):  # all groups are answered
            self._places.acquire()

    def _take(self) -> list[_Sent]:
        """Return what waits, about `MOST_MESSAGES`; nothing at the end."""
        taken: list[_Sent] = []
        count = 0
        while count < MOST_MESSAGES:
            more = self._lanes.take(_BUNDLES_AT_ONCE, timeout_s=0 if taken else None)
            if not more and (taken or self._lanes.is_closed):
                break
            taken += more
            count += sum(len(bundle.messages) for bundle in more)
        return taken

    def _read(self, bundles: Sequence[_Sent]) -> list[_Ready]:
        """Return the messages that can be recorded; the others are answered here."""
        ready = []
        for bundle in bundles:
            for place, message in enumerate(bundle.messages):
                try:
                    ready.append(_Ready(self._arrival(message), bundle, place))
                except ClearwayError as error:
                    self._answer([(bundle, place, error)])
                except Exception as error:
                    logger.exception("telemetry_unreadable", device=message.device)
                    self._answer([(bundle, place, error)])
        return ready

    def _arrival(self, message: Message) -> Arrival:
        """Return what came in. Raises: InputError, Refused."""
        batch: Batch | Sheet
        if message.form == "signed":
            batch, proof = self.proving.open_signed(
                message.device, message.payload, message.arrived_at
            )
            envelope = message.payload
        elif message.form == "json":
            batch = json_columns.read(message.payload) or json.read(message.payload)[0]
            self.proving.require_own(message.device, batch)
            envelope, proof = b"", None
        else:
            raise BadTerm("form", message.form, "must be json or signed")
        self._require_permitted(batch.device)
        intake.require_plausible(batch, message.arrived_at)
        return Arrival(batch, message.arrived_at, envelope, proof)

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
        try:
            future = self._received(group)
        except (TryLater, MustStop) as error:
            self._places.release()
            self._refuse(group, error)
            return
        future.add_done_callback(lambda done: self._answered(group, done))

    def _received(self, group: Sequence[_Ready]) -> Future[Outcome[Reception]]:
        arrivals = [one.arrival for one in group]
        return self._node.act(_WORKER, lambda act: receive_batches(act, arrivals), lane="telemetry")

    def _answered(self, group: Sequence[_Ready], done: Future[Outcome[Reception]]) -> None:
        error = done.exception()
        if error is not None and len(group) > 1 and not isinstance(error, TryLater | MustStop):
            # One of them is at fault: each on its own, so that it fails alone.
            logger.error("telemetry_group_failed", detail=str(error), messages=len(group))
            threading.Thread(target=self._one_by_one, args=(group,), daemon=True).start()
            return
        self._places.release()
        self._settle(group, done)

    def _one_by_one(self, group: Sequence[_Ready]) -> None:
        """Record each message by itself; the group keeps its place until all are answered."""
        for one in group:
            try:
                done = self._received([one])
            except (TryLater, MustStop) as error:
                self._refuse([one], error)
            else:
                self._settle([one], done)
        self._places.release()

    def _settle(self, group: Sequence[_Ready], done: Future[Outcome[Reception]]) -> None:
        """Answer a group once the writer is through with it."""
        error = done.exception()
        if error is not None:
            self._refuse(group, error)
            return
        self.proving.note(one.arrival for one in group)
        taken = done.result().result.taken
        self._answer(
            (one.bundle, one.place, _receipt(one.arrival.batch, each))
            for one, each in zip(group, taken, strict=True)
        )

    def _refuse(self, group: Sequence[_Ready], error: BaseException) -> None:
        if not isinstance(error, ClearwayError):
            device = group[0].arrival.batch.device
            logger.critical("telemetry_failed", device=device, exc_info=error)
        self._answer((one.bundle, one.place, error) for one in group)

    def _answer(self, answers: Iterable[tuple[_Sent, int, Answer]]) -> None:
        with self._answering:
            whole = [bundle for bundle, place, answer in answers if bundle.put(place, answer)]
        for bundle in whole:
            self._count(bundle.messages, -1)
            bundle.tell()


def _groups(ready: Sequence[_Ready]) -> list[list[_Ready]]:
    """Return the messages in groups of at most `MOST_READINGS`."""
    groups: list[list[_Ready]] = []
    room = 0
    for one in ready:
        batch = one.arrival.batch
        count = len(batch.seqs if isinstance(batch, Sheet) else batch.readings)
        if count > room or not groups:
            groups.append([])
            room = MOST_READINGS
        groups[-1].append(one)
        room -= count
    return groups


def _receipt(batch: Batch | Sheet, taken: Taken) -> Receipt:
    return Receipt(
        batch.device,
        batch.boot_id,
        taken.position.contiguous,
        taken.recorded,
        taken.repeated,
        taken.differing,
    )
