"""What is worked out of a declaration before the transaction: what measures demand of its goods.

prepared = prepare(message, profile, now)
receive_declaration(act, prepared, key, draw=..., selectivity=...)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from clearway.certificates.formats.profile import type_code_of
from clearway.clearance.situation import Need
from clearway.declarations.message import Message
from clearway.declarations.model import Declaration
from clearway.measures.model import Profile, Requirement, RequirementKind
from clearway.measures.rules import document_code, requirements
from clearway.risk.demands import demands_of
from clearway.risk.model import Demands


@dataclass(frozen=True, slots=True)
class Prepared:
    """A declaration read, and what the law says of it.

    Args:
        message: as it came.
        needs: documents and controls that measures demand of its goods.
        demands: the same as risk takes it, with the rates of duty.
    """

    message: Message
    needs: tuple[Need, ...] = ()
    demands: Demands = field(default_factory=Demands)


def prepare(message: Message, profile: Profile, now: datetime) -> Prepared:
    """Return a message with what measures demand; pure, so that it costs the writer nothing.

    Args:
        profile: the country's measures.
        now: aware UTC; the law as it stands then.
    """
    declaration = message.declaration
    if declaration is None:
        return Prepared(message)
    return Prepared(
        message, needs_of(profile, declaration, now), demands_of(profile, declaration, now)
    )


def needs_of(profile: Profile, declaration: Declaration, at: datetime) -> tuple[Need, ...]:
    """Return each requirement once, with the items that it is about, by code."""
    found: dict[str, Requirement] = {}
    items: dict[str, list[int]] = {}
    for item in declaration.items:
        for one in requirements(profile, item.hs, item.origin, declaration.kind.value, at):
            found[one.code] = one
            items.setdefault(one.code, []).append(item.number)
    return tuple(_need(found[code], tuple(items[code])) for code in sorted(found))


def _need(requirement: Requirement, items: tuple[int, ...]) -> Need:
    codes = tuple(map(document_code, requirement.document_types))
    is_on_file = any(type_code_of(each) for each in requirement.document_types)
    return Need(
        code=requirement.code,
        agency=requirement.agency,
        text=requirement.text,
        legal_basis=requirement.legal_basis,
        type_codes=codes,
        items=items,
        is_certificate=requirement.kind is RequirementKind.CERTIFICATE and is_on_file,
    )
