"""An account gets a password, for the console."""

from __future__ import annotations

from clearway.errors import RuleViolation, WrongState
from clearway.identity import tables, vault
from clearway.identity.credentials import credential_id
from clearway.identity.facts import CredentialIssued
from clearway.identity.hand import Hand
from clearway.identity.model import ActorKind
from clearway.ledger.fact import Fact


def set_password(act: Hand, account: str, password_hash: str) -> Fact:
    """Set the password of an open account; the earlier one, and all its sessions, end.

    Everybody may set the own one; the door asks for the earlier one first.

    Args:
        password_hash: made by `passwords.hash_password`, outside of the writer.

    Raises: Refused. NotFound: no such account. WrongState: it is closed. RuleViolation: a device
    or worker has no password.
    """
    if account != act.actor.id:
        act.require("identity.manage", what="credential", account=account)
    who = tables.get_account(act.connection, account)
    if not who.is_open:
        raise WrongState(f"The account {account!r} is closed; a password would open nothing")
    if who.kind not in (ActorKind.OFFICER, ActorKind.TRADER):
        raise RuleViolation(
            f"An account of kind {who.kind} comes in with a token, never with a password"
        )
    id = credential_id(password_hash.encode())
    vault.keep_password(act.connection, id, account, password_hash, act.now)
    vault.end_sessions(act.connection, account=account)
    body = CredentialIssued(account, id, vault.PASSWORD, None)
    return act.append(body, subject=f"account:{account}")
