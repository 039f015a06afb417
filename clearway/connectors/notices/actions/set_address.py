"""Somebody says where they want to be told, or that they no longer do."""

from __future__ import annotations

from dataclasses import replace

from clearway.connectors.notices import rules, tables
from clearway.connectors.notices.facts import AddressSet, AddressWithdrawn
from clearway.connectors.notices.model import Address
from clearway.errors import BadTerm, WrongState
from clearway.ledger.fact import Fact
from clearway.policy.act import Act

MOST_ADDRESSES = 1_000


def set_address(act: Act, address: Address, *, renew_secret: bool = False) -> Address:
    """Record an address and return it as it stands; it replaces an earlier one of its name.

    Args:
        address: its `generation` does not count.
        renew_secret: make a new webhook secret; the former one still counts for a day.

    Raises: BadTerm: it cannot be. WrongState: the name is another party's, or there are too many.
    Refused.
    """
    _require(act, address)
    rules.require_possible(address)
    known = tables.find_address(act.connection, address.name)
    if known is not None:
        _require(act, known)
    elif len(tables.list_addresses(act.connection)) >= MOST_ADDRESSES:
        raise WrongState(f"There are {MOST_ADDRESSES:,} addresses already; withdraw one first")
    generation = 0 if known is None else known.generation + renew_secret
    made = replace(address, generation=generation)
    if made != known:
        act.append(AddressSet(made), subject=f"address:{made.name}")
    return made


def withdraw_address(act: Act, name: str, reason: str) -> Fact:
    """Record that nobody is told there any more; what waits for it is cancelled.

    Raises: NotFound: there is none. BadTerm: no reason. Refused.
    """
    address = tables.get_address(act.connection, name)
    _require(act, address)
    if not reason.strip() or len(reason) > 1_000:
        raise BadTerm("reason", reason, "say in a sentence why", field="reason")
    return act.append(AddressWithdrawn(name, reason), subject=f"address:{name}")


def _require(act: Act, address: Address) -> None:
    act.require("notice.manage", **stated(address))


def stated(address: Address) -> dict[str, str]:
    """Return what policy is told of an address: whose it is, and as whom it hears."""
    party = {"party": address.party} if address.party else {}
    return {"agency": address.agency, "audience": address.audience, **party}
