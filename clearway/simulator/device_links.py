"""The two ways of a device to the border: MQTT under mutual TLS, and HTTP with a token."""

from __future__ import annotations

import json
import queue
import ssl
import threading
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import httpx
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from clearway.simulator.device import Committed, Refused, Word

TOPIC = "clearway/v1/devices/{device}/{leaf}"
_CONNECT_S = 10.0
_KEEP_ALIVE_S = 60
_MEDIA_TYPE = "application/cose"


class MqttLink:
    """Publishes with QoS 1 under the device's own topics; hears `committed` and `refused`.

    Args:
        device: common name of its certificate.
        address: of the broker: host and port.
        authority: PEM of the authority that the broker's certificate must be of.
        certificate, key: PEM files of the device.
    """

    def __init__(
        self, device: str, address: tuple[str, int], authority: Path, certificate: Path, key: Path
    ) -> None:
        self._device = device
        self._address = address
        self._tls = ssl.create_default_context(cafile=str(authority))
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        self._tls.load_cert_chain(certificate, key)
        self._heard: queue.SimpleQueue[Word] = queue.SimpleQueue()
        self._ready = threading.Event()
        self._client: mqtt.Client | None = None

    def connect(self) -> None:
        """Connect, and subscribe to the answers. Raises: OSError: not now."""
        self.close()
        self._ready.clear()
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            self._device,
            clean_session=True,
            reconnect_on_failure=False,
        )
        client.tls_set_context(self._tls)
        client.on_connect = self._subscribe
        client.on_subscribe = lambda *_: self._ready.set()
        client.on_message = lambda _c, _u, message: self._hear(message)
        self._client = client
        client.connect(*self._address, keepalive=_KEEP_ALIVE_S)
        client.loop_start()
        if not self._ready.wait(_CONNECT_S):
            raise ConnectionError("the broker does not take the device in")

    def send(self, message: bytes) -> None:
        """Publish a batch. Raises: OSError: not connected."""
        client = self._connected()
        if client.publish(self._topic("signed"), message, qos=1).rc != mqtt.MQTT_ERR_SUCCESS:
            raise ConnectionError("the broker is away")

    def words(self) -> Sequence[Word]:
        """Return what was heard. Raises: OSError: the connection is lost."""
        found = []
        while not self._heard.empty():
            found.append(self._heard.get())
        if not found:
            self._connected()
        return found

    def close(self) -> None:
        """Disconnect."""
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None

    def _connected(self) -> mqtt.Client:
        if self._client is None or not self._client.is_connected():
            raise ConnectionError("the connection to the broker is lost")
        return self._client

    def _topic(self, leaf: str) -> str:
        return TOPIC.format(device=self._device, leaf=leaf)

    def _subscribe(self, client: mqtt.Client, *_: object) -> None:
        """Called by the client's own thread once it is connected."""
        client.subscribe([(self._topic(leaf), 1) for leaf in ("committed", "refused")])

    def _hear(self, message: mqtt.MQTTMessage) -> None:
        """Called by the client's own thread."""
        said = json.loads(message.payload)
        if message.topic.endswith("/committed"):
            self._heard.put(Committed(said["boot_id"], said["seq"]))
        else:
            self._heard.put(Refused(said["sha256"], said["detail"], said["again"]))


class HttpLink:
    """Sends to `POST /v1/readings`; the answer to each batch is its word.

    Args:
        url: of the node.
        token: of the device's account.
        transport: other than the network, for a node in the same process.
    """

    def __init__(self, url: str, token: str, transport: httpx.BaseTransport | None = None) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": _MEDIA_TYPE}
        self._transport = transport
        self._client: httpx.Client | None = None
        self._heard: list[Word] = []

    def connect(self) -> None:
        """Make ready."""
        self._client = httpx.Client(
            base_url=self._url,
            headers=self._headers,
            trust_env=False,
            transport=self._transport,
        )

    def send(self, message: bytes) -> None:
        """Send a batch and keep its answer. Raises: OSError: the node is away or busy."""
        if self._client is None:
            raise ConnectionError("not connected")
        try:
            answer = self._client.post("/v1/readings", content=message)
        except httpx.HTTPError as error:
            raise ConnectionError(str(error)) from error
        said = answer.json() if answer.content else {}
        if answer.status_code == httpx.codes.CREATED:
            self._heard.append(Committed(said["data"]["boot_id"], said["data"]["committed_seq"]))
        elif answer.status_code in (429, 502, 503, 504):
            raise ConnectionError(f"the node is busy ({answer.status_code})")
        else:
            digest = sha256(message).hexdigest()
            again = answer.status_code >= 500
            self._heard.append(Refused(digest, str(said.get("detail", answer.status_code)), again))

    def words(self) -> Sequence[Word]:
        """Return the answers."""
        found, self._heard = self._heard, []
        return found

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None
