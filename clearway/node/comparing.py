"""Comparing watch lists with a partner: our answer to its question, and our question to it.

A partner may ask of a list only if an entitlement of it says so, by default of none:

    risk.lists_compared/1 where body.list=phoenix_firms
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from clearway.connectors.peer.client import Caller, Patience
from clearway.connectors.peer.model import Partner
from clearway.errors import NotFound, Refused, TryLater, WrongState
from clearway.identity.entitlement import judge
from clearway.identity.model import Actor
from clearway.ledger.fact import WHOLE, Fact, encode
from clearway.node.exchange import LINK_ERRORS
from clearway.node.partnership import Partnership
from clearway.risk.lists import tables as lists
from clearway.risk.sharing import psi
from clearway.risk.sharing.actions.record_comparison import record_comparison, require_rate
from clearway.risk.sharing.facts import ListsCompared

_PAGE = 1_000
_PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison told us.

    Args:
        common: our entries that the partner's list has as well.
        asked: how many of ours were compared.
        held: how many entries the partner's list has.
        seq: of the fact that keeps it.
    """

    common: tuple[str, ...]
    asked: int
    held: int
    seq: int


def answer(
    partnership: Partnership, partner: Partner, name: str, asked: bytes
) -> tuple[bytes, ListsCompared]:
    """Return the answer to a partner's question, and what is to be recorded before it is sent.

    Raises:
        Refused: no rule lets the partner compare this list, or there is none of that name: which
            of the two is not told.
        TryLater: it asked often enough today. TooLarge, MalformedMessage: the question.
    """
    node = partnership.node
    _require_entitled(partner, name, node.clock())
    with node.reading() as connection:
        require_rate(connection, partner.id, node.clock())
        held = _entries(connection, name)
    secret = psi.secret_of(node.entropy(psi.SEED_SIZE))
    context = psi.context_of(partner.origin, node.log.origin)
    content = psi.answer(asked, held, context, secret)
    stated = ListsCompared(partner.id, name, False, len(asked) // psi.POINT_SIZE, len(held))
    return content, stated


def ask(
    partnership: Partnership,
    actor: Actor,
    partner_id: str,
    ours: str,
    theirs: str,
    reason: str,
    patience: Patience = _PATIENCE,
) -> Compared:
    """Ask a partner which entries of a list of ours its list has; the comparison is a fact.

    Raises:
        NotFound: there is no such partner or list. WrongState: ours is empty.
        TooLarge: ours has more entries than may be asked for at once.
        Refused: policy, or the partner, says no. TryLater: it cannot be reached.
        MalformedMessage: its answer does not fit.
    """
    node = partnership.node
    node.policy.require(actor, "risk.share", {})
    partner = next((one for one in partnership.partners() if one.id == partner_id), None)
    if partner is None or not partner.url:
        raise NotFound(f"No partner {partner_id!r} can be asked; see: clearway peer status")
    with node.reading() as connection:
        asked = _entries(connection, ours)
    if not asked:
        raise WrongState(f"The watch list {ours} has no entries; there is nothing to compare")
    secret = psi.secret_of(node.entropy(psi.SEED_SIZE))
    context = psi.context_of(node.log.origin, partner.origin)
    question = psi.question(asked, context, secret)
    try:
        content = asyncio.run(_call(partnership, partner, theirs, question, patience))
    except LINK_ERRORS as error:
        raise TryLater(f"{partner.id} cannot be reached: {error}") from error
    common, held = psi.common(asked, content, secret)
    stated = ListsCompared(partner.id, ours, True, len(asked), held, len(common), reason)
    fact = node.act(actor, lambda act: record_comparison(act, stated)).result().result
    return Compared(common, len(asked), held, fact.seq)


async def _call(
    partnership: Partnership, partner: Partner, name: str, question: bytes, patience: Patience
) -> bytes:
    links = partnership.node.links
    context = await asyncio.to_thread(
        links.pinned, partner.url, partner.fingerprints, patience.connect_s
    )
    async with Caller(partner.url, context, patience) as caller:
        return await caller.compare(name, question)


def _require_entitled(partner: Partner, name: str, now: datetime) -> None:
    """Refuse a list that no rule of the partner names.

    Raises: Refused: in the same words whether there is such a list or not.
    """
    body = encode({"list": name})
    subject = f"list:{name}"
    wanted = Fact(0, ListsCompared.TYPE, subject, "", "", now, now, body, WHOLE)
    if judge(partner.entitlements, wanted) is None:
        raise Refused(f"{partner.id} may not compare a list {name!r} here")


def _entries(connection: Connection, name: str) -> tuple[str, ...]:
    """Return the entries of a list, at most one more than can be compared."""
    lists.get(connection, name)
    found: list[str] = []
    while len(found) <= psi.MOST_HELD:
        page = lists.list_entries(connection, name, after=found[-1] if found else "", limit=_PAGE)
        found += page
        if len(page) < _PAGE:
            break
    return tuple(found)
