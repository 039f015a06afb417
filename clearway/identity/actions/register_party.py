"""An agency registers a party."""

from __future__ import annotations

from clearway.errors import BadTerm
from clearway.identity.facts import PartyRegistered
from clearway.identity.hand import Hand
from clearway.ledger.fact import Fact
from clearway.terms.identifiers import PartyId
from clearway.terms.places import Country

_LONGEST_NAME = 200


def register_party(
    act: Hand, party: PartyId, name: str, country: Country, address: str = ""
) -> Fact:
    """Record who stands behind a party number; a later registration replaces an earlier one.

    Raises: Refused. BadTerm: no name, or one of over 200 characters.
    """
    act.require("identity.manage", what="party", party=party)
    if not name.strip() or len(name) > _LONGEST_NAME:
        raise BadTerm("Name", name, f"must be 1 to {_LONGEST_NAME} characters")
    body = PartyRegistered(party, name.strip(), country, address.strip(), act.actor.agency)
    return act.append(body, subject=f"party:{party}")
