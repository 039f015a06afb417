"""Somebody, or something, may no longer come in."""

from __future__ import annotations

from clearway.errors import WrongState
from clearway.identity import tables, vault
from clearway.identity.facts import AccountClosed
from clearway.identity.hand import Hand
from clearway.ledger.fact import Fact


def close_account(act: Hand, account: str, reason: str) -> Fact:
    """Close an account for good; its tokens, password and sessions are dead at once.

    Raises: Refused. NotFound: no such account. WrongState: it is closed already, or your own.
    """
    act.require("identity.manage", what="account", account=account)
    if not tables.get_account(act.connection, account).is_open:
        raise WrongState(f"The account {account!r} is closed already")
    if account == act.actor.id:
        raise WrongState("Nobody closes the account that they act with; let another administrator")
    vault.revoke(act.connection, account, act.now)
    vault.end_sessions(act.connection, account=account)
    return act.append(AccountClosed(account, reason), subject=f"account:{account}")
