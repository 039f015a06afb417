"""Note that the importing country does not accept a certificate of ours."""

from __future__ import annotations

from clearway.certificates.issuing import facts
from clearway.certificates.issuing.course import Step
from clearway.certificates.issuing.desk import name_of, take_up_issued
from clearway.certificates.model import Key
from clearway.errors import RuleViolation
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.terms.places import Country


def reject(act: Act, key: Key, country: Country, reason: str, *, reference: str = "") -> Fact:
    """Record a rejection (41) by the importing country; we may withdraw or replace it after.

    Args:
        key: of a certificate of ours.
        country: that rejects; the importing country, or one of transit.
        reason: in their words.
        reference: number of their message, or "".

    Raises:
        NotFound: we did not issue it.
        WrongState: it is no longer in force.
        RuleViolation: the certificate does not go to that country.
        Refused: policy says no.
    """
    held = take_up_issued(act, key, Step.REJECT)
    content = held.content
    if country not in (content.importing_country, *content.transit_countries):
        raise RuleViolation(
            f"The {name_of(held)} goes to {content.importing_country}, so {country} cannot reject"
            " it"
        )
    body = facts.RejectedAbroad(key.subject, country, reason, reference)
    return act.append(body, subject=key.subject)
