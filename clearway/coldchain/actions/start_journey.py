"""Perishable goods go into a container: from now on its readings are judged for them."""

from __future__ import annotations

from hashlib import sha256

from clearway.coldchain import commodities, intake
from clearway.coldchain.actions.announce import announce
from clearway.coldchain.facts import JourneyStarted, subject
from clearway.coldchain.model import Alarm, Journey
from clearway.ledger.fact import encode
from clearway.policy.act import Act


def start_journey(act: Act, journey: Journey) -> tuple[Alarm, ...]:
    """Record the start of a journey and return the alarms that it raises at once.

    A journey told twice with the same words is recorded once.

    Raises:
        NotFound: the library has no such commodity.
        RuleViolation: it was loaded in the future, or a figure cannot be.
        ConflictingKey: the same container and hour of loading were told otherwise before.
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
    fact = act.append(body, subject=subject(journey), occurred_at=journey.loaded_at)
    act.tx.claim(JourneyStarted.TYPE, key, digest, fact)
    return announce(act, journey.container)
