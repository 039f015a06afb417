"""What `clearway hub` does for a country."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clearway.certificates.formats import sps_certificate
from clearway.cli.store import opened as store_opened
from clearway.connectors.ippc_hub import tables
from clearway.connectors.ippc_hub.client import HubClient, NotDelivered, RefusedByHub, Unreachable
from clearway.connectors.ippc_hub.formats import soap
from clearway.connectors.ippc_hub.model import Envelope, Header
from clearway.errors import BadTerm, NotFound, RuleViolation
from clearway.node import hub
from clearway.node.clock import entropy, utc_now
from clearway.node.node import Node
from clearway.settings import load


@contextmanager
def client(file: Path | None) -> Iterator[HubClient]:
    """Give the client of the settings' hub; what it refuses is told as its sentence.

    Raises: InputError: no hub is named. NotFound: the hub refused.
    """
    with hub.client_of(load(file)) as opened:
        try:
            yield opened
        except soap.Fault as error:
            raise NotFound(f"The hub says: {error.detail}") from error


def standing(file: Path | None) -> dict[str, Any]:
    """Return what this node and the hub know of the exchange."""
    settings = load(file)
    with store_opened(file) as (_, _, connection):
        found: dict[str, Any] = {"hub": settings.hub_url, "country": hub.country_of(settings)}
        found |= tables.count(connection)
    try:
        with client(file) as opened:
            profile = opened.profile()
            found |= {
                "reached": True,
                "known as": profile.country,
                "waiting for us": len(opened.headers()),
                "under delivery": len(opened.under_delivery()),
            }
    except Unreachable as error:
        found |= {"reached": False, "why": error.detail}
    return found


def sync(file: Path | None) -> dict[str, int]:
    """Go round once on a node that stands still; return what was done, by number."""
    with (
        Node.open(load(file), clock=utc_now, entropy=entropy) as node,
        hub.opened(node) as opened,
    ):
        return opened.round().numbers()


def send(file: Path | None, document: bytes, *, validate: bool) -> dict[str, str]:
    """Send one document; return what became of it.

    Raises: BadTerm: it cannot go by a hub. RuleViolation: another country issued it.
    """
    settings = load(file)
    certificate, _ = sps_certificate.read(document)
    ours = hub.country_of(settings)
    if certificate.issuing_country != ours:
        raise RuleViolation(
            f"The certificate was issued by {certificate.issuing_country}; the hub knows us as"
            f" {ours}, and a country sends its own certificates only"
        )
    if certificate.importing_country is None:
        raise BadTerm("ImportSPSCountry", "", "must be stated, to know where it goes")
    envelope = Envelope(
        from_=str(ours),
        to=str(certificate.importing_country),
        certificate_type=_code("TypeCode", certificate.type_code),
        certificate_status=_code("StatusCode", certificate.status),
        nppo_number=certificate.number,
        content=document.decode(),
    )
    with client(file) as opened:
        outcome = (opened.validate_and_deliver if validate else opened.deliver)(envelope)
    if isinstance(outcome, RefusedByHub):
        return {"outcome": "refused", "number": "", "reason": outcome.reason}
    if isinstance(outcome, NotDelivered):
        number = outcome.header.hub_number
        return {"outcome": "on paper", "number": number, "reason": outcome.reason}
    return {"outcome": "on its way", "number": outcome.header.hub_number, "reason": ""}


def waiting(file: Path | None) -> tuple[Header, ...]:
    """Return what waits for us at the hub."""
    with client(file) as opened:
        return opened.headers()


def content_of(file: Path | None, number: str) -> str:
    """Return an envelope's content. Raises: NotFound: there is none for us."""
    with client(file) as opened:
        return opened.pull(number).content


def _code(name: str, stated: str) -> int:
    if not (stated.isascii() and stated.isdigit()):
        raise BadTerm(name, stated, "must be a number to go by a hub")
    return int(stated)
