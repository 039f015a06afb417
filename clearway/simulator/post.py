"""The mail of a day, put together: who sends what, and when it reaches the border."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np

from clearway.simulator import events, loggers, messages
from clearway.simulator.consignments import Consignment, Firm
from clearway.simulator.mail import (
    CARRIER,
    TERMINAL,
    Event,
    Kind,
    Post,
    arrival_order,
    authority,
    midnight,
)
from clearway.simulator.messages import CSV, JSON, XML
from clearway.simulator.oddities import Lodgement, oddities
from clearway.simulator.places import DAY_S
from clearway.simulator.streams import Generator, share, stream
from clearway.simulator.truth import Truth
from clearway.simulator.voyage import Voyage
from clearway.simulator.world import World

_SEALS_SEEN = 0.4
_BROKEN_WHERE_SHORT, _BROKEN_ELSEWHERE = 0.25, 0.008
_VOYAGE_BATCH = 200
_SEAL_OPENED, _BEFORE_GATE = (timedelta(hours=1), timedelta(hours=16)), timedelta(minutes=40)
# What happened before comes in at once when the simulation begins.
CATCH_UP = timedelta(hours=36)


def post(world: World, when: date, truth: Truth, send_every: int) -> Post:
    """Return all mail of a day; equal instants stand in the order of kind, subject and key."""
    begins = midnight(when)
    lodged = [Lodgement.of(world, truth, each) for each in truth.consignments.values()]
    odd = oddities(stream(world.seed, "mail", str(when)), lodged, truth)
    sent = [
        *_registrations(truth, begins),
        *_certificates(truth),
        *(each.event for each in lodged),
        *odd.events,
        *_arrivals(stream(world.seed, "seals", str(when)), truth),
        *_seal_opened(truth, begins),
    ]
    if truth.voyage is not None:
        for unit in range(len(truth.voyage.units)):
            sent.append(_journey(truth.voyage, unit))
            sent += readings(world.seed, truth.voyage, unit, begins, send_every)
    opened = [replace(event, at=max(event.at, begins - CATCH_UP)) for event in sent]
    ordered = sorted(opened, key=arrival_order)
    return Post(tuple(ordered), odd.meant_to_fail, odd.forged_keys)


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
        as_epcis = events.speaks_epcis(truth.seed, each.lrn)
        tell = events.arrival_of if as_epcis else messages.arrival_of
        kind = Kind.EPCIS if as_epcis else Kind.ARRIVAL
        for box in each.boxes:
            body = tell(box.number, office, at, each.vessel)
            yield Event(at, kind, TERMINAL, JSON, body, f"in:{box.number}", box.number)
            looks, whole = rng.random() < _SEALS_SEEN, rng.random() >= _broken_share(each)
            if looks or not whole:
                later = at + timedelta(minutes=6)
                seen = messages.seal_of(box, office, later, intact=bool(whole))
                key = f"seal:{box.number}"
                yield Event(later, Kind.SEAL, TERMINAL, JSON, seen, key, box.number)
        if not each.boxes and each.is_declared_before_arrival:
            body = messages.presentation_of(messages.location_of(each), at)
            yield Event(at, Kind.PRESENTATION, TERMINAL, JSON, body, f"in:{each.lrn}", each.lrn)


def _seal_opened(truth: Truth, begins: datetime) -> Iterator[Event]:
    """Yield what an electronic seal tells that is opened on the way in, outside any place for it.

    Where something was taken out, if there is such a consignment: short in quantity, declared
    before it comes.
    """
    since, until = begins + _SEAL_OPENED[0], begins + _SEAL_OPENED[1]
    able = [
        each
        for each in truth.consignments.values()
        if each.boxes and since <= each.arrives_at < until and each.is_declared_before_arrival
    ]
    if not able:
        return
    thief = min(able, key=lambda each: (not _is_short(each), share(truth.seed, "thief", each.lrn)))
    at, box = max(thief.lodged_at, thief.arrives_at - _BEFORE_GATE), thief.boxes[0]
    body = events.seal_opened_of(truth.seed, box.number, box.seal, at)
    yield Event(at, Kind.EPCIS, CARRIER, JSON, body, f"eseal:{box.number}", box.number)


def _is_short(consignment: Consignment) -> bool:
    return any(line.mode == "short_quantity" for line in consignment.lines)


def _broken_share(consignment: Consignment) -> float:
    """Return how often the seals of such a consignment are found broken."""
    return _BROKEN_WHERE_SHORT if _is_short(consignment) else _BROKEN_ELSEWHERE


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
    as_csv = messages.sends_csv(seed, container)
    for rows in batches:
        at = messages.instant(float(np.ceil(log.sent_s[rows[-1]])))
        body = messages.csv_of(log, rows) if as_csv else messages.readings_of(log, container, rows)
        key = f"{log.device}:{log.boot_id}:{int(log.seq[rows[0]])}-{int(log.seq[rows[-1]])}"
        form = CSV if as_csv else JSON
        yield Event(at, Kind.READINGS, CARRIER, form, body, key, container)
