"""Which events an account may see: officers and carriers all, traders those of their own goods.

A trader sees an event of a container that one of its declarations names, from a quarter before the
lodging until a week after the release: the same box carries another's goods before and after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from clearway.clearance.stays import ContainerStay, container_stays
from clearway.identity.model import Actor
from clearway.movements.epcis import naming
from clearway.movements.epcis.index import IDENTIFIERS
from clearway.movements.epcis.meaning import CONTAINER
from clearway.movements.epcis.model import Event
from clearway.movements.epcis.query import Clause, Match, Pattern
from clearway.policy.act import Policy

BEFORE_LODGING = timedelta(days=92)
AFTER_RELEASE = timedelta(days=7)
MOST_CONTAINERS = 1_000
"""The newest of a trader; older ones are asked for at the declarations themselves."""

_MOST_STAYS = 20  # of one party in one container


@dataclass(frozen=True, slots=True)
class Sight:
    """What narrows every query of an account."""

    clauses: tuple[Clause, ...] = ()
    sees: Callable[[Event], bool] = lambda event: True

    @property
    def is_whole(self) -> bool:
        """Whether nothing is hidden."""
        return not self.clauses


def is_of_stay(stay: ContainerStay, at: datetime) -> bool:
    """Return whether a container held the goods of a stay at an instant, as far as one can tell."""
    begins = stay.lodged_at - BEFORE_LODGING
    return begins <= at and (stay.ended_at is None or at <= stay.ended_at + AFTER_RELEASE)


def goods_of(
    connection: Connection, parties: Iterable[str], container: str, now: datetime
) -> tuple[str, ContainerStay] | None:
    """Return the first of these parties whose goods a container holds now; None: nobody's."""
    for party in sorted(parties):
        for stay in container_stays(connection, (party,), _MOST_STAYS, container=container):
            if is_of_stay(stay, now):
                return party, stay
    return None


def sight_of(connection: Connection, policy: Policy, actor: Actor) -> Sight:
    """Return what an account may see. Raises: Refused: nothing at all."""
    if naming.sees_all(policy, actor):
        return Sight()
    parties = {str(actor.party), *map(str, actor.represents)}
    stays = container_stays(connection, parties, MOST_CONTAINERS)
    spans: dict[str, list[ContainerStay]] = {}
    for stay in stays:
        spans.setdefault(CONTAINER + stay.container, []).append(stay)

    def sees(event: Event) -> bool:
        return any(
            is_of_stay(stay, event.event_time)
            for identifier in event.epcs()
            for stay in spans.get(identifier, ())
        )

    patterns = tuple(map(Pattern, spans)) or (Pattern("urn:clearway:none"),)
    return Sight((Match(IDENTIFIERS["MATCH_anyEPC"], patterns),), sees)
