"""The demo's enrolled devices: certificates, keys, journals, and the broker they send to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from clearway.cli.setup import OWNER
from clearway.errors import ClearwayError, InputError, TryLater
from clearway.identity import device_certificates as certificates
from clearway.identity.actions.certify_device import certify_device
from clearway.identity.actions.enrol_device import enrol_device
from clearway.identity.device_certificates import Issued
from clearway.node import device_authority
from clearway.node.devices_intake import devices_served
from clearway.node.files import write_durably
from clearway.node.node import Node
from clearway.policy.act import Act
from clearway.simulator.day import Day
from clearway.simulator.device import Device, Journal
from clearway.simulator.device_links import MqttLink
from clearway.simulator.enrolled import Devices, Sender, cut_off, enrolled
from clearway.simulator.streams import stream
from clearway.terms.transport import ContainerNumber

_READY_S = 20.0
_JUDGED_S = 60.0


@contextmanager
def devices_of(
    node: Node, day: Day, folder: Path, tell: Callable[[str], None]
) -> Iterator[Devices | None]:
    """Give the day's devices, at the broker that the node starts; None where none starts.

    Args:
        folder: for what devices have: keys, certificates, journals.
    """
    names = enrolled(day)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _enrol(node, names)
    with ExitStack() as stack:
        try:
            with ExitStack() as trial:
                _broker(node, trial)
            # Not before: a device with a key of its own is heard from itself only.
            _certify(node, names, folder)
            port = _broker(node, stack)
        except ClearwayError as error:
            tell(f"No broker, so all readings come over HTTP: {error.detail}")
            yield None
            return
        senders = {box: _sender(node, day, box, name, folder, port) for box, name in names.items()}
        devices = Devices(
            senders, lambda: node.telemetry.following.wait_done(_JUDGED_S), time.monotonic
        )
        stack.callback(devices.close)
        tell(
            f"{len(names)} of {len(day.truth.unit_of)} reefers have enrolled devices: signed"
            f" batches over MQTT with mutual TLS to the node's own broker, port {port}."
        )
        yield devices


def _broker(node: Node, stack: ExitStack) -> int:
    """Return the port of the broker that the node started and reads from.

    Raises: InputError: there is none. TryLater: it does not start, or does not let us in.
    """
    intake = stack.enter_context(devices_served(node))
    if intake is None or intake.server is None:
        raise InputError("the settings name no broker of the node's own")
    if not intake.consumer.wait_ready(_READY_S):
        raise TryLater("it does not let the node in")
    return intake.server.port


def _enrol(node: Node, names: Mapping[str, str]) -> None:
    """Enrol the devices, each fixed to its container."""

    def action(act: Act) -> None:
        for box, name in names.items():
            enrol_device(act, name, maker="Sample loggers", container=ContainerNumber(box))

    node.act(OWNER, action).result()


def _certify(node: Node, names: Mapping[str, str], folder: Path) -> None:
    """Certify the devices; write what they must have."""
    issued = {name: _issue(node, name, folder) for name in names.values()}

    def action(act: Act) -> None:
        for name in names.values():
            certify_device(act, issued[name])

    node.act(OWNER, action).result()


def _issue(node: Node, name: str, folder: Path) -> Issued:
    """Make a device's key and certificate. Certificates hold by the machine's time, as TLS does."""
    chosen = node.settings.agency_name or node.settings.node_name
    authority = device_authority.open_device_authority(
        node.folder, chosen, node.entropy, node.wall()
    )
    key = device_authority.private_key(folder / f"{name}.key", node.entropy)
    serial = node.entropy(certificates.SERIAL_SIZE)
    public_key = certificates.spki(key.public_key())
    issued = certificates.issue_client(name, public_key, authority, serial, node.wall())
    write_durably(folder / f"{name}.crt", issued.pem.encode("ascii"))
    return issued


def _sender(node: Node, day: Day, box: str, name: str, folder: Path, port: int) -> Sender:
    key_file = folder / f"{name}.key"
    key = device_authority.private_key(key_file, node.entropy)
    authority = device_authority.authority_certificate(node.folder)
    device = Device(name, ContainerNumber(box), key, Journal(folder / f"{name}.db"))
    link = MqttLink(name, ("127.0.0.1", port), authority, folder / f"{name}.crt", key_file)
    waits = stream(day.truth.seed, "waits", name)
    return Sender(device, link, waits.random, cut_off(day, box))
