"""A token or password opens nothing any more."""

from __future__ import annotations

from clearway.errors import NotFound
from clearway.identity import vault
from clearway.identity.facts import CredentialRevoked
from clearway.identity.hand import Hand
from clearway.ledger.fact import Fact


def revoke_credential(act: Hand, account: str, credential: str, reason: str) -> Fact:
    """Revoke one credential of an account.

    Args:
        credential: its id, as `vault.list_credentials` shows it.

    Raises: Refused. NotFound: the account has no such live credential.
    """
    act.require("identity.manage", what="credential", account=account)
    if vault.revoke(act.connection, account, act.now, credential) == 0:
        raise NotFound(f"The account {account!r} has no live credential {credential!r}")
    body = CredentialRevoked(account, credential, reason)
    return act.append(body, subject=f"account:{account}")
