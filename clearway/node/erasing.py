"""Erasing the content of facts from all that a node keeps, while it stands still.

What is done, in this order:
1. In one transaction: body and salt of each fact go, its erasure is recorded, and the tables are
   made again from the facts that are left. If those cannot stand without it, nothing is changed and
   the facts that build on it must be erased with it.
2. The database file is written anew and its journal cut, so that no deleted byte stays in it.
3. The lake's files that hold the facts are written anew.

Steps 2 and 3 can be taken again by `clean`, after a power cut or a full disk between.
Facts about a declaration are only erased once it is closed: rejected, cleared or invalidated; those
about a certificate that this node issues once its life has ended. Facts that give a number stay:
they hold nothing about anybody, and the number must not be given again.
Trained models and backups are outside: train again, and let old backups expire.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import SQLAlchemyError

from clearway.certificates.issuing import tables as issuing
from clearway.certificates.issuing.course import ENDED
from clearway.certificates.issuing.facts import Approved
from clearway.declarations import tables as declarations
from clearway.declarations.lifecycle import Status
from clearway.errors import ClearwayError, NotFound, WrongState
from clearway.lake.erasure import forget
from clearway.ledger import erasure, stored, tables
from clearway.ledger.fact import Fact
from clearway.node import rooms
from clearway.node.files import Folder
from clearway.node.rebuild import rebuild
from clearway.policy.act import Act
from clearway.terms.identifiers import Mrn

CLOSED = frozenset({Status.REJECTED, Status.CLEARED, Status.INVALIDATED})
_DECLARATION = "declaration:"
_GIVES_NUMBER = frozenset({Approved.TYPE})


def erase(act: Act, seqs: Iterable[int], *, reason: str, legal_basis: str) -> list[Fact]:
    """Destroy what these facts say; return their erasures.

    Raises: Refused: by policy. NotFound, InputError: see `ledger.erasure`. WrongState: also when a
    declaration is still open, or other facts build on one of these.
    """
    erased = []
    for seq in sorted(set(seqs)):
        found = stored.read_fact(act.connection, seq)
        if found is None:
            raise NotFound(f"There is no fact {seq} to erase", seq=seq)
        fact = found[0]
        act.require("ledger.erase", lodged_by=fact.actor)
        _require_closed(act.connection, fact)
        erased.append(erasure.erase(act.connection, seq, reason=reason, legal_basis=legal_basis))
    # The tables first: a replay reads what is stored, and these facts are stored at the commit.
    _replay(act.connection)
    return [act.append(body, subject=body.header.subject) for body in erased]


def clean(engine: Engine, folder: Folder) -> int:
    """Take the bytes of all erased facts out of the files; return how many of the lake's changed.

    Args:
        engine: a writer's, of a node that stands still.
    """
    with engine.connect() as connection:
        seqs = connection.execute(select(tables.erased.c.seq)).scalars().all()
    engine.dispose()
    erasure.scrub(engine)
    return forget(folder.lake, seqs)


def _require_closed(connection: Connection, fact: Fact) -> None:
    if fact.type in _GIVES_NUMBER:
        raise WrongState(f"Fact {fact.seq} ({fact.type}) gives a number and holds nothing personal")
    held = issuing.find_subject(connection, fact.subject)
    if held is not None and held.stage not in ENDED:
        raise WrongState(
            f"Fact {fact.seq} is needed: {fact.subject} is {held.stage.value}. Cancel, refuse or"
            " withdraw it before its facts are erased"
        )
    if not fact.subject.startswith(_DECLARATION):
        return
    try:
        mrn = Mrn(fact.subject.removeprefix(_DECLARATION))
        status = declarations.get_summary(connection, mrn).status
    except NotFound:  # its acceptance was erased before, which needed it closed
        return
    if status not in CLOSED:
        raise WrongState(
            f"Fact {fact.seq} is needed: {fact.subject} is {status.value}. Clear or invalidate it"
            " before its facts are erased"
        )


def _replay(connection: Connection) -> Any:
    """Make the tables again from what is left."""
    try:
        return rebuild(connection, rooms.projections(), rooms.projection_tables())
    except (ClearwayError, SQLAlchemyError, LookupError, ValueError, TypeError) as error:
        raise WrongState(
            f"Other facts build on what was to be erased ({error}); erase them in the same command"
        ) from error
