"""Let certificates of ours expire that are older than their profile allows."""

from __future__ import annotations

from datetime import timedelta

from clearway.certificates.formats.profile import profiles
from clearway.certificates.issuing import facts, tables
from clearway.certificates.issuing.course import Step
from clearway.certificates.issuing.desk import ACTIONS
from clearway.ledger.fact import Fact
from clearway.policy.act import Act


def expire(act: Act, *, limit: int = 100) -> tuple[Fact, ...]:
    """Record every certificate that is too old to be used (49), the oldest first.

    Args:
        limit: at most so many of each kind in one transaction.

    Raises: Refused: policy says no.
    """
    done = []
    for profile in profiles().values():
        days = profile.issue.valid_days
        if days is None or not profile.issue.prefix:
            continue
        act.require(ACTIONS[Step.EXPIRE], agency=profile.agency)
        before = act.now - timedelta(days=days)
        for old in tables.list_issued_before(
            act.connection, before, profile.type_code, limit=limit
        ):
            subject = str(old.certificate)
            done.append(act.append(facts.Expired(subject, days), subject=subject))
    return tuple(done)
