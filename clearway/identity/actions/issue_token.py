"""An account gets a token."""

from __future__ import annotations

from datetime import datetime

from clearway.errors import RuleViolation, WrongState
from clearway.identity import tables, vault
from clearway.identity.credentials import credential_id, digest_of, token_text
from clearway.identity.facts import CredentialIssued
from clearway.identity.hand import Hand


def issue_token(
    act: Hand, account: str, secret: bytes, *, expires_at: datetime | None = None
) -> str:
    """Return a new token of an open account: the only time that it is seen.

    Args:
        secret: 32 random bytes, from the node.
        expires_at: aware UTC; None: until it is revoked.

    Raises: Refused. NotFound: no such account. WrongState: it is closed. BadTerm: too few bytes.
    RuleViolation: it would have expired already.
    """
    act.require("identity.manage", what="credential", account=account)
    if not tables.get_account(act.connection, account).is_open:
        raise WrongState(f"The account {account!r} is closed; a token would open nothing")
    if expires_at is not None and expires_at <= act.now:
        raise RuleViolation(f"The token would have expired already, at {expires_at.isoformat()}")
    token = token_text(secret)
    digest = digest_of(token)
    id = credential_id(digest)
    vault.keep_token(act.connection, id, account, digest, act.now, expires_at)
    body = CredentialIssued(account, id, vault.TOKEN, expires_at)
    act.append(body, subject=f"account:{account}")
    return token
