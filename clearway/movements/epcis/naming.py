"""What named queries and subscriptions must be, and whose they are."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection

from clearway.errors import BadTerm, NotFound, Refused, TooLarge, WrongState
from clearway.identity.model import Actor, ActorKind, Role
from clearway.movements.epcis import parameters, schedule, standing
from clearway.movements.epcis.query import Query
from clearway.movements.epcis.standing import NamedQuery, Subscription
from clearway.policy.act import Policy

MOST_BYTES = 64 * 1024
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,99}")
_PRINTED = re.compile(r"[\x21-\x7e]+")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_MOST_URL = 2_048


def sees_all(policy: Policy, actor: Actor) -> bool:
    """Return whether an account may see every event; if not, those of its own containers.

    Raises: Refused: it may see none.
    """
    try:
        policy.require(actor, "movement.read", {})
    except Refused:
        if actor.party is None:
            raise
        policy.require(actor, "movement.read", {"party": str(actor.party)})
        return False
    return True


def may_see(actor: Actor, agency: str, owner: str) -> bool:
    """Return whether a job, query or subscription is the account's, or of an officer's agency."""
    return actor.reference == owner or (only_of(actor) == "" and actor.agency == agency)


def only_of(actor: Actor) -> str:
    """Return whose lists are narrowed to their own: the account; "" for its whole agency."""
    return "" if actor.kind in (ActorKind.OFFICER, ActorKind.SYSTEM) else actor.reference


def require_name(name: str) -> None:
    """Raises: BadTerm: a query cannot have this name."""
    if _NAME.fullmatch(name) is None:
        rule = "must be 1 to 100 letters, digits and . _ ~ -, beginning with a letter or digit"
        raise BadTerm("name", name, rule, field="name")


def read_definition(definition: dict[str, Any]) -> Query:
    """Return the query of a definition; `@context` declares prefixes of extensions.

    Raises: RuleViolation: a parameter is wrong. TooLarge.
    """
    if len(json.dumps(definition, default=str)) > MOST_BYTES:
        raise TooLarge(f"The definition of a query has at most {MOST_BYTES} bytes")
    context = definition.get("@context", ())
    parts = context if isinstance(context, list | tuple) else (context,)
    prefixes = {
        key: value
        for part in parts
        if isinstance(part, dict)
        for key, value in part.items()
        if isinstance(value, str)
    }
    given = {name: value for name, value in definition.items() if name != "@context"}
    return parameters.read(given, prefixes)


def next_time(fields: dict[str, Any], now: datetime) -> datetime:
    """Return when a schedule runs next. Raises: BadTerm: it fits no day."""
    found = schedule.read(fields).after(now)
    if found is None:
        raise BadTerm("schedule", fields, "fits no day of the calendar", field="schedule")
    return found


def require_dest(dest: str, allowed: tuple[str, ...]) -> str:
    """Return an address that this node may call.

    Args:
        allowed: hosts that the operator lists; the machine itself only if it is listed.

    Raises: BadTerm: no https address of a listed host (http on the machine itself).
    """
    rule = "must be an https address of a host in the setting epcis_hosts (http on this machine)"
    if len(dest) > _MOST_URL or _PRINTED.fullmatch(dest) is None:
        raise BadTerm("dest", dest, rule, field="dest")
    try:
        parts = urlsplit(dest)
        host, _port = parts.hostname or "", parts.port
    except ValueError as error:
        raise BadTerm("dest", dest, rule, field="dest") from error
    is_own = host in _LOOPBACK
    is_safe = parts.scheme == "https" or (is_own and parts.scheme == "http")
    if not is_safe or host not in allowed or parts.username or parts.password or parts.fragment:
        raise BadTerm("dest", dest, rule, field="dest")
    return dest


def get_query(connection: Connection, name: str, actor: Actor) -> NamedQuery:
    """Return a query that this account may see. Raises: NotFound."""
    found = standing.find_query(connection, name)
    if found is None or not may_see(actor, found.agency, found.actor):
        raise NotFound(f"There is no query {name[:100]}, or none that you may see")
    return found


def get_subscription(connection: Connection, query: str, id: str, actor: Actor) -> Subscription:
    """Return a subscription that this account may see. Raises: NotFound."""
    found = standing.find_subscription(connection, id)
    if found is None or found.query != query or not may_see(actor, found.agency, found.actor):
        raise NotFound(f"There is no subscription {id[:100]}, or none that you may see")
    return found


def require_owner(actor: Actor, owner: str) -> None:
    """Raises: WrongState: another account made it, and the caller is no administrator."""
    if actor.reference != owner and Role.ADMINISTRATOR not in actor.roles:
        raise WrongState("Another account made this; that account or an administrator ends it")
