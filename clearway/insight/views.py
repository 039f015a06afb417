"""What insight reads in the lake: one view per kind of fact, with no more fields than it needs."""

from __future__ import annotations

from pathlib import Path

from clearway.coldchain.archive import SERIES
from clearway.lake.query import Lake
from clearway.lake.views import Column, View

_MRN = Column("mrn", "$.mrn")
_AT = "TIMESTAMPTZ"
# `at` is a word of the engine's own, hence `moment`.

VERSIONS = View(
    "versions",
    ("declaration.accepted/1", "declaration.corrected/1"),
    (
        _MRN,
        Column("office", "$.declaration.office"),
        Column("mode", "$.declaration.transport_mode"),
        Column("declarant_id", "$.declaration.declarant.id"),
        Column("declarant_name", "$.declaration.declarant.name"),
        Column("containers", "$.declaration.containers", "JSON"),
        Column("items", "$.declaration.items", "JSON"),
    ),
)
LODGED = View(
    "lodged",
    ("declaration.accepted/1", "declaration.rejected/1"),
    (
        _MRN,
        Column("declarant_id", "$.declaration.declarant.id"),
        Column("declarant_name", "$.declaration.declarant.name"),
        Column("findings", "$.findings", "JSON"),
    ),
)
CORRECTED = View("corrected", ("declaration.corrected/1",), (_MRN,))
RELEASED = View("released", ("declaration.released/1",), (_MRN,))
ARRIVED = View("arrived", ("clearance.arrived/1",), (_MRN, Column("moment", "$.arrived_at", _AT)))
ASSESSED = View(
    "assessed",
    ("risk.assessed/1",),
    (
        _MRN,
        Column("channel", "$.assessment.channel"),
        Column("stratum", "$.assessment.stratum"),
        Column("propensity", "$.assessment.propensity", "DOUBLE"),
        Column("score", "$.assessment.score", "DOUBLE"),
        Column("probability", "$.assessment.probability", "DOUBLE"),
        Column("model", "$.assessment.model"),
        Column("decided_by", "$.assessment.decided_by"),
        Column("duty_rates", "$.basis.duty_rates", "JSON"),
        Column("signals", "$.basis.signals", "JSON"),
        Column("kin", "$.basis.kin"),
        Column("address", "$.basis.address"),
        Column("shadow_model", "$.shadow.model"),
        Column("shadow_score", "$.shadow.score", "DOUBLE"),
    ),
)
ACCEPTED = View(
    "accepted",
    ("declaration.accepted/1",),
    (_MRN, Column("content", "$", "JSON")),
)
_FOUND = (
    Column("agency", "$.agency"),
    Column("outcome", "$.outcome"),
    Column("extent", "$.extent"),
    Column("findings", "$.findings", "JSON"),
    Column("extra_revenue", "$.extra_revenue.amount", "DECIMAL(38, 6)"),
    Column("currency", "$.extra_revenue.currency"),
    Column("hours", "$.hours", "DOUBLE"),
)
AUDITED = View("audited", ("clearance.audited/1",), (_MRN, *_FOUND))
DECIDED = View(
    "decided",
    ("clearance.decided/1",),
    (_MRN, Column("missing", "$.missing", "JSON")),
)
ORDERED = View(
    "ordered",
    ("clearance.examination_ordered/1",),
    (_MRN, Column("examination", "$.examination"), Column("parts", "$.parts", "JSON")),
)
CANCELLED = View(
    "cancelled",
    ("clearance.examination_cancelled/1",),
    (_MRN, Column("examination", "$.examination")),
)
STARTED = View(
    "started",
    ("clearance.examination_started/1",),
    (_MRN, Column("examination", "$.examination"), Column("moment", "$.started_at", _AT)),
)
EXAMINED = View(
    "examined",
    ("clearance.examined/1",),
    (
        _MRN,
        Column("examination", "$.examination"),
        *_FOUND,
        Column("started_at", "$.started_at", _AT),
        Column("ended_at", "$.ended_at", _AT),
    ),
)
MATCHED = View(
    "matched",
    ("clearance.certificate_matched/1",),
    (_MRN, Column("code", "@.code"), Column("verdict", "@.verdict")),
    each="$.match.fields",
)
JOURNEYS = View(
    "journeys",
    ("coldchain.journey_started/1",),
    (
        Column("container", "$.container"),
        Column("commodity", "$.commodity"),
        Column("loaded_at", "$.loaded_at", _AT),
        Column("set_point_c", "$.set_point_c", "DOUBLE"),
        Column("loaded_pulp_c", "$.loaded_pulp_c", "DOUBLE"),
        Column("life_used_days", "$.life_used_days", "DOUBLE"),
    ),
)
VIEWS = (
    VERSIONS,
    LODGED,
    CORRECTED,
    RELEASED,
    ARRIVED,
    ASSESSED,
    ACCEPTED,
    AUDITED,
    DECIDED,
    ORDERED,
    CANCELLED,
    STARTED,
    EXAMINED,
    MATCHED,
    JOURNEYS,
)


def open_lake(folder: Path) -> Lake:
    """Return the lake in a folder with insight's views; use it as a context manager."""
    return Lake(folder, views=VIEWS, series=SERIES)
