"""Tables of applications and of certificates of ours; what each row means stands in `model`."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from clearway.ledger.columns import Exact, Instant
from clearway.ledger.tables import METADATA

# One row for each application; `certificate` and `issued` fill as it goes on.
application = Table(
    "certificate_application",
    METADATA,
    Column("number", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("type_code", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("party", Text, nullable=False),
    Column("importing_country", Text, nullable=False),
    Column("exporter", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("delivery", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("certificate", Text, unique=True),
    Column("status_index", BigInteger),
    Column("issued_at", Instant),
    Column("changed_at", Instant, nullable=False),
    Column("content_seq", Integer, nullable=False),
    Column("issued_seq", Integer),
    Column("replaced_by", Text),
    Column("hub_number", Text, nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("findings", LargeBinary, nullable=False),
    Column("issued", LargeBinary),
    Index("certificate_application_by_seq", "seq"),
    Index("certificate_application_by_place", "type_code", "status_index", unique=True),
    Index("certificate_application_by_state", "state", "seq"),
    Index("certificate_application_by_age", "type_code", "stage", "issued_at"),
    Index("certificate_application_by_party", "party", "seq"),
    Index("certificate_application_by_delivery", "delivery", "seq"),
)

step = Table(
    "certificate_step",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("application", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("remark", Text, nullable=False),
    Index("certificate_step_by_application", "application", "seq"),
)

result = Table(
    "certificate_result",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("application", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("certificate_result_by_application", "application", "seq"),
)

use_abroad = Table(
    "certificate_use_abroad",
    METADATA,
    Column("application", Text, nullable=False),
    Column("line", Integer, nullable=False),
    Column("reference", Text, nullable=False),
    Column("quantity", Exact, nullable=False),
    Column("unit", Text, nullable=False),
    PrimaryKeyConstraint("application", "line", "reference"),
    sqlite_with_rowid=False,
)

# Imported goods that leave again, as long as the application for them is alive.
re_export = Table(
    "certificate_re_export",
    METADATA,
    Column("application", Text, nullable=False),
    Column("original", Text, nullable=False),
    Column("line", Integer, nullable=False),
    Column("quantity", Exact, nullable=False),
    Column("unit", Text, nullable=False),
    PrimaryKeyConstraint("application", "original", "line"),
    Index("certificate_re_export_by_original", "original", "line"),
    sqlite_with_rowid=False,
)

series = Table(
    "certificate_series",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("last", BigInteger, nullable=False),
)

notice = Table(
    "certificate_notice",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("certificate", Text, nullable=False),
    Column("is_ours", Boolean, nullable=False),
    Column("reference", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("certificate_notice_by_certificate", "certificate"),
)

TABLES: tuple[Table, ...] = (application, step, result, use_abroad, re_export, series, notice)
