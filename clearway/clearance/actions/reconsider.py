"""Decide anew on what something new speaks of: a certificate, an alarm, a look at a seal."""

from __future__ import annotations

from collections.abc import Iterable

from clearway.certificates.formats.profile import profile_of
from clearway.clearance import tables
from clearway.clearance.actions.compare import compare_certificates
from clearway.clearance.actions.settle import settle
from clearway.clearance.evidence import load_case
from clearway.clearance.standing import by_rules
from clearway.ledger.fact import Fact
from clearway.policy.act import Act


def reconsider_certificate(act: Act, type_code: str, number: str) -> tuple[Fact, ...]:
    """Decide anew on the open declarations that name a certificate; return what was decided.

    Args:
        type_code: UNECE 1001.
        number: as people write it.
    """
    types = profile_of(type_code).document_types
    return reconsider(act, tables.naming(act.connection, number, types))


def reconsider_container(act: Act, container: str) -> tuple[Fact, ...]:
    """Decide anew on the open declarations with goods in a container; return what was decided.

    Call it after an alarm was raised or a seal was found broken; it is cheap when nothing changed.
    """
    return reconsider(act, tables.in_container(act.connection, container))


def reconsider(act: Act, mrns: Iterable[str]) -> tuple[Fact, ...]:
    """Compare certificates and decide anew on these declarations; return what was decided."""
    decided = []
    for mrn in mrns:
        case = load_case(act.connection, mrn)
        compare_certificates(by_rules(act), case)
        fact = settle(act, case)
        if fact is not None:
            decided.append(fact)
    return tuple(decided)
