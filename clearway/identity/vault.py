"""Secrets, as far as they are kept: hashes only, in tables that no fact and no rebuild touches.

A token or a session is found by the SHA-256 of its high-entropy text, so a copy of these tables
opens nothing. A password is kept as argon2id (`passwords.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Connection,
    Row,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)

from clearway.identity import tables
from clearway.identity.model import Account
from clearway.identity.tables import credential, session

TOKEN, PASSWORD = "token", "password"


@dataclass(frozen=True, slots=True)
class Credential:
    """A token or password, without what it is made of.

    Args:
        id: for people and facts; gives nothing away.
        kind: `token` or `password`.
        failures: attempts since the last success.
    """

    id: str
    account: str
    kind: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    failures: int
    failed_at: datetime | None

    def is_live(self, now: datetime) -> bool:
        """Return whether it may open the door: neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in to the console."""

    digest: bytes
    account: str
    created_at: datetime
    last_seen_at: datetime


_LIFE = ("created_at", "expires_at", "revoked_at")
# One indexed look-up for each request that comes in with a token.
_BY_DIGEST = (
    select(
        tables.account,
        credential.c.digest,
        *(credential.c[name].label(f"token_{name}") for name in _LIFE),
    )
    .select_from(credential.join(tables.account, credential.c.account == tables.account.c.id))
    .where(credential.c.digest == bindparam("wanted"), credential.c.kind == TOKEN)
)
_SESSION_BY_DIGEST = (
    select(
        tables.account,
        session.c.digest,
        session.c.created_at,
        session.c.last_seen_at,
    )
    .select_from(session.join(tables.account, session.c.account == tables.account.c.id))
    .where(session.c.digest == bindparam("wanted"))
)


def find_token(
    connection: Connection, digest: bytes, now: datetime
) -> tuple[bytes, Account] | None:
    """Return the digest and account of a live token, or None; the account may be closed."""
    row = connection.execute(_BY_DIGEST, {"wanted": digest}).first()
    if row is None or row.token_revoked_at is not None:
        return None
    if row.token_expires_at is not None and row.token_expires_at <= now:
        return None
    return row.digest, tables.account_of(row)


def find_session(connection: Connection, digest: bytes) -> tuple[Session, Account] | None:
    """Return a session, still good or not, and its account, or None."""
    row = connection.execute(_SESSION_BY_DIGEST, {"wanted": digest}).first()
    if row is None:
        return None
    return Session(row.digest, row.id, row.created_at, row.last_seen_at), tables.account_of(row)


def find_password(connection: Connection, account: str) -> tuple[Credential, str] | None:
    """Return the account's live password and its argon2id hash, or None."""
    row = connection.execute(
        select(credential).where(
            credential.c.account == account,
            credential.c.kind == PASSWORD,
            credential.c.revoked_at.is_(None),
        )
    ).first()
    return None if row is None else (_credential(row), row.password_hash)


def list_credentials(connection: Connection, account: str) -> list[Credential]:
    """Return the account's tokens and passwords, oldest first, revoked ones too."""
    query = (
        select(credential)
        .where(credential.c.account == account)
        .order_by(credential.c.created_at, credential.c.id)
    )
    return [_credential(row) for row in connection.execute(query)]


def keep_token(
    connection: Connection,
    id: str,
    account: str,
    digest: bytes,
    now: datetime,
    expires_at: datetime | None,
) -> None:
    """Keep the digest of a new token."""
    connection.execute(
        insert(credential).values(
            id=id, account=account, kind=TOKEN, digest=digest, created_at=now, expires_at=expires_at
        )
    )


def keep_password(
    connection: Connection, id: str, account: str, password_hash: str, now: datetime
) -> None:
    """Keep the hash of a new password; the earlier one is revoked."""
    connection.execute(
        update(credential)
        .where(credential.c.account == account, credential.c.kind == PASSWORD)
        .values(revoked_at=now)
    )
    connection.execute(
        insert(credential).values(
            id=id, account=account, kind=PASSWORD, password_hash=password_hash, created_at=now
        )
    )


def revoke(connection: Connection, account: str, now: datetime, id: str | None = None) -> int:
    """Revoke one live credential of an account, or all; return how many."""
    chosen = update(credential).where(
        credential.c.account == account, credential.c.revoked_at.is_(None)
    )
    if id is not None:
        chosen = chosen.where(credential.c.id == id)
    return connection.execute(chosen.values(revoked_at=now)).rowcount


def mark_used(connection: Connection, digests: Iterable[bytes], now: datetime) -> None:
    """Note that these tokens came in; a worker does it now and then, no request waits for it."""
    connection.execute(
        update(credential).where(credential.c.digest.in_(list(digests))).values(last_used_at=now)
    )


def count_failure(connection: Connection, account: str, now: datetime) -> None:
    """Note a wrong password."""
    connection.execute(
        update(credential)
        .where(credential.c.account == account, credential.c.kind == PASSWORD)
        .values(failures=credential.c.failures + 1, failed_at=now)
    )


def keep_session(connection: Connection, digest: bytes, account: str, now: datetime) -> None:
    """Open a session; a right password also clears the failures before it."""
    connection.execute(
        insert(session).values(digest=digest, account=account, created_at=now, last_seen_at=now)
    )
    connection.execute(
        update(credential)
        .where(credential.c.account == account, credential.c.kind == PASSWORD)
        .values(failures=0, failed_at=None, last_used_at=now)
    )


def touch_session(connection: Connection, digest: bytes, now: datetime) -> None:
    """Note that the session is in use."""
    connection.execute(update(session).where(session.c.digest == digest).values(last_seen_at=now))


def end_sessions(
    connection: Connection, *, digest: bytes | None = None, account: str | None = None
) -> int:
    """Forget the session of this digest, and every session of this account; return how many."""
    chosen = delete(session).where(or_(session.c.digest == digest, session.c.account == account))
    return connection.execute(chosen).rowcount


def forget_sessions_before(connection: Connection, instant: datetime) -> int:
    """Forget sessions that were not in use since `instant`; return how many."""
    return connection.execute(delete(session).where(session.c.last_seen_at < instant)).rowcount


def _credential(row: Row[tuple[object, ...]]) -> Credential:
    return Credential(
        id=row.id,
        account=row.account,
        kind=row.kind,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        failures=row.failures,
        failed_at=row.failed_at,
    )
