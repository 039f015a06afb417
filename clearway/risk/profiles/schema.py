"""Tables of rules.

`risk_rule`      every version of every rule, where it stands and who brought it there
`risk_rule_set`  which versions made up the set, from which fact on: any set can be loaded again
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table, Text

from clearway.ledger.columns import Instant
from clearway.ledger.tables import METADATA

rule = Table(
    "risk_rule",
    METADATA,
    Column("id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("expression", Text, nullable=False),  # SHA-256
    Column("body", LargeBinary, nullable=False),
    Column("author", Text, nullable=False),
    Column("drafted_at", Instant, nullable=False),
    Column("tested", LargeBinary),
    Column("approver", Text, nullable=False),
    Column("activated_at", Instant),
    Column("ended_at", Instant),
    Column("ended_by", Text, nullable=False),
    Column("ended_why", Text, nullable=False),
    PrimaryKeyConstraint("id", "version"),
    Index("risk_rule_by_state", "state"),
)

rule_set = Table(
    "risk_rule_set",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("members", LargeBinary, nullable=False),
    Index("risk_rule_set_by_name", "name"),
)
