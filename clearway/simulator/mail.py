"""The mail of a day: every message with the instant at which it reaches the border."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

import numpy as np

from clearway.declarations.model import Declaration
from clearway.simulator import loggers, messages
from clearway.simulator.consignments import Consignment, Firm
from clearway.simulator.messages import JSON, XML
from clearway.simulator.places import DAY_S
from clearway.simulator.streams import Generator, stream
from clearway.simulator.truth import Truth
from clearway.simulator.voyage import Voyage
from clearway.simulator.world import World
from clearway.terms.money import Money

CARRIER, TERMINAL = "carrier", "terminal"
_SEALS_SEEN = 0.4
_BROKEN_WHERE_SHORT, _BROKEN_ELSEWHERE = 0.25, 0.008
_VOYAGE_BATCH = 200
_FEWEST_FOR_ODDITIES = 30
# What happened before comes in at once when the simulation begins.
CATCH_UP = timedelta(hours=36)


class Kind(StrEnum):
    """What kind of message an event brings."""

    PARTY = "party"
    MANDATE = "mandate"
    CERTIFICATE = "certificate"
    DECLARATION = "declaration"
    JOURNEY = "journey"
    READINGS = "readings"
    ARRIVAL = "arrival"
    SEAL = "seal"
    PRESENTATION = "presentation"


_ORDER = {kind: place for place, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class Event:
    """One message that reaches the border.

    Args:
        at: when, aware UTC.
        kind: what it is.
        account: who knocks; an account of `Day.accounts`.
        content_type: of `body`.
        body: the message, exactly as sent.
        key: idempotency key; "" where the message names itself.
        subject: what it is about: LRN, certificate or container number, party.
    """

    at: datetime
    kind: Kind
    account: str
    content_type: str
    body: bytes
    key: str = ""
    subject: str = ""


def arrival_order(event: Event) -> tuple[datetime, int, str, str]:
    """Return what mail is sorted by."""
    return event.at, _ORDER[event.kind], event.subject, event.key


def authority(country: str) -> str:
    """Return the account of the authority abroad that certifies for a country."""
    return f"nppo-{country.lower()}"


def midnight(when: date) -> datetime:
    """Return the first instant of a day, aware UTC."""
    return datetime(when.year, when.month, when.day, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Post:
    """The mail of a day.

    Args:
        events: in the order of arrival.
        meant_to_fail: keys of events that the border should refuse.
        forged_keys: keys under which altered content comes a second time.
    """

    events: tuple[Event, ...]
    meant_to_fail: frozenset[str]
    forged_keys: frozenset[str]


def post(world: World, when: date, truth: Truth, send_every: int) -> Post:
    """Return all mail of a day; equal instants stand in the order of kind, subject and key."""
    begins = midnight(when)
    lodged = [_Lodgement.of(world, truth, each) for each in truth.consignments.values()]
    odd = _oddities(stream(world.seed, "mail", str(when)), lodged, truth)
    sent = [
        *_registrations(truth, begins),
        *_certificates(truth),
        *(each.event for each in lodged),
        *odd.events,
        *_arrivals(stream(world.seed, "seals", str(when)), truth),
    ]
    if truth.voyage is not None:
        for unit in range(len(truth.voyage.units)):
            sent.append(_journey(truth.voyage, unit))
            sent += readings(world.seed, truth.voyage, unit, begins, send_every)
    opened = [replace(event, at=max(event.at, begins - CATCH_UP)) for event in sent]
    ordered = sorted(opened, key=arrival_order)
    return Post(tuple(ordered), odd.meant_to_fail, odd.forged_keys)


@dataclass(frozen=True, slots=True)
class _Lodgement:
    """A declaration and the event that brings it."""

    declaration: Declaration
    event: Event

    @classmethod
    def of(cls, world: World, truth: Truth, consignment: Consignment) -> _Lodgement:
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


def _oddities(rng: Generator, lodged: list[_Lodgement], truth: Truth) -> Post:
    """Return what a day also brings: repeats, a forgery, and messages that cannot be read."""
    if len(lodged) < _FEWEST_FOR_ODDITIES:
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


def _forgery(lodgement: _Lodgement) -> Event:
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


def _broken(lodgement: _Lodgement, number: int) -> Event:
    """Return a message that was cut off on its way, under a key of its own."""
    event = lodgement.event
    cut = event.body[: len(event.body) * (2 + number) // 5]
    at = event.at - timedelta(minutes=3 + number)
    return replace(event, at=at, body=cut, key=f"{event.key}-{number + 1}")


def _wrong_code(lodgement: _Lodgement) -> Event:
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


def _registrations(truth: Truth, begins: datetime) -> Iterator[Event]:
    """Yield the parties and mandates of the day, before anything else."""
    at = begins - CATCH_UP
    firms: dict[str, Firm] = {}
    mandates: dict[tuple[str, str], tuple[Firm, Firm]] = {}
    for each in truth.consignments.values():
        firms |= {each.importer.id: each.importer, each.broker.id: each.broker}
        mandates[each.importer.id, each.broker.id] = (each.importer, each.broker)
    for firm in firms.values():
        yield Event(at, Kind.PARTY, firm.id, JSON, messages.party_of(firm), subject=firm.id)
    for importer, broker in mandates.values():
        body = messages.mandate_of(importer, broker, at)
        subject = f"{importer.id}>{broker.id}"
        yield Event(at, Kind.MANDATE, importer.id, JSON, body, subject=subject)


def _certificates(truth: Truth) -> Iterator[Event]:
    for paper in truth.papers.values():
        for number, (at, body) in enumerate(paper.messages):
            key = f"{paper.number}:{number}"
            account = authority(paper.country)
            yield Event(at, Kind.CERTIFICATE, account, XML, body, key, paper.number)


def _arrivals(rng: Generator, truth: Truth) -> Iterator[Event]:
    """Yield what the terminal tells: containers come, seals are looked at, other goods come."""
    for each in truth.consignments.values():
        at, office = each.arrives_at, each.office
        for box in each.boxes:
            body = messages.arrival_of(box.number, office, at, each.vessel)
            yield Event(at, Kind.ARRIVAL, TERMINAL, JSON, body, f"in:{box.number}", box.number)
            looks, whole = rng.random() < _SEALS_SEEN, rng.random() >= _broken_share(each)
            if looks or not whole:
                later = at + timedelta(minutes=6)
                seen = messages.seal_of(box, office, later, intact=bool(whole))
                key = f"seal:{box.number}"
                yield Event(later, Kind.SEAL, TERMINAL, JSON, seen, key, box.number)
        if not each.boxes and each.is_declared_before_arrival:
            body = messages.presentation_of(messages.location_of(each), at)
            yield Event(at, Kind.PRESENTATION, TERMINAL, JSON, body, f"in:{each.lrn}", each.lrn)


def _broken_share(consignment: Consignment) -> float:
    """Return how often the seals of such a consignment are found broken."""
    short = any(line.mode == "short_quantity" for line in consignment.lines)
    return _BROKEN_WHERE_SHORT if short else _BROKEN_ELSEWHERE


def _journey(voyage: Voyage, unit: int) -> Event:
    each = voyage.units[unit]
    at = messages.instant(each.loaded_s)
    return Event(
        at, Kind.JOURNEY, CARRIER, JSON, messages.journey_of(each),
        f"journey:{each.container}:{int(each.loaded_s)}", each.container,
    )  # fmt: skip


def readings(
    seed: int, voyage: Voyage, unit: int, begins: datetime, send_every: int
) -> Iterator[Event]:
    """Yield what one logger sends: the voyage in large batches, the day in small ones.

    Args:
        send_every: readings, one per ten minutes, that go together on the day.
    """
    day_s = begins.timestamp()
    container = voyage.units[unit].container
    log = loggers.record(voyage, unit, seed, day_s, day_s + DAY_S)
    order = np.lexsort((log.seq, log.sent_s))
    sailing = order[log.sent_s[order] < day_s]
    batches = [
        sailing[start : start + _VOYAGE_BATCH] for start in range(0, len(sailing), _VOYAGE_BATCH)
    ]
    ashore = order[log.sent_s[order] >= day_s]
    turns = np.ceil((log.sent_s[ashore] - day_s) / (loggers.EVERY_S * send_every))
    batches += np.split(ashore, np.flatnonzero(np.diff(turns)) + 1) if len(ashore) else []
    for rows in batches:
        at = messages.instant(float(np.ceil(log.sent_s[rows[-1]])))
        body = messages.readings_of(log, container, rows)
        key = f"{log.device}:{log.boot_id}:{int(log.seq[rows[0]])}-{int(log.seq[rows[-1]])}"
        yield Event(at, Kind.READINGS, CARRIER, JSON, body, key, container)
