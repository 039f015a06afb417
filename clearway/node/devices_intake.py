"""Devices' messages over MQTT: the broker that this node starts or uses, and what it reads there.

    with devices_served(node) as intake:
        intake.address           # where devices connect, if the broker is ours

A device that is enrolled or revoked is let in or shut out within a second: the broker gets a new
list, and the consumer asks the same list of every message. What the broker acknowledged to a device
and dropped is counted, and kept as a finding.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from types import TracebackType
from typing import Final

import structlog

from clearway.connectors.mqtt import link
from clearway.connectors.mqtt.consumer import Consumer
from clearway.connectors.mqtt.link import Address
from clearway.connectors.mqtt.model import Denial
from clearway.connectors.mqtt.watching import Watch
from clearway.errors import ClearwayError
from clearway.ledger.fact import Fact
from clearway.node.devices_broker import (
    LIST_LIFE,
    NONE,
    Admitted,
    Files,
    addresses,
    admitted,
    client_id,
    reachable,
    server_of,
)
from clearway.node.node import Node
from clearway.terms.finding import Area, Finding, Level

logger = structlog.get_logger()
_TURN_S: Final = 0.5
_FINDINGS: Final = 200
_REPORT_S: Final = 60.0


class DevicesIntake:
    """The intake of one open node; use as a context manager."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._running = ExitStack()
        self._changed = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="devices", daemon=True)
        self._admitted = self._listed()
        self._findings: deque[Finding] = deque(maxlen=_FINDINGS)
        self._watch: Watch | None = None
        self._files = Files(node)
        self._signed_at = node.wall()
        self._reported_at, self._reported = time.monotonic(), dict[str, int]()
        self.server = server_of(node.settings, self._files, self._admitted)
        self.consumer = Consumer(
            self._addresses(),
            link.context(self._files.broker_authority, *self._files.consumer),
            node.telemetry,
            client_id=client_id(self._files.consumer[1]),
            version=max(self.server.versions) if self.server else 4,
            clock=node.clock,
            draw=node.draw,
            admits=lambda device: device in self._admitted.devices,
        )

    def __enter__(self) -> DevicesIntake:
        with ExitStack() as starting:
            if self.server is not None:
                starting.enter_context(self.server)
                self._watch = starting.enter_context(Watch(self.server, self._denied))
            starting.enter_context(self.consumer)
            self._running = starting.pop_all()
        self._node.on_commit(self._hear)
        self._node.counted["device_messages"] = self._numbers
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._changed.set()
        self._thread.join()
        self._running.close()

    @property
    def address(self) -> str:
        """Where devices connect to the broker of this node; empty if it uses another one."""
        return "" if self.server is None else f"mqtts://{self.server.host}:{self.server.port}"

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The last messages that the broker acknowledged and dropped."""
        return tuple(self._findings)

    @property
    def dropped(self) -> int:
        """How many messages the broker acknowledged and dropped since it was started."""
        return 0 if self._watch is None else self._watch.dropped

    def _addresses(self) -> tuple[Address, ...]:
        if self.server is not None:
            return (Address(reachable(self.server.host), self.server.port, "localhost"),)
        return addresses(self._node.settings.broker)

    def _hear(self, facts: Sequence[Fact]) -> None:
        """Called by the writer at each commit: only note that the list may have changed."""
        if any(fact.type.startswith("identity.device") for fact in facts):
            self._changed.set()

    def _listed(self) -> Admitted:
        with self._node.reading() as connection:
            return admitted(connection)

    def _follow(self) -> None:
        while not self._ended.is_set():
            is_old = self._node.wall() - self._signed_at > LIST_LIFE
            if (self._changed.wait(_TURN_S) or is_old) and not self._ended.is_set():
                self._changed.clear()
                self._renew()
            self._report()

    def _renew(self) -> None:
        """Take up who may send now; the consumer first, it needs no broker for that."""
        try:
            self._admitted = self._listed()
            if self.server is not None:
                self._files.write_revoked()
                self.server.reload(self._admitted.devices, self._admitted.keys)
            self._signed_at = self._node.wall()
        except (ClearwayError, OSError) as error:
            self._changed.set()  # tried again at the next turn
            logger.exception("devices_not_renewed", detail=str(error))
            self._ended.wait(_TURN_S)

    def _numbers(self) -> dict[str, int]:
        return asdict(self.consumer.counters) | {"dropped": self.dropped}

    def _report(self) -> None:
        """Write into the node's log now and then what was done since it began."""
        numbers = self._numbers()
        if time.monotonic() - self._reported_at > _REPORT_S and numbers != self._reported:
            self._reported_at, self._reported = time.monotonic(), numbers
            logger.info("mqtt_intake", **numbers)

    def _denied(self, denial: Denial) -> None:
        logger.warning("mqtt_denied", client=denial.client[:64], topic=denial.topic[:128])
        self._findings.append(
            Finding(
                "MQ_R01",
                Area.RULE,
                Level.WARNING,
                denial.topic[:128],
                f"{denial.client[:64]!r} published where it may not; the broker acknowledged the"
                " message and dropped it. Publish under the device's own topics only",
            )
        )


@contextmanager
def devices_served(node: Node) -> Iterator[DevicesIntake | None]:
    """Take devices' messages in while a node serves, if its settings name a broker.

    Raises: InputError: the settings name no broker that there is. TryLater: it does not start.
    """
    if node.settings.broker == NONE:
        yield None
        return
    with DevicesIntake(node) as intake:
        yield intake
