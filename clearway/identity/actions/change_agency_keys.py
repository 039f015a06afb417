"""A partner's keys change: rotated by a new card, or lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from clearway.errors import RuleViolation, WrongState
from clearway.identity import rules_agencies, tables_agencies
from clearway.identity.agencies import Agency, KeyKind, Status
from clearway.identity.card import Card, SignedCard
from clearway.identity.facts_agencies import AgencyKeyChanged, AgencyMoved
from clearway.identity.hand import Hand
from clearway.ledger.fact import Fact

TLS_OVERLAP = timedelta(days=7)
ROTATED, LOST = "rotated", "lost"


def rotate_keys(
    act: Hand,
    signed: SignedCard,
    *,
    own_keys: Iterable[str],
    size: int | None = None,
    is_compared: bool = False,
) -> list[Fact]:
    """Take over the keys and addresses of a newer card of an agency.

    A log key that is no longer on the card holds on for checkpoints up to `size`; a TLS
    certificate holds on for a week, since its owner takes the next one into use once all partners
    have the card; any other key that is gone from it ends now. What was signed before stays as it
    is.

    Args:
        size: the largest checkpoint that the old log keys signed; needed when one is gone.
        is_compared: the new fingerprint was compared by voice; needed when no old log key signed
            the card.

    Raises: Refused. NotFound. WrongState: it left. RuleViolation: no log key known before signed
    the card and nobody compared it, a size is missing, or a key is another's.
    """
    card = signed.card
    act.require("agency.manage", subject=card.agency)
    agency = tables_agencies.get_agency(act.connection, card.agency)
    if agency.status is Status.LEFT or agency.origin != card.origin:
        raise WrongState(f"{card.origin!r} does not take part; add its card instead")
    # A witness key does not vouch for a log key: it may be in other hands.
    logs = (key for key in agency.keys if key.kind is KeyKind.LOG)
    holding = {key.text for key in logs if key.until is None and key.until_size is None}
    if not signed.signed_by & holding and not is_compared:
        raise RuleViolation(
            "No log key that is known of this agency signed the new card: compare its fingerprint"
            " by voice, and say so with --compared"
        )
    rules_agencies.require_keys_free(card, tables_agencies.list_agencies(act.connection), own_keys)
    facts = [_append(act, change) for change in _changes(act, agency, card, size)]
    if (agency.name, agency.url, agency.witness_url) != (card.name, card.url, card.witness_url):
        moved = AgencyMoved(agency.id, card.name, card.url, card.witness_url)
        facts.append(act.append(moved, subject=f"agency:{agency.id}"))
    return facts


def lose_key(act: Hand, agency: str, kind: KeyKind, key: str) -> Fact:
    """End a key at once, because its owner lost it: nothing that it signs counts any more.

    Receipts that were made and verified before are not judged anew.

    Raises: Refused. NotFound. WrongState: it is no key of the agency that still holds.
    """
    act.require("agency.manage", subject=agency)
    found = tables_agencies.get_agency(act.connection, agency)
    rules_agencies.require_known_key(found, kind, key)
    return _append(act, AgencyKeyChanged(agency, kind, key, "", None, act.now, LOST))


def _changes(act: Hand, agency: Agency, card: Card, size: int | None) -> Iterator[AgencyKeyChanged]:
    """Yield what comes and what ends, kind by kind."""
    now = {
        KeyKind.LOG: set(card.log_vkeys),
        KeyKind.WITNESS: set(card.witness_vkeys),
        KeyKind.HPKE: {card.hpke_key} - {""},
        KeyKind.TLS: {card.tls_fingerprint} - {""},
    }
    for kind, texts in now.items():
        known = {k.text: k for k in agency.keys if k.kind is kind}
        gone = sorted(t for t, k in known.items() if t not in texts and k.until is None)
        for text in sorted(texts - known.keys()):
            yield AgencyKeyChanged(agency.id, kind, "", text, None, None, ROTATED)
        lost = [text for text in sorted(texts & known.keys()) if known[text].until is not None]
        if lost:
            raise RuleViolation(f"The key {lost[0][:80]} was ended before; it cannot come back")
        for text in gone:
            if kind is not KeyKind.LOG:
                until = act.now + TLS_OVERLAP if kind is KeyKind.TLS else act.now
                yield AgencyKeyChanged(agency.id, kind, text, "", None, until, ROTATED)
            elif known[text].until_size is None:
                yield AgencyKeyChanged(agency.id, kind, text, "", _size(size), None, ROTATED)


def _size(size: int | None) -> int:
    if size is None:
        raise RuleViolation("Say up to which size the old log key signed, with --until-size")
    return size


def _append(act: Hand, change: AgencyKeyChanged) -> Fact:
    return act.append(change, subject=f"agency:{change.agency}")
