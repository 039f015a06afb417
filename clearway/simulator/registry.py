"""The register of importers as a border holds it: name, address, telephone of each number.

    registrations(world)   # what the border has on file
    principals(world)      # truth: which numbers are the same people

Heirs and second shells keep the address or the telephone of their people more often than not.
Strangers share them too: a hundred firms sit in a business centre, an accountant's telephone stands
for all her clients, and two families of a name trade in fish. So links can be wrong.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from clearway.simulator import names
from clearway.simulator.streams import Generator, stream
from clearway.simulator.world import FIRST_DAY, World

if TYPE_CHECKING:
    from polars import DataFrame

_STREETS = (
    "Quay", "Market", "Mill", "Station", "Harbour", "Church", "River", "Garden", "Hill", "Bridge",
    "Depot", "Foundry", "Orchard", "Chapel", "Canal", "Tannery", "Granary", "Lighthouse", "Castle",
    "Ferry",
)  # fmt: skip
_KINDS = ("Street", "Road", "Avenue", "Lane")
_SHORT = {"Street": "St.", "Road": "Rd", "Avenue": "Ave", "Lane": "Ln"}
_TOWNS = ("Port Aster", "Northgate", "Selby Cross", "Aramouth", "Kelling", "Estwick", "Dunmere")
_SAME_ADDRESS, _SAME_PHONE, _SPELT_OTHERWISE = 0.6, 0.55, 0.5
_IN_A_CENTRE, _FIRMS_A_CENTRE = 0.08, 40
_BY_ACCOUNTANT, _CLIENTS = 0.05, 25
_REGISTERED_BEFORE_DAYS = 20


def registrations(world: World) -> DataFrame:
    """Return one row for each importer, in the order of the world.

    Columns: party, name, address, phone, country, broker (its most used), registered_at (UTC).
    """
    import polars

    firms = world.importers.firms
    contacts = _contacts(world)
    begin = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC)
    before = stream(world.seed, "registered").integers(3, _REGISTERED_BEFORE_DAYS, len(firms.ids))
    days = (world.importers.first_day - before).tolist()
    return polars.DataFrame(
        {
            "party": firms.ids,
            "name": firms.names,
            "address": [address for address, _ in contacts],
            "phone": [phone for _, phone in contacts],
            "country": firms.countries,
            "broker": _brokers(world),
            "registered_at": [begin + timedelta(days=day) for day in days],
        },
        schema_overrides={"registered_at": polars.Datetime("us", "UTC")},
    )


def principals(world: World) -> DataFrame:
    """Return the truth: party, and the party under which its people traded first."""
    import polars

    ids = world.importers.firms.ids
    people = [ids[place] for place in world.importers.principal.tolist()]
    return polars.DataFrame({"party": ids, "principal": people})


def _brokers(world: World) -> list[str]:
    chosen = [""] * len(world.importers.first_day)
    heaviest = [-1.0] * len(chosen)
    lanes = world.lanes
    rows: Any = zip(lanes.importer.tolist(), lanes.broker.tolist(), lanes.weight, strict=True)
    for importer, broker, weight in rows:
        if weight > heaviest[importer]:
            heaviest[importer], chosen[importer] = weight, world.brokers.ids[broker]
    return chosen


def _contacts(world: World) -> list[tuple[str, str]]:
    rng = stream(world.seed, "contacts")
    principal = world.importers.principal.tolist()
    centres = [_address(rng) for _ in range(max(1, len(principal) // _FIRMS_A_CENTRE // 10))]
    accountants = [_phone(rng) for _ in range(max(1, len(principal) // _CLIENTS // 10))]
    made: list[tuple[str, str]] = []
    for place, first in enumerate(principal):
        address, phone = _new(rng, centres, accountants)
        if first != place:
            known = made[first]
            address = known[0] if rng.random() < _SAME_ADDRESS else address
            phone = known[1] if rng.random() < _SAME_PHONE else phone
        made.append((address, phone))
    return [(_spelt(rng, address), _dialled(rng, phone)) for address, phone in made]


def _new(rng: Generator, centres: list[str], accountants: list[str]) -> tuple[str, str]:
    address, phone = _address(rng), _phone(rng)
    if rng.random() < _IN_A_CENTRE:
        unit, centre = int(rng.integers(1, 60)), int(rng.integers(len(centres)))
        address = f"Unit {unit}, {centres[centre]}"
    if rng.random() < _BY_ACCOUNTANT:
        phone = accountants[int(rng.integers(len(accountants)))]
    return address, phone


def _address(rng: Generator) -> str:
    street, kind, town = (
        words[int(rng.integers(len(words)))] for words in (_STREETS, _KINDS, _TOWNS)
    )
    return f"{int(rng.integers(1, 240))} {street} {kind}, {town}"


def _phone(rng: Generator) -> str:
    return f"{int(rng.integers(20, 99))}{int(rng.integers(1_000_000, 10_000_000))}"


def _spelt(rng: Generator, address: str) -> str:
    """Return an address as another clerk would write it, now and then with an error."""
    if rng.random() >= _SPELT_OTHERWISE:
        return address
    for whole, short in _SHORT.items():
        address = address.replace(f" {whole},", f" {short},")
    if rng.random() < 0.3:
        address = address.upper()
    if rng.random() < 0.15:
        words = address.split(" ")
        at = int(rng.integers(1, len(words)))
        address = " ".join((*words[:at], names.misspelt(rng, words[at]), *words[at + 1 :]))
    return address


def _dialled(rng: Generator, phone: str) -> str:
    area, number = phone[:2], phone[2:]
    forms = (f"+999 {area} {number}", f"0{phone}", f"(0{area}) {number[:3]} {number[3:]}")
    return forms[int(rng.integers(len(forms)))]
