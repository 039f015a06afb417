"""Tokens and sessions: how they look, and whose they are.

A token is `cw_` and the base64url text of at least 32 random bytes; a session cookie is the same
without the prefix. Only the SHA-256 of the text is kept. The random bytes come from the node: this
file has no dice. Every no sounds alike, so that a guesser learns nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta

from sqlalchemy import Connection

from clearway.errors import BadTerm, NotAuthenticated
from clearway.identity import rules, tables, vault
from clearway.identity.model import Account, Actor

SECRET_BYTES = 32
_PREFIX = "cw_"
_LONGEST_TEXT = 200


def token_text(secret: bytes) -> str:
    """Return the token of random bytes. Raises: BadTerm: fewer than 32."""
    return _PREFIX + _text(secret)


def session_text(secret: bytes) -> str:
    """Return the session cookie of random bytes. Raises: BadTerm: fewer than 32."""
    return _text(secret)


def digest_of(text: str) -> bytes:
    """Return what is kept of a token or a session: 32 bytes."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def credential_id(digest: bytes) -> str:
    """Return the name of a token for people and facts: 12 hex digits, of no use to a guesser."""
    return hashlib.sha256(b"clearway credential" + digest).hexdigest()[:12]


def form_key(session: str) -> str:
    """Return the key that the forms of a session must send back (against forged requests)."""
    return hmac.new(session.encode(), b"clearway forms", hashlib.sha256).hexdigest()


def authenticate_token(connection: Connection, token: str, now: datetime) -> Actor:
    """Return whose token this is: one indexed look-up, and one for the mandates of a trader.

    Raises: NotAuthenticated: unknown, expired or revoked, or the account is closed.
    """
    if not token.startswith(_PREFIX) or len(token) > _LONGEST_TEXT:
        raise _not_valid("token")
    digest = digest_of(token)
    found = vault.find_token(connection, digest, now)
    if found is None or not hmac.compare_digest(found[0], digest):
        raise _not_valid("token")
    return _actor(connection, found[1], now, "token")


def authenticate_session(
    connection: Connection,
    session: str,
    now: datetime,
    *,
    wall: datetime | None = None,
    longest: timedelta = rules.LONGEST_SESSION,
) -> Actor:
    """Return whose session this is.

    Args:
        now: for which instant the mandates are looked up, aware UTC.
        wall: by which the session ages (see `actions.sign_in`); without it, `now`.
        longest: how long it may stay open; never more than `rules.LONGEST_SESSION`.

    Raises: NotAuthenticated: unknown, ended, at rest too long, or the account is closed.
    """
    digest = digest_of(session[: _LONGEST_TEXT + 1])
    found = vault.find_session(connection, digest)
    if found is None or not hmac.compare_digest(found[0].digest, digest):
        raise _not_valid("session")
    kept, at = found[0], wall or now
    if not rules.session_lives(kept.created_at, kept.last_seen_at, at, longest):
        raise _not_valid("session")
    return _actor(connection, found[1], now, "session")


def _actor(connection: Connection, account: Account, now: datetime, what: str) -> Actor:
    if not account.is_open:
        raise _not_valid(what)
    return tables.actor_of(connection, account, now)


def _not_valid(what: str) -> NotAuthenticated:
    return NotAuthenticated(
        f"This {what} is not valid: unknown, expired or withdrawn; sign in again"
    )


def _text(secret: bytes) -> str:
    if len(secret) < SECRET_BYTES:
        raise BadTerm("Secret", f"{len(secret)} bytes", f"must be {SECRET_BYTES} random bytes")
    return base64.urlsafe_b64encode(secret).rstrip(b"=").decode("ascii")
