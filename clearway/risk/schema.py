"""Risk's tables and the statements that run for every declaration.

`risk_history`      what came since, per key and day: a model adds it to its snapshot from its
                    cut-off on, so that any model not older than the oldest day kept can be active
`risk_declaration`  goods of each accepted declaration, until an examination tells the truth
`risk_assessment`   the last assessment of each declaration
`risk_day`          what each office assessed on a day, per channel
`risk_model`        models in the order of activation; the last is the active one
"""

from __future__ import annotations

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
    and_,
    bindparam,
    case,
    cast,
    func,
    select,
    text,
    update,
)

from clearway.ledger.columns import Instant
from clearway.ledger.tables import METADATA

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
    PrimaryKeyConstraint("office", "day"),
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

# Statements, built once: building one costs more than running it.

SUMS = ("n", "examined", "found", "logs", "log_sum", "log_squares", "vague")

ADD_HISTORY = text(
    f"INSERT INTO risk_history (key, day, {', '.join(SUMS)})"
    f" VALUES (:key, :day, {', '.join(f':{name}' for name in SUMS)})"
    " ON CONFLICT (key, day) DO UPDATE SET "
    + ", ".join(f"{name} = risk_history.{name} + excluded.{name}" for name in SUMS)
)

READ_PASTS = (
    select(
        history.c.key,
        *(cast(func.sum(history.c[name]), BigInteger) for name in SUMS),
        func.min(case((history.c.n > 0, history.c.day))),
        func.max(case((and_(history.c.n > 0, history.c.day < bindparam("today")), history.c.day))),
    )
    .where(
        history.c.key.in_(bindparam("keys", expanding=True)),
        history.c.day >= bindparam("since"),
    )
    .group_by(history.c.key)
)

PUT_DECLARATION = text(
    "INSERT INTO risk_declaration (mrn, goods) VALUES (:mrn, :goods) ON CONFLICT (mrn) DO NOTHING"
)
GET_DECLARATION = select(declaration.c.goods, declaration.c.examined_day).where(
    declaration.c.mrn == bindparam("mrn")
)
MARK_EXAMINED = (
    update(declaration)
    .where(declaration.c.mrn == bindparam("b_mrn"))
    .values(examined_day=bindparam("b_day"))
)

PUT_ASSESSMENT = text(
    "INSERT INTO risk_assessment (mrn, seq, at, office, channel, stratum, score, body)"
    " VALUES (:mrn, :seq, :at, :office, :channel, :stratum, :score, :body)"
    " ON CONFLICT (mrn) DO UPDATE SET seq = excluded.seq, at = excluded.at,"
    " office = excluded.office, channel = excluded.channel, stratum = excluded.stratum,"
    " score = excluded.score, body = excluded.body"
).bindparams(bindparam("at", type_=Instant))

ADD_DAY = text(
    "INSERT INTO risk_day (office, day, arrivals, red, red_mandatory, yellow, blue)"
    " VALUES (:office, :day, 1, :red, :red_mandatory, :yellow, :blue)"
    " ON CONFLICT (office, day) DO UPDATE SET arrivals = risk_day.arrivals + 1,"
    " red = risk_day.red + excluded.red,"
    " red_mandatory = risk_day.red_mandatory + excluded.red_mandatory,"
    " yellow = risk_day.yellow + excluded.yellow, blue = risk_day.blue + excluded.blue"
)
READ_DAY = select(day).where(
    day.c.office == bindparam("office"),
    day.c.day >= bindparam("first"),
    day.c.day <= bindparam("today"),
)
