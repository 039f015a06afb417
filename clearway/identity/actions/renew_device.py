"""A device gets a new certificate by its own request."""

from __future__ import annotations

from clearway.identity.actions.certify_device import record_certificate
from clearway.identity.device_certificates import Issued
from clearway.identity.hand import Hand
from clearway.ledger.fact import Fact


def renew_device(act: Hand, issued: Issued) -> Fact:
    """Record the certificate that a device asked for with its present key (`renewal`).

    Raises: Refused: for another device. Else as `certify_device`.
    """
    act.require("identity.renew_device", device=issued.name)
    return record_certificate(act, issued)
