"""A device's key is bound to its name by a certificate of the agency's authority."""

from __future__ import annotations

from clearway.errors import WrongState
from clearway.identity import tables_devices
from clearway.identity.device_certificates import Issued
from clearway.identity.facts import DeviceCertified
from clearway.identity.hand import Hand
from clearway.ledger.fact import Fact


def certify_device(act: Hand, issued: Issued) -> Fact:
    """Record a certificate that was issued for an enrolled device; a former one is replaced.

    A renewal is the same action: the former key goes on for what was sealed before
    (`DeviceKey.signs_at`).

    Raises: Refused. NotFound: no such device. WrongState: the device, or this key, was revoked.
    """
    act.require("identity.manage", what="device", device=issued.name)
    return record_certificate(act, issued)


def record_certificate(act: Hand, issued: Issued) -> Fact:
    """Record a certificate; policy was asked. Raises: NotFound, WrongState: as above."""
    device = tables_devices.get_device(act.connection, issued.name)
    if not device.is_valid:
        raise WrongState(f"The device {device.id!r} was revoked; enrol another name")
    if any(key.public_key == issued.public_key and key.revoked_at for key in device.keys):
        raise WrongState(f"This key of {device.id!r} was revoked; let the device make a new one")
    body = DeviceCertified(
        device.id,
        issued.serial,
        issued.pem,
        issued.public_key,
        issued.not_before,
        issued.not_after,
    )
    return act.append(body, subject=f"device:{device.id}")
