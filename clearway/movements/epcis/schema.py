"""The tables of the EPCIS repository.

Events are found by four indexes that hold no text twice: `epcis_word` (a field holds a value),
`epcis_number` (instants and measures, in SI units), `epcis_identifier` (EPCs and classes as text,
for patterns) and `epcis_event` itself (event time, event id). The event's content stays in its
fact alone: erased there, it is gone here.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    Table,
    Text,
)

from clearway.ledger.columns import Instant
from clearway.ledger.tables import METADATA

# Beginnings of identifiers are spans of an index, which holds in the order of code points alone.
_TEXT = Text().with_variant(Text(collation="C"), "postgresql")

event = Table(
    "epcis_event",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),  # of the fact
    Column("event_id", Text, nullable=False),
    Column("event_time", Instant, nullable=False),
    Column("record_time", Instant, nullable=False),
    Index("epcis_event_by_id", "event_id", "seq"),
    Index("epcis_event_by_time", "event_time", "seq"),
    Index("epcis_event_by_record", "record_time", "seq"),
)

word = Table(
    "epcis_word",
    METADATA,
    Column("word", BigInteger, primary_key=True),  # `hashed` field and value
    Column("seq", Integer, primary_key=True),
    sqlite_with_rowid=False,
)

number = Table(
    "epcis_number",
    METADATA,
    Column("field", BigInteger, primary_key=True),  # `hashed` field
    Column("value", Float, primary_key=True),
    Column("seq", Integer, primary_key=True),
    # One event's numbers: without it, a range is walked once for each event that is looked at.
    Index("epcis_number_by_seq", "seq", "field"),
    sqlite_with_rowid=False,
)

identifier = Table(
    "epcis_identifier",
    METADATA,
    Column("text", _TEXT, primary_key=True),
    Column("role", Integer, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Index("epcis_identifier_by_seq", "seq"),
    sqlite_with_rowid=False,
)

name = Table(
    "epcis_name",
    METADATA,
    Column("kind", Text, primary_key=True),  # bizStep, disposition, readPoint, ...
    Column("text", _TEXT, primary_key=True),
    Column("first_seq", Integer, nullable=False),
    sqlite_with_rowid=False,
)

attribute = Table(
    "epcis_attribute",
    METADATA,
    Column("element", Text, primary_key=True),  # canonical identifier
    Column("attribute", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Index("epcis_attribute_by_value", "attribute", "value"),
    sqlite_with_rowid=False,
)

child = Table(
    "epcis_child",
    METADATA,
    Column("parent", Text, primary_key=True),
    Column("child", Text, primary_key=True),
    sqlite_with_rowid=False,
)

job = Table(
    "epcis_job",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("agency", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("behaviour", Text, nullable=False),
    Column("success", Boolean, nullable=False),
    Column("captured", Integer, nullable=False),
    Column("repeated", Integer, nullable=False),
    Column("errors", Text, nullable=False),
    Index("epcis_job_by_seq", "seq"),
    sqlite_with_rowid=False,
)

query = Table(
    "epcis_query",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("agency", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("definition", Text, nullable=False),
    sqlite_with_rowid=False,
)

subscription = Table(
    "epcis_subscription",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("query", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("dest", Text, nullable=False),
    Column("stream", Boolean, nullable=False),
    Column("schedule", Text, nullable=False),
    Column("report_if_empty", Boolean, nullable=False),
    Column("initial_record_time", Instant, nullable=False),
    Index("epcis_subscription_by_query", "query"),
    sqlite_with_rowid=False,
)

# Not made from facts: what a rebuild must not touch, and a secret, which no fact may hold.
delivery = Table(
    "epcis_delivery",
    METADATA,
    Column("subscription", Text, primary_key=True),
    Column("secret", Text, nullable=False),
    Column("after_seq", Integer, nullable=False),  # all up to here was delivered, or passed over
    Column("next_at", Instant, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("last_notified_at", Instant),
    Column("last_failure", Text, nullable=False),
    Index("epcis_delivery_by_next", "next_at"),
    sqlite_with_rowid=False,
)

TABLES: tuple[Table, ...] = (
    event,
    word,
    number,
    identifier,
    name,
    attribute,
    child,
    job,
    query,
    subscription,
)


@lru_cache(maxsize=65_536)
def hashed(field: str, value: str = "") -> int:
    """Return the 64 bits under which a field, or a field with a value, is found.

    Two words in ten million share their bits with a chance of 1 in 300,000; so what the index
    finds is held against the event itself once more (`tables.find_events`).
    """
    text = f"{field}\0{value}".encode(errors="surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)
