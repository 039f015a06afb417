"""Sessions of the console: opened, kept, ended. They are no facts: only who acts in them is."""

from __future__ import annotations

from clearway.identity import vault
from clearway.identity.credentials import digest_of, session_text
from clearway.identity.hand import Hand


def sign_in(act: Hand, secret: bytes) -> str:
    """Return a new session of the actor, who has just proved its password.

    Args:
        secret: 32 random bytes, from the node.

    Raises: BadTerm: too few bytes.
    """
    session = session_text(secret)
    vault.keep_session(act.connection, digest_of(session), act.actor.id, act.now)
    return session


def stay_signed_in(act: Hand, session: str) -> None:
    """Note that the session is in use; once a minute is enough."""
    vault.touch_session(act.connection, digest_of(session), act.now)


def sign_out(act: Hand, session: str) -> None:
    """End a session at once."""
    vault.end_sessions(act.connection, digest=digest_of(session))


def record_failure(act: Hand, account: str) -> None:
    """Count a wrong password; after five, each further attempt must wait."""
    vault.count_failure(act.connection, account, act.now)
