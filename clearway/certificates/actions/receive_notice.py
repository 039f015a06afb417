"""Take in a notification of non-compliance about a certificate of ours (ISPM 13)."""

from __future__ import annotations

from clearway.certificates.issuing import facts, tables
from clearway.certificates.issuing.course import Step
from clearway.certificates.issuing.desk import take_up_issued
from clearway.certificates.issuing.notice import Notice, require_whole
from clearway.certificates.model import Key
from clearway.errors import ConflictingKey, RuleViolation
from clearway.ledger.fact import Fact
from clearway.policy.act import Act


def receive_notice(act: Act, key: Key, notice: Notice) -> Fact | None:
    """Record what the importing country found; the same notice again changes nothing.

    Args:
        key: of a certificate of ours.
        notice: of the country to which the goods went.

    Raises:
        NotFound: we did not issue it.
        RuleViolation: the notice is not whole, or of a country to which the goods did not go.
        ConflictingKey: another notice came under its reference.
        Refused: policy says no.
    """
    held = take_up_issued(act, key, Step.NOTIFY)
    require_whole(notice)
    content = held.content
    if notice.importing_country not in (content.importing_country, *content.transit_countries):
        raise RuleViolation(
            f"The certificate {key.number} goes to {content.importing_country}, not to"
            f" {notice.importing_country}, which notifies"
        )
    known = tables.find_notice(act.connection, key.subject, notice.reference)
    if known is not None and known.notice != notice:
        raise ConflictingKey(
            f"The notification {notice.reference} is on file with other content", seq=known.seq
        )
    if known is not None:
        return None
    body = facts.NoncomplianceNotified(key.subject, False, notice)
    return act.append(body, subject=key.subject)
