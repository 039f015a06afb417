"""What a reader or a rule found in a message: a value, never an exception.

Bulk work collects findings and goes on; whoever must refuse raises
`errors.RuleViolation(detail, findings)` with them. Areas and levels are those of the IPPC ePhyto
Hub, which suit every message here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Area(StrEnum):
    """Where the trouble lies."""

    SCHEMA = "Schema"
    MANDATORY = "MandatoryElements"
    MAPPING = "Mapping"
    RULE = "Rule"


class Level(StrEnum):
    """SEVERE refuses the message; the others go with it."""

    SEVERE = "SEVERE"
    WARNING = "WARNING"
    INFO = "INFO"


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark on one field.

    Args:
        code: stable, for machines and tests, such as `DEC_R12`.
        area: where the trouble lies.
        level: SEVERE refuses.
        field: path in the sender's own terms, such as `GoodsShipment/GovernmentAgencyGoodsItem[2]`.
        message: names the value, the rule and the way out; a sentence for the sender.
    """

    code: str
    area: Area
    level: Level
    field: str
    message: str


def is_refusal(findings: tuple[Finding, ...] | list[Finding]) -> bool:
    """Return whether any finding is SEVERE."""
    return any(finding.level is Level.SEVERE for finding in findings)
