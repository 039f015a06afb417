"""The words of the network: registrations, links, kin, and the picture of an importer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Registration(NamedTuple):
    """What the border has on file of one party number.

    Args:
        party: the number.
        name, address, phone, country: as registered; empty where unknown.
        broker: the declarant it uses most; empty where unknown.
        at: microseconds since 1970 UTC when it was registered.
    """

    party: str
    name: str
    address: str
    phone: str
    country: str
    broker: str
    at: int


class Link(NamedTuple):
    """Two numbers that may be the same people: a proposal until a person confirms it.

    Args:
        one, other: party numbers, `one` < `other`.
        probability: 0 to 1, that they are.
        shared: what they share, of `SHARED`.
        since: microseconds from which both were registered; nobody could link them before.
    """

    one: str
    other: str
    probability: float
    shared: tuple[str, ...]
    since: int


SHARED = ("name", "root", "address", "phone", "broker")


class Kin(NamedTuple):
    """From a moment on, a party belongs to a group of linked numbers.

    Args:
        party: its number.
        kin: number of the group's oldest member.
        since: microseconds from which that was knowable.
    """

    party: str
    kin: str
    since: int


class Verdict(StrEnum):
    """What a person says of a proposed link."""

    SAME = "same"
    DIFFERENT = "different"


class Role(StrEnum):
    """What a node of the picture is."""

    IMPORTER = "importer"
    DECLARANT = "declarant"
    EXPORTER = "exporter"


@dataclass(frozen=True, slots=True)
class Node:
    """A party in the picture.

    Args:
        party: its number or name.
        role: what it is here.
        steps: from the importer that was asked for: 0, 1 or 2.
        items: declared under it.
        examined: of these.
        found: of the examined, not conform.
    """

    party: str
    role: Role
    steps: int
    items: int
    examined: int
    found: int


@dataclass(frozen=True, slots=True)
class Edge:
    """Two parties that trade with each other, or are linked.

    Args:
        one, other: parties; an importer stands first.
        kind: `declarant`, `exporter`, or `kin`.
        items, examined, found: of what they trade together; 0 for kin.
        probability: of a link; 1 for trade.
        shared: what linked parties share.
    """

    one: str
    other: str
    kind: str
    items: int
    examined: int
    found: int
    probability: float = 1.0
    shared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The picture of one importer, bounded.

    Args:
        importer: who was asked for.
        nodes, edges: nearest and heaviest first.
        left_out: neighbours that did not fit.
    """

    importer: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    left_out: int
