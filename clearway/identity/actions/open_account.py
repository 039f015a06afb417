"""Somebody, or something, may come in."""

from __future__ import annotations

from collections.abc import Iterable

from clearway.errors import WrongState
from clearway.identity import rules, tables
from clearway.identity.facts import AccountOpened
from clearway.identity.hand import Hand
from clearway.identity.model import ActorKind, Role
from clearway.ledger.fact import Fact
from clearway.terms.identifiers import PartyId


def open_account(
    act: Hand,
    account: str,
    kind: ActorKind,
    agency: str,
    roles: Iterable[Role],
    *,
    party: PartyId | None = None,
    name: str = "",
) -> Fact:
    """Open an account; it has no credential yet (`issue_token`, `set_password`).

    Raises: Refused. RuleViolation: the roles do not go with the kind, or with each other.
    WrongState: the name is, or was, another's.
    """
    act.require("identity.manage", what="account", account=account)
    held = frozenset(roles)
    rules.require_account(account, kind, agency, held, party)
    if tables.find_account(act.connection, account) is not None:
        raise WrongState(f"The name {account!r} is, or was, given to an account; choose another")
    body = AccountOpened(account, kind, agency, tuple(sorted(held)), party, name or account)
    return act.append(body, subject=f"account:{account}")
