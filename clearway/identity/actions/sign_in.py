"""Sessions of the console: opened, kept, ended. They are no facts: only who acts in them is.

A session ages by the machine's own clock (`wall`), which differs from `act.now` while a day is
replayed; without it, `act.now` serves.
"""

from __future__ import annotations

from datetime import datetime

from clearway.identity import vault
from clearway.identity.credentials import digest_of, session_text
from clearway.identity.hand import Hand


def sign_in(act: Hand, secret: bytes, *, wall: datetime | None = None) -> str:
    """Return a new session of the actor, who has just proved its password.

    Args:
        secret: 32 random bytes, from the node.
        wall: instant of the machine's own clock, aware UTC.

    Raises: BadTerm: too few bytes.
    """
    session = session_text(secret)
    vault.keep_session(act.connection, digest_of(session), act.actor.id, wall or act.now)
    return session


def stay_signed_in(act: Hand, session: str, *, wall: datetime | None = None) -> None:
    """Note that the session is in use; once a minute is enough."""
    vault.touch_session(act.connection, digest_of(session), wall or act.now)


def sign_out(act: Hand, session: str) -> None:
    """End a session at once."""
    vault.end_sessions(act.connection, digest=digest_of(session))


def record_failure(act: Hand, account: str, *, wall: datetime | None = None) -> None:
    """Count a wrong password; after five, each further attempt must wait."""
    vault.count_failure(act.connection, account, wall or act.now)
