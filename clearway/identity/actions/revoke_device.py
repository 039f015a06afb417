"""A device, or one of its keys, counts no more."""

from __future__ import annotations

from clearway.errors import NotFound, WrongState
from clearway.identity import tables_devices
from clearway.identity.actions.close_account import close_account
from clearway.identity.facts import DeviceKeyRevoked, DeviceRevoked
from clearway.identity.hand import Hand
from clearway.ledger.fact import Fact


def revoke_device(act: Hand, device: str, reason: str) -> Fact:
    """Revoke a device for good: stolen, broken, sold. Its account and all its keys end with it.

    Raises: Refused. NotFound: no such device. WrongState: it is revoked already.
    """
    act.require("identity.manage", what="device", device=device)
    if not tables_devices.get_device(act.connection, device).is_valid:
        raise WrongState(f"The device {device!r} is revoked already")
    close_account(act, device, reason)
    return act.append(DeviceRevoked(device, reason), subject=f"device:{device}")


def revoke_device_key(act: Hand, device: str, serial: str, reason: str) -> Fact:
    """Revoke one key of a device; the device goes on with another.

    Args:
        serial: of a certificate of the key, hex.

    Raises: Refused. NotFound: no such device, or no such certificate of it. WrongState: it is
    revoked already.
    """
    act.require("identity.manage", what="device", device=device)
    keys = tables_devices.get_device(act.connection, device).keys
    key = next((one for one in keys if one.serial == serial), None)
    if key is None:
        raise NotFound(f"The device {device!r} has no certificate with the serial {serial!r}")
    if key.revoked_at is not None:
        raise WrongState(f"The key of the certificate {serial} is revoked already")
    return act.append(DeviceKeyRevoked(device, serial, reason), subject=f"device:{device}")
