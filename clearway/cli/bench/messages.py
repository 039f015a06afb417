"""Declarations to measure with: those of a simulated day, renumbered so that each is new."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from clearway.identity.model import Actor, ActorKind, Role
from clearway.simulator.day import Day, simulate
from clearway.simulator.mail import Event, Kind
from clearway.simulator.world import build

DAY = date(2026, 7, 14)


def day_of_declarations(count: int = 120) -> Day:
    """Return a simulated day of about `count` consignments."""
    return simulate(build(7), DAY, count, send_every=144)


class Lodgements:
    """An endless supply of declarations, each with a reference of its own."""

    def __init__(self, day: Day) -> None:
        self._events = [
            event
            for event in day.events
            if event.kind is Kind.DECLARATION and event.key not in day.truth.meant_to_fail
        ]
        self._references = {event.subject: event.subject.encode() for event in self._events}
        self._number = 0

    def __iter__(self) -> Iterator[tuple[Event, bytes]]:
        return self

    def __next__(self) -> tuple[Event, bytes]:
        """Return the next event and its body under a new reference."""
        event = self._events[self._number % len(self._events)]
        self._number += 1
        old = self._references[event.subject]
        new = re.sub(rb"[^A-Za-z0-9]", b"", old)[:20] + b"-%07d" % self._number
        return event, event.body.replace(old, new)


def broker_of(day: Day) -> dict[str, Actor]:
    """Return the actor of each account of the day that lodges."""
    return {
        actor.id: actor
        for actor in day.accounts
        if actor.kind is ActorKind.TRADER and actor.roles & {Role.BROKER, Role.TRADER}
    }
