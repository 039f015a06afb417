"""The tables of declarations (`projections` fills them, `tables` asks them).

| table | a row for | answers |
|---|---|---|
| `declaration` | each declaration | lists, standing, times of each state |
| `declaration_content` | each declaration | the declaration itself and its findings |
| `declaration_item` | each goods item | lists of goods |
| `declaration_container` | each container of one | what a container carries |
| `declaration_document` | each document cited | which declarations cite a certificate |
| `declaration_notification` | each change of state | what a party was told |

The declaration itself is the JSON text of its fact, cut out and kept whole: within one batch the
fact is not in the ledger's table yet.
"""

from __future__ import annotations

from sqlalchemy import (
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

declaration = Table(
    "declaration",
    METADATA,
    Column("mrn", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("additional_type", Text, nullable=False),
    Column("lrn", Text, nullable=False),
    Column("ucr", Text),
    Column("declarant", Text),
    Column("importer", Text),
    Column("exporter", Text),
    Column("representative", Text),
    Column("trader", Text),
    Column("trader_name", Text, nullable=False),
    Column("office", Text, nullable=False),
    Column("vessel", Text, nullable=False),
    Column("arrival_expected_at", Instant),
    Column("country_of_dispatch", Text, nullable=False),
    Column("invoice_amount", Exact, nullable=False),
    Column("invoice_currency", Text, nullable=False),
    Column("gross_mass_kg", Exact, nullable=False),
    Column("packages", Integer, nullable=False),
    Column("items", Integer, nullable=False),
    Column("lodged_by", Text, nullable=False),
    Column("lodged_findings", LargeBinary, nullable=False),
    Column("corrected_by", Text, nullable=False),
    Column("accepted_at", Instant),
    Column("rejected_at", Instant),
    Column("documents_requested_at", Instant),
    Column("control_at", Instant),
    Column("corrected_at", Instant),
    Column("released_at", Instant),
    Column("cleared_at", Instant),
    Column("invalidated_at", Instant),
    Index("declaration_by_seq", "seq", unique=True),
    Index("declaration_by_status", "status", "seq"),
    Index("declaration_by_importer", "importer", "seq"),
    Index("declaration_by_declarant", "declarant", "seq"),
    Index("declaration_by_lrn", "lrn"),
    Index("declaration_by_ucr", "ucr"),
)

content = Table(
    "declaration_content",
    METADATA,
    Column("mrn", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("declaration", LargeBinary, nullable=False),
    Column("findings", LargeBinary, nullable=False),
)

item = Table(
    "declaration_item",
    METADATA,
    Column("mrn", Text, nullable=False),
    Column("place", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("hs", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("net_mass_kg", Exact, nullable=False),
    Column("amount", Exact, nullable=False),
    Column("currency", Text, nullable=False),
    Column("packages", Integer, nullable=False),
    PrimaryKeyConstraint("mrn", "place"),
    sqlite_with_rowid=False,
)

container = Table(
    "declaration_container",
    METADATA,
    Column("number", Text, nullable=False),
    Column("mrn", Text, nullable=False),
    PrimaryKeyConstraint("number", "mrn"),
    Index("declaration_container_by_mrn", "mrn"),
    sqlite_with_rowid=False,
)

document = Table(
    "declaration_document",
    METADATA,
    Column("number", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("mrn", Text, nullable=False),
    Column("item", Integer, nullable=False),
    Column("place", Integer, nullable=False),
    PrimaryKeyConstraint("number", "type", "mrn", "item", "place"),
    Index("declaration_document_by_mrn", "mrn"),
    sqlite_with_rowid=False,
)

notification = Table(
    "declaration_notification",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("party", Text, nullable=False),
    Column("mrn", Text, nullable=False),
    Column("lrn", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("code", Text, nullable=False),
    Column("params", LargeBinary, nullable=False),
    Index("declaration_notification_by_party", "party", "seq"),
    Index("declaration_notification_by_mrn", "mrn", "seq"),
)

TABLES = (declaration, content, item, container, document, notification)
