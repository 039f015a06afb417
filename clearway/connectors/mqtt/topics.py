"""Topics of devices, docs/design/devices-mqtt.md; pure.

    clearway/v1/devices/<device>/readings     the device publishes a batch as JSON
    clearway/v1/devices/<device>/signed       the device publishes a signed batch
    clearway/v1/devices/<device>/committed    the device is told what is durable
    clearway/v1/devices/<device>/refused      the device is told what was refused, and why

A device's name is the common name of its certificate and one level of a topic. It has no dot, so
that no device can bear the name of a service (`CONSUMER`), and nothing that a broker reads as a
wildcard, a level, or syntax of its configuration.
"""

from __future__ import annotations

import re
from typing import Literal

from clearway.errors import BadTerm
from clearway.identity.rules import require_device_name

ROOT = "clearway/v1/devices"
CONSUMER = "clearway.consumer"
"""Common name of the certificate that the consumer shows."""

Form = Literal["json", "signed"]
FORMS: dict[str, Form] = {"readings": "json", "signed": "signed"}
"""Last level of what devices publish, and the form of what it bears."""

ANSWERS = ("committed", "refused")
FILTERS = tuple(f"{ROOT}/+/{leaf}" for leaf in FORMS)

_TOPIC = re.compile(rf"{ROOT}/([0-9A-Za-z_-]{{1,64}})/({'|'.join(FORMS)})".encode())


def require_device(name: str) -> str:
    """Return a name that a device may bear. Raises: BadTerm: it is none."""
    require_device_name(name)
    return name


def published(device: str, leaf: str) -> str:
    """Return the topic of a device. Raises: BadTerm: no name of a device."""
    return f"{ROOT}/{require_device(device)}/{leaf}"


def read(topic: bytes) -> tuple[str, Form] | None:
    """Return device and form of a topic that devices publish under; None for any other."""
    found = _TOPIC.fullmatch(topic)
    if found is None:
        return None
    device = found[1].decode()
    try:
        require_device_name(device)
    except BadTerm:
        return None
    return device, FORMS[found[2].decode()]
