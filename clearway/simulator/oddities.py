"""What a day also brings: repeats, a forgery, and messages that cannot be read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from clearway.declarations.model import Declaration
from clearway.simulator import messages
from clearway.simulator.consignments import Consignment
from clearway.simulator.mail import Event, Kind, Post, authority
from clearway.simulator.messages import JSON, XML
from clearway.simulator.streams import Generator
from clearway.simulator.truth import Truth
from clearway.simulator.world import World
from clearway.terms.money import Money

_FEWEST = 30


@dataclass(frozen=True, slots=True)
class Lodgement:
    """A declaration and the event that brings it."""

    declaration: Declaration
    event: Event

    @classmethod
    def of(cls, world: World, truth: Truth, consignment: Consignment) -> Lodgement:
        """Return the lodgement of a consignment; half of the brokers write XML."""
        paper = truth.papers.get(consignment.lrn)
        declaration = messages.declaration_of(consignment, (paper,) if paper else (), world.tariff)
        content_type = XML if consignment.broker_place % 2 == 0 else JSON
        event = Event(
            consignment.lodged_at,
            Kind.DECLARATION,
            consignment.broker.id,
            content_type,
            messages.write_declaration(declaration, content_type),
            key=f"{consignment.broker.id}:{consignment.lrn}",
            subject=consignment.lrn,
        )
        return cls(declaration, event)


def oddities(rng: Generator, lodged: list[Lodgement], truth: Truth) -> Post:
    """Return what a day also brings: repeats, a forgery, and messages that cannot be read."""
    if len(lodged) < _FEWEST:
        return Post((), frozenset(), frozenset())
    places = rng.choice(len(lodged), 7, replace=False)
    first, second, forged, *cut = (lodged[int(place)] for place in places)
    events = [
        replace(first.event, at=first.event.at + timedelta(minutes=7)),
        replace(second.event, at=second.event.at + timedelta(minutes=41)),
        _forgery(forged),
    ]
    broken = [_broken(each, number) for number, each in enumerate(cut[:2])]
    broken.append(_wrong_code(cut[2]))
    broken += _broken_certificate(truth)
    events += broken
    failing = frozenset(event.key for event in broken)
    return Post(tuple(events), failing, frozenset({forged.event.key}))


def _forgery(lodgement: Lodgement) -> Event:
    """Return the declaration sent again under its key, with a lower price."""
    declaration, event = lodgement.declaration, lodgement.event
    first = declaration.items[0]
    lower = Money(
        (first.value.amount * Decimal("0.6")).quantize(Decimal("1")), first.value.currency
    )
    total = declaration.invoice.amount - first.value.amount + lower.amount
    changed = replace(
        declaration,
        items=(replace(first, value=lower), *declaration.items[1:]),
        invoice=Money(total, declaration.invoice.currency),
    )
    body = messages.write_declaration(changed, event.content_type)
    return replace(event, at=event.at + timedelta(minutes=19), body=body)


def _broken(lodgement: Lodgement, number: int) -> Event:
    """Return a message that was cut off on its way, under a key of its own."""
    event = lodgement.event
    cut = event.body[: len(event.body) * (2 + number) // 5]
    at = event.at - timedelta(minutes=3 + number)
    return replace(event, at=at, body=cut, key=f"{event.key}-{number + 1}")


def _wrong_code(lodgement: Lodgement) -> Event:
    """Return a message with a code that no tariff has: a letter O among its digits."""
    event = lodgement.event
    hs = str(lodgement.declaration.items[0].hs)
    body = _mistyped(event.body, hs)
    return replace(event, at=event.at - timedelta(minutes=2), body=body, key=f"{event.key}-1")


def _mistyped(body: bytes, hs: str) -> bytes:
    """Return the body with the HS code mistyped, where it stands in one or in parts."""
    for part in (hs, hs[:4]):
        if part.encode() in body:
            return body.replace(part.encode(), part[:-1].encode() + b"O")
    raise ValueError(f"the message holds no code {hs}")


def _broken_certificate(truth: Truth) -> list[Event]:
    sent = (paper for paper in truth.papers.values() if paper.messages)
    return [
        Event(
            paper.messages[0][0] - timedelta(minutes=10),
            Kind.CERTIFICATE,
            authority(paper.country),
            XML,
            paper.messages[0][1][:900],
            f"{paper.number}:cut",
            paper.number,
        )
        for paper in list(sent)[:1]
    ]
