"""A partner agency joins, with the keys of its card."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clearway.identity import rules_agencies, tables_agencies
from clearway.identity.card import SignedCard
from clearway.identity.facts_agencies import AgencyEntitled, AgencyJoined
from clearway.identity.hand import Hand
from clearway.ledger.fact import Fact
from clearway.terms.places import Country


def admit_agency(
    act: Hand,
    signed: SignedCard,
    *,
    own_origin: str,
    own_keys: Iterable[str],
    entitlements: Sequence[str] = (),
) -> Fact:
    """Let the agency of a card take part from now on; compare its fingerprint by voice first.

    Args:
        own_origin: of this node's log.
        own_keys: of this node, which no card may bear.
        entitlements: rules of what it may receive (`entitlement`).

    Raises: Refused. WrongState: it takes part already, or the agencies must vote first.
    RuleViolation: a key is another's. BadTerm: an entitlement is not in form.
    """
    card = signed.card
    act.require("agency.manage", subject=card.agency)
    agencies = tables_agencies.list_agencies(act.connection)
    decisions = tables_agencies.list_decisions(act.connection)
    rules_agencies.require_admissible(signed, own_origin, own_keys, agencies, decisions)
    rules_agencies.require_entitlements(entitlements)
    body = AgencyJoined(
        agency=card.agency,
        name=card.name,
        country=Country(card.country),
        origin=card.origin,
        log_vkeys=card.log_vkeys,
        witness_vkeys=card.witness_vkeys,
        hpke_key=card.hpke_key,
        tls_fingerprint=card.tls_fingerprint,
        url=card.url,
        witness_url=card.witness_url,
        entitlements=tuple(entitlements),
        card=signed.text,
    )
    return act.append(body, subject=f"agency:{card.agency}")


def entitle_agency(act: Hand, agency: str, entitlements: Sequence[str]) -> Fact:
    """Say anew which facts an agency may receive.

    Raises: Refused. NotFound. BadTerm: an entitlement is not in form.
    """
    act.require("agency.manage", subject=agency)
    tables_agencies.get_agency(act.connection, agency)
    rules_agencies.require_entitlements(entitlements)
    return act.append(AgencyEntitled(agency, tuple(entitlements)), subject=f"agency:{agency}")
