"""The room's tables: what stands in them. `tables.py` keeps them up to date and asks them."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from clearway.ledger.columns import Exact, Instant
from clearway.ledger.tables import METADATA

consignment = Table(
    "clearance_consignment",
    METADATA,
    Column("mrn", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("office", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("declarant", Text, nullable=False),
    Column("importer", Text, nullable=False),
    Column("importer_name", Text, nullable=False),
    Column("lodged_by", Text, nullable=False),
    Column("corrected_by", Text, nullable=False),
    Column("goods", Text, nullable=False),
    Column("commodity", Text, nullable=False),
    Column("chapter", Text, nullable=False),
    Column("mass_kg", Exact, nullable=False),
    Column("value", Exact, nullable=False),
    Column("containers", Integer, nullable=False),
    Column("lodged_at", Instant, nullable=False),
    Column("arrival_expected_at", Instant),
    Column("arrived_at", Instant),
    Column("arrival", Integer),
    Column("is_document_missing", Boolean, nullable=False),
    Column("complete_at", Instant),
    Column("channel", Text, nullable=False),
    Column("stratum", Text, nullable=False),
    Column("score", Float, nullable=False),
    Column("propensity", Float, nullable=False),
    Column("outcome", Text),
    Column("decided_seq", Integer),
    Column("examination", Text, nullable=False),
    Column("ordered_at", Instant),
    Column("started_at", Instant),
    Column("examined_at", Instant),
    Column("released_at", Instant),
    Index("clearance_consignment_by_seq", "seq"),
    Index("clearance_consignment_by_state", "state", "seq"),
    Index("clearance_consignment_by_release", "released_at"),
    Index("clearance_consignment_by_importer", "importer", "seq"),
    Index("clearance_consignment_by_declarant", "declarant", "seq"),
)

container = Table(
    "clearance_container",
    METADATA,
    Column("container", Text, nullable=False),
    Column("mrn", Text, nullable=False),
    Column("arrived_at", Instant),
    PrimaryKeyConstraint("container", "mrn"),
    Index("clearance_container_by_mrn", "mrn"),
    sqlite_with_rowid=False,
)

# Documents that declarations name, so that a certificate that comes later finds who waits for it.
paper = Table(
    "clearance_paper",
    METADATA,
    Column("number_key", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("mrn", Text, nullable=False),
    PrimaryKeyConstraint("number_key", "type", "mrn"),
    Index("clearance_paper_by_mrn", "mrn"),
    sqlite_with_rowid=False,
)

# The last look at each seal of each container.
seal = Table(
    "clearance_seal",
    METADATA,
    Column("container", Text, nullable=False),
    Column("seal", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("is_intact", Boolean, nullable=False),
    PrimaryKeyConstraint("container", "seal"),
    sqlite_with_rowid=False,
)

match = Table(
    "clearance_match",
    METADATA,
    Column("mrn", Text, nullable=False),
    Column("certificate", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("cover", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("mrn", "certificate"),
    Index("clearance_match_by_certificate", "certificate"),
)

examination = Table(
    "clearance_examination",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("mrn", Text, nullable=False),
    Column("office", Text, nullable=False),
    Column("ordered_at", Instant, nullable=False),
    Column("is_mandatory", Boolean, nullable=False),
    Column("parts", LargeBinary, nullable=False),
    Column("agencies", Text, nullable=False),
    Column("needs_goods", Boolean, nullable=False),
    Column("arrived_at", Instant),
    Column("started_at", Instant),
    Column("closed_at", Instant),
    Column("is_cancelled", Boolean, nullable=False),
    Index("clearance_examination_by_seq", "seq"),
    Index("clearance_examination_by_mrn", "mrn"),
    Index("clearance_examination_by_start", "office", "started_at"),
    Index(
        "clearance_examination_waiting",
        "seq",
        sqlite_where=text("started_at IS NULL AND closed_at IS NULL"),
        postgresql_where=text("started_at IS NULL AND closed_at IS NULL"),
    ),
)

result = Table(
    "clearance_result",
    METADATA,
    Column("examination", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("actor", Text, nullable=False),
    Column("ended_at", Instant, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("examination", "agency"),
)

audit = Table(
    "clearance_audit",
    METADATA,
    Column("mrn", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("actor", Text, nullable=False),
    Column("ended_at", Instant, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("mrn", "agency"),
    Index("clearance_audit_by_seq", "seq"),
)

decision = Table(
    "clearance_decision",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("mrn", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("clearance_decision_by_mrn", "mrn", "seq"),
)

TABLES: tuple[Table, ...] = (
    consignment,
    container,
    paper,
    seal,
    match,
    examination,
    result,
    audit,
    decision,
)
