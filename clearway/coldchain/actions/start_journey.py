"""Perishable goods go into a container: from now on its readings are judged for them."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

from clearway.coldchain import commodities, intake, tables
from clearway.coldchain.actions.announce import announce
from clearway.coldchain.facts import JourneyStarted, subject
from clearway.coldchain.model import Alarm, Journey
from clearway.errors import Refused
from clearway.identity.model import ActorKind, Role
from clearway.ledger.fact import encode
from clearway.policy.act import Act

LONGEST_JOURNEY = timedelta(days=92)
"""After it a container is taken to be empty, though nobody told that it left."""

_CARRIES = frozenset({Role.CARRIER, Role.TERMINAL})


def start_journey(act: Act, journey: Journey) -> tuple[Alarm, ...]:
    """Record the start of a journey and return the alarms that it raises at once.

    A journey told twice with the same words is recorded once.

    Raises:
        NotFound: the library has no such commodity.
        RuleViolation: it was loaded in the future, or a figure cannot be.
        ConflictingKey: the same container and hour of loading were told otherwise before.
        Refused: also a firm, where another's goods are in the container.
    """
    party = {} if journey.party is None else {"party": str(journey.party)}
    act.require("coldchain.start_journey", container=journey.container, **party)
    commodities.get(journey.commodity)
    intake.require_possible_journey(journey, act.now)
    body = JourneyStarted.of(journey)
    key, digest = (
        f"{journey.container} {journey.loaded_at.isoformat()}",
        sha256(encode(body)).digest(),
    )
    if act.tx.earlier(JourneyStarted.TYPE, key, digest) is not None:
        return ()
    _require_empty(act, journey)
    fact = act.append(body, subject=subject(journey), occurred_at=journey.loaded_at)
    act.tx.claim(JourneyStarted.TYPE, key, digest, fact)
    return announce(act, journey.container)


def _require_empty(act: Act, journey: Journey) -> None:
    """Refuse a firm to end the journey of another's goods. Raises: Refused."""
    unit = tables.find_unit(act.connection, journey.container)
    known = None if unit is None or unit.departed_at is not None else unit.journey
    if act.actor.kind is not ActorKind.TRADER or known is None or known.party is None:
        return
    is_own = known.party == journey.party or str(known.party) in act.actor.represents
    if is_own or act.actor.roles & _CARRIES or act.now - known.loaded_at > LONGEST_JOURNEY:
        return
    raise Refused(
        f"Another party's goods are in {journey.container} since {known.loaded_at.isoformat()}; its"
        " carrier or terminal tells when others are loaded"
    )
