"""Risk's tables and the statements that run for every declaration.

`risk_history`      what came since, per key and day: a model adds it to its snapshot from its
                    cut-off on, so that any model not older than the oldest day kept can be active
`risk_declaration`  goods of each accepted declaration, until an examination tells the truth
`risk_assessment`   the last assessment of each declaration
`risk_day`          what each office assessed on a day, per channel
`risk_taken`        what profiles selected, and of whom, per office and day
`risk_model`        models in the order of activation; the last is the active one
"""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from clearway.ledger.columns import Instant
from clearway.ledger.tables import METADATA
from clearway.risk.history import RECENT_DAYS, SUMS

history = Table(
    "risk_history",
    METADATA,
    Column("key", BigInteger, nullable=False),
    Column("day", Integer, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("examined", BigInteger, nullable=False),
    Column("found", BigInteger, nullable=False),
    Column("logs", BigInteger, nullable=False),
    Column("log_sum", BigInteger, nullable=False),
    Column("log_squares", BigInteger, nullable=False),
    Column("vague", BigInteger, nullable=False),
    Column("revenue", BigInteger, nullable=False),
    PrimaryKeyConstraint("key", "day"),
    sqlite_with_rowid=False,
)

declaration = Table(
    "risk_declaration",
    METADATA,
    Column("mrn", Text, primary_key=True),
    Column("goods", LargeBinary, nullable=False),
    Column("examined_day", Integer),
    sqlite_with_rowid=False,
)

assessment = Table(
    "risk_assessment",
    METADATA,
    Column("mrn", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("office", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("stratum", Text, nullable=False),
    Column("score", Float, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("risk_assessment_by_seq", "seq"),
)

day = Table(
    "risk_day",
    METADATA,
    Column("office", Text, nullable=False),
    Column("day", Integer, nullable=False),
    Column("arrivals", Integer, nullable=False),
    Column("red", Integer, nullable=False),
    Column("red_mandatory", Integer, nullable=False),
    Column("yellow", Integer, nullable=False),
    Column("blue", Integer, nullable=False),
    Column("random", Integer, nullable=False),
    Column("explored", Integer, nullable=False),
    Column("overload", Integer, nullable=False),
    Column("curiosity", BigInteger, nullable=False),
    PrimaryKeyConstraint("office", "day"),
    sqlite_with_rowid=False,
)

taken = Table(
    "risk_taken",
    METADATA,
    Column("office", Text, nullable=False),
    Column("day", Integer, nullable=False),
    Column("key", Text, nullable=False),
    Column("n", Integer, nullable=False),
    PrimaryKeyConstraint("office", "day", "key"),
    sqlite_with_rowid=False,
)

model = Table(
    "risk_model",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("activated_at", Instant, nullable=False),
    Column("activated_by", Text, nullable=False),
    Column("trained_at", Instant, nullable=False),
    Column("cut_off", Instant, nullable=False),
    Column("cut_off_day", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)


# What runs for every declaration goes to the driver as it is: for forty keys SQLAlchemy spends four
# times as long on the parameters as the database does on the work.

ADD_HISTORY = (
    f"INSERT INTO risk_history (key, day, {', '.join(SUMS)})"
    f" VALUES ({', '.join('?' * (2 + len(SUMS)))})"
    " ON CONFLICT (key, day) DO UPDATE SET "
    + ", ".join(f"{name} = risk_history.{name} + excluded.{name}" for name in SUMS)
)


@lru_cache(maxsize=128)
def read_pasts(keys: int) -> str:
    """Return the query of so many keys; parameters are (today, today, today, *keys, since)."""
    sums = ", ".join(f"CAST(SUM({name}) AS BIGINT)" for name in SUMS)
    recent = ", ".join(
        f"CAST(SUM(CASE WHEN day > ? - {RECENT_DAYS} THEN {name} ELSE 0 END) AS BIGINT)"
        for name in ("examined", "found")
    )
    return (
        f"SELECT key, {sums}, COALESCE(MIN(CASE WHEN n > 0 THEN day END), -1),"
        " COALESCE(MAX(CASE WHEN n > 0 AND day < ? THEN day END), -1),"
        f" COALESCE(MAX(CASE WHEN found > 0 THEN day END), -1), {recent}"
        f" FROM risk_history WHERE key IN ({', '.join('?' * keys)}) AND day >= ?"
        " GROUP BY key"
    )


PUT_DECLARATION = (
    "INSERT INTO risk_declaration (mrn, goods) VALUES (?, ?) ON CONFLICT (mrn) DO NOTHING"
)
GET_DECLARATION = "SELECT goods, examined_day FROM risk_declaration WHERE mrn = ?"
MARK_EXAMINED = "UPDATE risk_declaration SET examined_day = ? WHERE mrn = ?"

PUT_ASSESSMENT = (
    "INSERT INTO risk_assessment (mrn, seq, at, office, channel, stratum, score, body)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (mrn) DO UPDATE SET seq = excluded.seq, at = excluded.at,"
    " office = excluded.office, channel = excluded.channel, stratum = excluded.stratum,"
    " score = excluded.score, body = excluded.body"
)

DAY_COUNTS = (
    "arrivals", "red", "red_mandatory", "yellow", "blue", "random", "explored", "overload",
    "curiosity",
)  # fmt: skip
ADD_DAY = (
    f"INSERT INTO risk_day (office, day, {', '.join(DAY_COUNTS)})"
    f" VALUES ({', '.join('?' * (2 + len(DAY_COUNTS)))})"
    " ON CONFLICT (office, day) DO UPDATE SET "
    + ", ".join(f"{name} = risk_day.{name} + excluded.{name}" for name in DAY_COUNTS)
)
READ_DAY = (
    f"SELECT day, {', '.join(DAY_COUNTS)} FROM risk_day WHERE office = ? AND day BETWEEN ? AND ?"
)
ADD_TAKEN = (
    "INSERT INTO risk_taken (office, day, key, n) VALUES (?, ?, ?, 1)"
    " ON CONFLICT (office, day, key) DO UPDATE SET n = risk_taken.n + 1"
)


@lru_cache(maxsize=64)
def read_taken(keys: int) -> str:
    """Return the query of so many keys; parameters are (office, day, *keys)."""
    marks = ", ".join("?" * keys)
    return f"SELECT key, n FROM risk_taken WHERE office = ? AND day = ? AND key IN ({marks})"
