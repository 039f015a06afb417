"""Groups of linked numbers, as they were knowable at each moment.

    kinship = Kinship(registrations, links, verdicts)   # of the last batch
    kinship.add(registration)                           # a party that registers now: its kin
    timeline(registrations, batches, verdicts)          # every change, for years of history

A batch sees the parties registered before it, and holds until the next. Between batches a new
party is compared by exact keys only, in constant time. Nothing at a moment depends on what was
registered or said later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from clearway.risk.network import keys
from clearway.risk.network.model import Kin, Link, Registration, Verdict

Pair = tuple[str, str]
Verdicts = Mapping[Pair, Verdict]

# Exact keys link a new party only while so few bear them: a centre's address links nobody.
MOST_TOGETHER = 2
# A group that grows beyond this is mostly a wrong link between two; it takes no more by itself.
MOST_KIN = 30


class Kinship:
    """Groups of numbers, named by their oldest member."""

    __slots__ = ("_at", "_bearers", "_group", "_verdicts")

    def __init__(
        self,
        registrations: Iterable[Registration] = (),
        links: Iterable[Link] = (),
        verdicts: Verdicts | None = None,
    ) -> None:
        """Build the groups.

        Args:
            registrations: all parties known.
            links: proposals of a batch; those of unknown parties are passed over.
            verdicts: what persons said, by (one, other) with one < other. It goes before.
        """
        self._at: dict[str, int] = {}
        self._group: dict[str, list[str]] = {}
        self._bearers: dict[Pair, list[str]] = {}
        self._verdicts = dict(verdicts or {})
        for each in registrations:
            self._enter(each)
        sure = (pair for pair, verdict in self._verdicts.items() if verdict is Verdict.SAME)
        for one, other in sorted(sure):
            self._join(one, other, most=len(self._at))
        for link in sorted(links, key=lambda link: (-link.probability, link.one, link.other)):
            self._join(link.one, link.other)

    def kin(self, party: str) -> str | None:
        """Return the oldest member of a party's group, itself when alone; None when unknown."""
        group = self._group.get(party)
        return None if group is None else self._oldest(group)

    def members(self, party: str) -> tuple[str, ...]:
        """Return all of a party's group, oldest first; empty when unknown."""
        return tuple(sorted(self._group.get(party, ()), key=self._age))

    def add(self, registration: Registration) -> str:
        """Take in a party and return its kin, by exact rare keys.

        A telephone alone is enough; an address or a name must come with something else, because
        houses have many doors and names many bearers.
        """
        alike = sorted(
            {
                bearer
                for key in _exact(registration)
                if len(self._bearers.get(key, ())) <= MOST_TOGETHER
                for bearer in self._bearers.get(key, ())
            }
        )
        self._enter(registration)
        for other in alike:
            self._join(registration.party, other)
        return self._oldest(self._group[registration.party])

    def _enter(self, registration: Registration) -> None:
        party = registration.party
        if party in self._at:
            return
        self._at[party] = registration.at
        self._group[party] = [party]
        for key in _exact(registration):
            self._bearers.setdefault(key, []).append(party)

    def _join(self, one: str, other: str, most: int = MOST_KIN) -> None:
        first, second = self._group.get(one), self._group.get(other)
        if first is None or second is None or first is second:
            return
        if len(first) + len(second) > most or self._is_denied(first, second):
            return
        if len(first) < len(second):
            first, second = second, first
        first.extend(second)
        for member in second:
            self._group[member] = first

    def _is_denied(self, first: Sequence[str], second: Sequence[str]) -> bool:
        """Return whether a person said of any pair across the two that they are different."""
        if not self._verdicts:
            return False
        return any(
            self._verdicts.get((min(one, other), max(one, other))) is Verdict.DIFFERENT
            for one in first
            for other in second
        )

    def _age(self, party: str) -> tuple[int, str]:
        return self._at[party], party

    def _oldest(self, group: Sequence[str]) -> str:
        return min(group, key=self._age)


def _exact(registration: Registration) -> tuple[Pair, ...]:
    key = keys.of(registration)
    broker = registration.broker
    together = (
        ("phone", key.phone),
        ("address and broker", f"{key.address}|{broker}" if key.address and broker else ""),
        ("address and root", f"{key.address}|{key.root}" if key.address and key.root else ""),
        ("name and broker", f"{key.name}|{broker}" if key.name and broker else ""),
    )
    return tuple(pair for pair in together if pair[1])


def timeline(
    registrations: Iterable[Registration],
    batches: Sequence[tuple[int, Sequence[Link]]] = (),
    verdicts: Iterable[tuple[int, Pair, Verdict]] = (),
) -> tuple[Kin, ...]:
    """Return from when on each party had which kin, in the order of time.

    Args:
        registrations: of years, in any order.
        batches: moment and links of each batch, made of what was registered before it.
        verdicts: moment, pair and word of each person's verdict.
    """
    waiting = sorted(registrations, key=lambda each: (each.at, each.party))
    rounds = sorted(batches, key=lambda each: each[0])
    said = sorted(verdicts)
    changes: list[Kin] = []
    known: list[Registration] = []
    kinship = Kinship()
    last: dict[str, str] = {}
    for registration in waiting:
        while rounds and rounds[0][0] <= registration.at:
            at, links = rounds.pop(0)
            told = {pair: verdict for when, pair, verdict in said if when <= at}
            kinship = Kinship(known, links, told)
            changes += _changes(kinship, (each.party for each in known), last, at)
        known.append(registration)
        kinship.add(registration)
        touched = kinship.members(registration.party)
        changes += _changes(kinship, touched, last, registration.at)
    for at, links in rounds:
        told = {pair: verdict for when, pair, verdict in said if when <= at}
        kinship = Kinship(known, links, told)
        changes += _changes(kinship, (each.party for each in known), last, at)
    return tuple(changes)


def _changes(kinship: Kinship, parties: Iterable[str], last: dict[str, str], at: int) -> list[Kin]:
    """Return what is new of these parties, and remember it."""
    found = []
    for party in parties:
        kin = kinship.kin(party)
        if kin is not None and last.get(party) != kin:
            last[party] = kin
            found.append(Kin(party, kin, at))
    return found
