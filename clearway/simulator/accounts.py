"""Everyone who knocks at the doors on a simulated day, as accounts that the border must know."""

from __future__ import annotations

from clearway.identity.model import Actor, ActorKind, Role
from clearway.simulator.certificates import Paper
from clearway.simulator.consignments import Consignment
from clearway.simulator.mail import CARRIER, TERMINAL, authority
from clearway.simulator.world import World

# Agency, role and account of the officer who works at each inspection bay.
INSPECTORS: dict[str, tuple[Role, str]] = {
    "customs": (Role.CUSTOMS_OFFICER, "customs-bay"),
    "plant_health": (Role.PLANT_HEALTH_INSPECTOR, "plant-health-bay"),
    "veterinary": (Role.VETERINARY_INSPECTOR, "veterinary-bay"),
    "food_safety": (Role.FOOD_INSPECTOR, "food-safety-bay"),
    "port_health": (Role.PORT_HEALTH_INSPECTOR, "port-health-bay"),
}
RELEASE_OFFICER = "release-desk"


def of(
    world: World, consignments: tuple[Consignment, ...], papers: tuple[Paper, ...]
) -> tuple[Actor, ...]:
    """Return officers, carrier, terminal, authorities abroad, brokers and importers of a day.

    Traders hold a mandate for themselves; a broker also for each importer that it lodges for on
    this day, as the mandates in the day's mail say.
    """
    country = world.border.country
    officers = [
        Actor(ActorKind.OFFICER, account, agency, frozenset({role}), name=f"{agency} bay")
        for agency, (role, account) in INSPECTORS.items()
    ]
    officers.append(
        Actor(
            ActorKind.OFFICER,
            RELEASE_OFFICER,
            "customs",
            frozenset({Role.CUSTOMS_OFFICER}),
            name="Release desk",
        )
    )
    carriers = [
        _trader(CARRIER, f"{country}90000001", Role.CARRIER, "Reefer monitoring"),
        _trader(TERMINAL, f"{country}90000002", Role.TERMINAL, "Terminal operator"),
    ]
    return (*officers, *carriers, *_authorities(papers), *_traders(consignments))


def _authorities(papers: tuple[Paper, ...]) -> list[Actor]:
    """Return the authorities abroad that send certificates, each proved by its own account."""
    return [
        Actor(
            ActorKind.OFFICER,
            authority(country),
            f"nppo_{country.lower()}",
            frozenset({Role.CERTIFYING_OFFICER}),
            name=f"Certifying authority of {country}",
        )
        for country in sorted({paper.country for paper in papers})
    ]


def _trader(account: str, party: str, role: Role, name: str) -> Actor:
    return Actor(
        ActorKind.TRADER, account, "customs", frozenset({role}), party, frozenset({party}), name
    )


def _traders(consignments: tuple[Consignment, ...]) -> list[Actor]:
    brokers: dict[str, Actor] = {}
    importers: dict[str, Actor] = {}
    for each in consignments:
        importer, broker = each.importer, each.broker
        importers[importer.id] = _trader(importer.id, importer.id, Role.TRADER, importer.name)
        known = brokers.get(broker.id) or _trader(broker.id, broker.id, Role.BROKER, broker.name)
        brokers[broker.id] = Actor(
            known.kind, known.id, known.agency, known.roles, known.party,
            known.represents | {importer.id}, known.name,
        )  # fmt: skip
    return [*brokers.values(), *importers.values()]
