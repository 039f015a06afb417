"""Messages between the broker and the sink: handed on in bundles, acknowledged in their order.

What one read of the connection brought is one bundle: one call, one answer, one write of
acknowledgements. A bundle that the sink has no room for waits, and nothing more is read meanwhile.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from typing import Final, NamedTuple

from clearway.connectors.mqtt.model import LARGEST_MESSAGE, Answer, Bounds, Incoming, Sink
from clearway.errors import ClearwayError, InputError, MustStop, Refused, TooLarge, TryLater

MOST_TOGETHER: Final = 1_000
"""Messages of one bundle."""


class Flight(NamedTuple):
    """One message and the packet that its acknowledgement names; 0 asks for none (QoS 0)."""

    packet_id: int
    message: Incoming


class Settled(NamedTuple):
    """A message that may be acknowledged, and what became of it.

    `answer` is an exception of another kind than ours when the sink failed over this message alone.
    """

    flight: Flight
    answer: Answer | BaseException


class _Bundle:
    """Flights that came together; `future` answers those that were not refused here."""

    __slots__ = ("asked", "flights", "future", "refused")

    def __init__(self, flights: Sequence[Flight], refused: dict[int, ClearwayError]) -> None:
        self.flights = flights
        self.refused = refused
        self.asked = [f.message for i, f in enumerate(flights) if i not in refused]
        self.future: Future[Sequence[Answer]] | None = None


class Flights:
    """Everything that the broker sent and we have not acknowledged.

    Args:
        admits: whether this device may send still, whatever the broker let through.
        ring: called when a bundle is answered, from the sink's thread.
    """

    def __init__(
        self,
        sink: Sink,
        bounds: Bounds,
        admits: Callable[[str], bool],
        ring: Callable[[object], None],
    ) -> None:
        self._sink = sink
        self._bounds = bounds
        self._admits = admits
        self._ring = ring
        self._bundles: deque[_Bundle] = deque()
        self._held: deque[_Bundle] = deque()
        self._bytes = 0
        self.count = 0

    @property
    def is_held(self) -> bool:
        """Whether the sink had no room for something."""
        return bool(self._held)

    @property
    def is_full(self) -> bool:
        """Whether no more may be taken now."""
        bounds = self._bounds
        return self.count >= bounds.messages or self._bytes >= bounds.bytes or self.is_held

    def take(self, flights: Sequence[Flight]) -> None:
        """Hand on what came together. Raises: MustStop: the sink failed."""
        for low in range(0, len(flights), MOST_TOGETHER):
            part = flights[low : low + MOST_TOGETHER]
            bundle = _Bundle(part, self._refused(part))
            self._bundles.append(bundle)
            self._held.append(bundle)
            self.count += len(part)
            self._bytes += sum(len(flight.message.payload) for flight in part)
        self.hand_on()

    def hand_on(self) -> None:
        """Hand on what waits, in order, as far as the sink has room. Raises: MustStop."""
        while self._held:
            bundle = self._held[0]
            if not self._is_taken(bundle):
                return
            self._held.popleft()

    def settled(self) -> Iterator[Settled]:
        """Yield what is durable or refused, in the order in which it came. Raises: MustStop."""
        while self._bundles:
            bundle = self._bundles[0]
            if bundle.future is None or not bundle.future.done():
                return
            answers = self._answers(bundle, bundle.future)
            if answers is None:
                return
            self._bundles.popleft()
            self.count -= len(bundle.flights)
            for place, flight in enumerate(bundle.flights):
                self._bytes -= len(flight.message.payload)
                refusal = bundle.refused.get(place)
                yield Settled(flight, next(answers) if refusal is None else refusal)

    def let_go(self) -> None:
        """Forget all: the broker sends it again. First wait for the sink, so that bounds hold."""
        under_way = [bundle.future for bundle in self._bundles if bundle.future is not None]
        wait(under_way, timeout=self._bounds.longest_wait_s)
        self._bundles.clear()
        self._held.clear()
        self._bytes = self.count = 0

    def _refused(self, flights: Sequence[Flight]) -> dict[int, ClearwayError]:
        """Return why messages are refused before the sink sees them, by their places."""
        found: dict[int, ClearwayError] = {}
        for place, (_, message) in enumerate(flights):
            if not message.device:
                found[place] = InputError("The topic is of no device")
            elif len(message.payload) > LARGEST_MESSAGE:
                found[place] = _too_large(message)
            elif not self._admits(message.device):
                found[place] = Refused(f"{message.device} is not enrolled, or was revoked")
        return found

    def _is_taken(self, bundle: _Bundle) -> bool:
        if bundle.asked:
            try:
                bundle.future = self._sink.submit_all("mqtt", bundle.asked)
            except TryLater:
                return False
        else:
            bundle.future = Future()
            bundle.future.set_result(())
        bundle.future.add_done_callback(self._ring)
        return True

    def _answers(
        self, bundle: _Bundle, future: Future[Sequence[Answer]]
    ) -> Iterator[Answer | BaseException] | None:
        """Return the answers of a bundle; None: it was handed on once more."""
        error = future.exception()
        answers: Sequence[Answer | BaseException] = (error,) if error else future.result()
        for answer in answers:
            if isinstance(answer, MustStop):
                raise answer
        if any(isinstance(answer, TryLater) for answer in answers):
            bundle.future = None
            self._held.appendleft(bundle)
            return None
        if error and len(bundle.flights) > 1:
            self._part(bundle)
            return None
        return iter(answers)

    def _part(self, bundle: _Bundle) -> None:
        """One message made the sink fail: each on its own, so that it fails alone."""
        self._bundles.popleft()
        parts = [_Bundle([flight], self._refused([flight])) for flight in bundle.flights]
        self._bundles.extendleft(reversed(parts))
        self._held.extendleft(reversed(parts))
        self.hand_on()


def _too_large(message: Incoming) -> TooLarge:
    return TooLarge(
        f"A message of {len(message.payload):,} bytes; at most {LARGEST_MESSAGE:,} are taken. Send"
        " fewer readings in one batch"
    )
