"""Record the back-test of a draft: without one it cannot be activated."""

from __future__ import annotations

from clearway.errors import WrongState
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.risk.backtest.model import Report
from clearway.risk.profiles import tables
from clearway.risk.profiles.facts import RuleTested
from clearway.risk.rules import digest_of


def record_test(act: Act, id: str, version: int, report: Report) -> Fact:
    """Record what a back-test found of a version.

    Args:
        report: of `backtest.run`, with this rule among its rules.

    Raises:
        Refused: policy says no. NotFound: there is no such version.
        WrongState: the report is not about this expression.
    """
    act.require("risk.draft_rule", subject=id)
    profile = tables.get(act.connection, id, version).profile
    digest = digest_of(profile.expression)
    found = next((one for one in report.rules if one.id == id and one.expression == digest), None)
    if found is None:
        raise WrongState(f"This back-test did not try version {version} of the rule {id}")
    stated = RuleTested(
        rule=id,
        version=version,
        expression=digest,
        declarations=report.declarations,
        since=report.since,
        until=report.until,
        hits=found.hits,
        examined=found.precision.of,
        found=found.precision.count,
        revenue=found.revenue,
        sampled=found.sampled,
    )
    return act.append(stated, subject=f"rule:{id}")
