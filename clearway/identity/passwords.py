"""Passwords, for people at the console: argon2id (RFC 9106).

Hashing takes tens of milliseconds on purpose: do it beside the writer, never in it. The salt comes
from the node.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import Connection

from clearway.errors import BadTerm, NotAuthenticated, TryLater
from clearway.identity import rules, tables, vault
from clearway.identity.model import Actor

_SALT_BYTES = 16
# RFC 9106, section 4, second recommendation (64 MiB, three passes), on one lane: officers sign in
# one by one, and a node has few cores.
_HASHER = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=1, type=Type.ID)


def hash_password(password: str, account: str, salt: bytes) -> str:
    """Return the argon2id hash of a new password, parameters and salt included.

    Raises: BadTerm: too short, too long or too plain a password (`rules.require_password`), or
    fewer than 16 bytes of salt.
    """
    rules.require_password(password, account)
    if len(salt) < _SALT_BYTES:
        raise BadTerm("Salt", f"{len(salt)} bytes", f"must be {_SALT_BYTES} random bytes")
    return _HASHER.hash(password, salt=salt)


def authenticate_password(
    connection: Connection,
    account: str,
    password: str,
    now: datetime,
    *,
    wall: datetime | None = None,
) -> Actor:
    """Return whose account this is; costs the same whether or not there is such an account.

    Whoever calls counts a no (`actions.record_failure`) and opens a session upon a yes.

    Args:
        now: for which instant the mandates are looked up, aware UTC.
        wall: by which failures are forgotten (see `actions.sign_in`); without it, `now`.

    Raises: NotAuthenticated: no such account, a wrong password, or the account is closed.
    TryLater: too many wrong passwords before; nothing was tried.
    """
    found = vault.find_password(connection, account)
    if found is not None:
        wait = rules.wait_after(found[0].failures, found[0].failed_at, wall or now)
        if wait > timedelta(0):
            seconds = int(wait.total_seconds()) + 1
            raise TryLater(
                f"Too many wrong passwords for this account; try again in {seconds} seconds",
                retry_after_s=seconds,
            )
    is_right = _matches(found[1] if found is not None else _nobody(), password)
    who = tables.find_account(connection, account)
    if found is None or who is None or not who.is_open or not is_right:
        raise NotAuthenticated("The account or the password is wrong")
    return tables.actor_of(connection, who, now)


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password[: rules.LONGEST_PASSWORD + 1])
    except (Argon2Error, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    """Return a hash on which an unknown name costs the same time as a known one."""
    return _HASHER.hash("nobody has this password", salt=bytes(_SALT_BYTES))
