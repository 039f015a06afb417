"""What the consumer passes on and what it hears back; pure.

    device -> broker -> consumer -> Sink.submit_all -> Receipt -> acknowledged, `committed`

A message is acknowledged to the broker only when the sink's future is answered: durable, or refused
for a reason that sending it again would not change.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from clearway.connectors.mqtt.topics import Form
from clearway.errors import ClearwayError

LARGEST_MESSAGE = 256 * 1024
"""Bytes of one payload; a thousand readings with every field take about 160 KiB."""


class Receipt(Protocol):
    """What a sink answers once a message is durable."""

    @property
    def device(self) -> str:
        """Whose readings they are."""

    @property
    def boot_id(self) -> str:
        """The run of the device's counter."""

    @property
    def committed_seq(self) -> int:
        """Up to this sequence number of the run nothing is missing; below zero: not even 0."""


class Incoming(NamedTuple):
    """One message as it came.

    Args:
        device: name that the broker proved by the certificate; the topic bears it. Empty: the topic
            is of no device.
        form: `json` or `signed`.
        arrived_at: when it was read from the broker, aware UTC.
    """

    device: str
    payload: bytes
    form: Form
    arrived_at: datetime


Answer = Receipt | ClearwayError
"""What became of a message: its receipt, or why it was refused."""


class Sink(Protocol):
    """Where messages become durable."""

    def submit_all(self, lane: str, messages: Sequence[Incoming]) -> Future[Any]:
        """Take messages that came together; the future gives an `Answer` each, in their order.

        It is answered after the commit. An answer is a refusal that a repeat would meet again,
        TryLater when the store was busy, or MustStop when it failed.

        Args:
            lane: whose turn they take.

        Raises: TryLater: too much waits already. MustStop: the store failed before.
        """


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the consumer takes on at most.

    Args:
        messages, bytes: unacknowledged at once; above, nothing more is read from the broker.
        marks: our own publishes that the broker has not acknowledged.
        refusals: refusals that wait to be published; above, the oldest are only counted.
        keepalive_s: silence after which the broker is asked, and half of it again given up on.
        first_wait_s, longest_wait_s: pause before connecting again, doubled each time.
    """

    messages: int = 16_384
    bytes: int = 64 * 1024 * 1024
    marks: int = 64
    refusals: int = 1_024
    keepalive_s: int = 30
    first_wait_s: float = 0.1
    longest_wait_s: float = 15.0


@dataclass(frozen=True, slots=True)
class Denial:
    """A message that a broker acknowledged to a client and dropped, because it may not write there.

    MQTT 3.1.1 leaves a broker no other word for it (3.3.5-2: acknowledge, or close).

    Args:
        client: the MQTT client id.
        topic: where it wanted to write.
    """

    client: str
    topic: str


@dataclass(slots=True)
class Counters:
    """What a consumer did since it was started; read them at any time.

    Args:
        received: messages, again delivered ones included.
        committed: messages durable and acknowledged.
        refused: messages refused and acknowledged, with the reason told to the device.
        strange: messages under a topic that no device has.
        redelivered: messages that the broker marked as sent before.
        connections: times that the broker took us in.
        held: times that nothing was read because too much was in flight.
        marks: `committed` marks published.
    """

    received: int = 0
    committed: int = 0
    refused: int = 0
    strange: int = 0
    redelivered: int = 0
    connections: int = 0
    held: int = 0
    marks: int = 0
