"""Devices as they should be: they keep what they measured until it is durable."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from clearway.connectors.mqtt import topics

PER = 50
_WINDOW = 20 * PER
_PATIENCE_S = 4.0


class Sender:
    """One device with so many readings to send; store and forward, replay from the last mark.

    Args:
        message: makes the message of the readings `first` to `first + count - 1`.
    """

    def __init__(
        self,
        name: str,
        last: int,
        message: Callable[[int, int], bytes],
        port: int,
        files: tuple[Path, Path],
        ca: Path,
    ) -> None:
        self.name = name
        self.durable = -1
        self._last, self._message = last, message
        # A tenth at most: whoever kills in between must find something still to come.
        self._window = min(_WINDOW, max(PER, last // 10))
        self._sent = -1
        self._moved_at = time.monotonic()
        self._topic = topics.published(name, "readings")
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=name, protocol=MQTTProtocolVersion.MQTTv311
        )
        self._client.tls_set(str(ca), str(files[0]), str(files[1]))
        self._client.reconnect_delay_set(1, 1)
        self._client.max_inflight_messages_set(50)
        self._client.on_connect = self._connected
        self._client.on_message = self._heard
        self._client.connect_async("localhost", port, keepalive=10)
        self._client.loop_start()

    def _connected(self, *_: Any) -> None:
        self._client.subscribe(topics.published(self.name, "committed"), 1)
        self._sent = self.durable

    def _heard(self, _: Any, __: Any, message: mqtt.MQTTMessage) -> None:
        seq = json.loads(message.payload)["seq"]
        if seq > self.durable:
            self.durable, self._moved_at = seq, time.monotonic()

    def step(self) -> bool:
        """Send what may be sent; return whether all is durable."""
        if self.durable >= self._last:
            return True
        if not self._client.is_connected():
            return False
        if time.monotonic() - self._moved_at > _PATIENCE_S:
            self._sent, self._moved_at = self.durable, time.monotonic()
        while self._sent < self._last and self._sent - self.durable < self._window:
            count = min(PER, self._last - self._sent)
            first = self._sent + 1
            self._client.publish(self._topic, self._message(first, count), 1)
            self._sent = first + count - 1
        return False

    def leave(self) -> None:
        """Go away; do not come back."""
        self._client.disconnect()

    def join(self) -> None:
        """Wait for the end of what `leave` began."""
        self._client.loop_stop()
