"""An agency leaves, is suspended, or resumes."""

from __future__ import annotations

from clearway.errors import WrongState
from clearway.identity import rules_agencies, tables_agencies
from clearway.identity.agencies import Status
from clearway.identity.facts_agencies import AgencyLeft, AgencyResumed, AgencySuspended
from clearway.identity.hand import Hand
from clearway.ledger.fact import Fact


def dismiss_agency(
    act: Hand, agency: str, reason: str, *, own_origin: str, is_own_wish: bool = False
) -> Fact:
    """End an agency's part from now on; what it signed before stays valid.

    Args:
        is_own_wish: it leaves by itself, so that no vote is needed.

    Raises: Refused. NotFound. WrongState: it left already, or the agencies must vote first.
    """
    act.require("agency.manage", subject=agency)
    found = tables_agencies.get_agency(act.connection, agency)
    if found.status is Status.LEFT:
        raise WrongState(f"{found.origin!r} left already")
    if not is_own_wish:
        agencies = tables_agencies.list_agencies(act.connection)
        decisions = tables_agencies.list_decisions(act.connection)
        rules_agencies.require_removable(found, own_origin, agencies, decisions)
    return act.append(AgencyLeft(agency, reason), subject=f"agency:{agency}")


def suspend_agency(act: Hand, agency: str, reason: str) -> Fact:
    """Give it nothing and count none of its cosignatures here, until it is resumed.

    Raises: Refused. NotFound. WrongState: it does not take part now.
    """
    act.require("agency.manage", subject=agency)
    found = tables_agencies.get_agency(act.connection, agency)
    if found.status is not Status.JOINED:
        raise WrongState(f"{found.origin!r} is {found.status}; only who takes part is suspended")
    return act.append(AgencySuspended(agency, reason), subject=f"agency:{agency}")


def resume_agency(act: Hand, agency: str, reason: str) -> Fact:
    """Let a suspended agency take part again. Raises: Refused. NotFound. WrongState."""
    act.require("agency.manage", subject=agency)
    found = tables_agencies.get_agency(act.connection, agency)
    if found.status is not Status.SUSPENDED:
        raise WrongState(f"{found.origin!r} is {found.status}, not suspended")
    return act.append(AgencyResumed(agency, reason), subject=f"agency:{agency}")
