"""Who acts at a border."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class ActorKind(StrEnum):
    """What kind of actor this is; the first part of `Actor.reference`."""

    OFFICER = "officer"
    TRADER = "trader"
    DEVICE = "device"
    SYSTEM = "system"


class Role(StrEnum):
    """What an account may be trusted with. One account may have several."""

    CUSTOMS_OFFICER = "customs_officer"
    RISK_ANALYST = "risk_analyst"
    PLANT_HEALTH_INSPECTOR = "plant_health_inspector"
    FOOD_INSPECTOR = "food_inspector"
    VETERINARY_INSPECTOR = "veterinary_inspector"
    PORT_HEALTH_INSPECTOR = "port_health_inspector"
    CERTIFYING_OFFICER = "certifying_officer"
    TRADER = "trader"
    BROKER = "broker"
    CARRIER = "carrier"
    TERMINAL = "terminal"
    DEVICE = "device"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who acts, as proved at the door.

    Args:
        kind: officer, trader, device or system.
        id: account name, unique on this node.
        agency: code of the agency that answers for it, such as `customs`, `plant_health`;
            for traders and devices the agency that enrolled them.
        roles: what it may be trusted with.
        party: the trader's own party id (EORI or the like), None for officers.
        represents: party ids for which it holds a mandate, its own included.
        name: shown to people.
    """

    kind: ActorKind
    id: str
    agency: str
    roles: frozenset[Role]
    party: str | None = None
    represents: frozenset[str] = field(default_factory=frozenset)
    name: str = ""

    @property
    def reference(self) -> str:
        """`<kind>:<id>`, as facts name their actor."""
        return f"{self.kind}:{self.id}"
