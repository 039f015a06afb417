"""An attempt to send a notice is over."""

from __future__ import annotations

from clearway.connectors.notices import rules, tables
from clearway.connectors.notices.facts import AddressWithdrawn, NoticeAttempted
from clearway.connectors.notices.model import Attempt, Progress, Result
from clearway.ledger.fact import Fact
from clearway.policy.act import Act

LONGEST_DETAIL = 200


def record_attempt(act: Act, notice: str, attempt: Attempt) -> Fact | None:
    """Record what became of an attempt; None when the notice does not wait any more.

    Where nobody is there any more (HTTP 410), the address is withdrawn with it.

    Raises: NotFound: there is no such notice. Refused.
    """
    act.require("notice.send")
    known = tables.get_notice(act.connection, notice)
    if known.progress is not Progress.WAITING:
        return None
    number = known.attempts + 1
    next_at = rules.after(attempt, number, act.now)
    detail = attempt.detail[:LONGEST_DETAIL]
    body = NoticeAttempted(notice, number, attempt.result, detail, next_at)
    fact = act.append(body, subject=known.about)
    is_gone = attempt.result is Result.GONE
    if is_gone and tables.find_address(act.connection, known.address) is not None:
        gone = AddressWithdrawn(known.address, "It answered that it is gone for good.")
        act.append(gone, subject=f"address:{known.address}")
    return fact
