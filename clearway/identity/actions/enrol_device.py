"""A logger, tracker or reader may record what it measures."""

from __future__ import annotations

from clearway.identity import rules
from clearway.identity.actions.open_account import open_account
from clearway.identity.facts import DeviceEnrolled
from clearway.identity.hand import Hand
from clearway.identity.model import ActorKind, Role
from clearway.ledger.fact import Fact
from clearway.terms.identifiers import PartyId
from clearway.terms.transport import ContainerNumber


def enrol_device(
    act: Hand,
    device: str,
    *,
    maker: str = "",
    container: ContainerNumber | None = None,
    party: PartyId | None = None,
) -> Fact:
    """Enrol a device and open the account of the same name, under the actor's agency.

    Args:
        device: its serial number, as it states it with its readings.
        container: where it is fixed, if it is; it speaks for no other (`Device.is_fixed_to`).
        party: who owns it, if known.

    Raises: as `open_account`. BadTerm: no name of a device.
    """
    act.require("identity.manage", what="device", device=device)
    rules.require_device_name(device)
    agency = act.actor.agency
    open_account(act, device, ActorKind.DEVICE, agency, [Role.DEVICE], party=party, name=device)
    body = DeviceEnrolled(device, agency, maker, container, party)
    return act.append(body, subject=f"device:{device}")
