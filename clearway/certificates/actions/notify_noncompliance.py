"""Tell the exporting country that a consignment did not comply (ISPM 13)."""

from __future__ import annotations

from clearway.certificates import tables as received
from clearway.certificates.formats.profile import profile_of
from clearway.certificates.issuing import facts, tables
from clearway.certificates.issuing.notice import Notice, require_whole
from clearway.certificates.model import Key
from clearway.errors import RuleViolation
from clearway.ledger.fact import Fact
from clearway.policy.act import Act


def notify_noncompliance(act: Act, key: Key, notice: Notice) -> Fact:
    """Record a notification that we send about a certificate of another country.

    Args:
        key: of a certificate on file, which the country that is notified issued.
        notice: whole; its reference is ours.

    Raises:
        NotFound: no such certificate is on file.
        RuleViolation: the notice is not whole, goes to a country that did not certify the goods, or
            its reference is taken.
        Refused: policy says no.
    """
    act.require(
        "certificate.notify", agency=profile_of(key.type_code).agency, certificate=key.subject
    )
    require_whole(notice)
    record = received.get(act.connection, key)
    if notice.exporting_country != record.certificate.issuing_country:
        raise RuleViolation(
            f"The certificate {key.number} is of {record.certificate.issuing_country}; that country"
            f" is to be notified, not {notice.exporting_country}"
        )
    if tables.find_notice(act.connection, key.subject, notice.reference) is not None:
        raise RuleViolation(f"The notification {notice.reference} was sent already")
    body = facts.NoncomplianceNotified(key.subject, True, notice)
    return act.append(body, subject=key.subject)
