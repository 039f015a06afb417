"""Has the uses of certificates ordered with the other agencies, and records what the order says.

What was issued here is registered first: number, content and quantities, so that an altered copy is
found at its first use abroad. The issue itself never waits for the order.
What a declaration here has used up is asked of the order; what it only holds is looked up, so that
a certificate that another country used stops the second trader before release. Where a profile says
`waits_for_order`, what is held is asked at once and the goods wait. The order may be unreachable
for days: what is pending stays so, marked, and is asked again under the same key.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from clearway.certificates import facts, tables
from clearway.certificates.actions.order_use import record_double_use, record_ordered
from clearway.certificates.actions.register import record_contested, record_registered
from clearway.certificates.formats.profile import profile_of
from clearway.certificates.issuing import tables as issuing
from clearway.certificates.issuing.facts import Issued
from clearway.certificates.model import Certificate, Key
from clearway.certificates.uses.content import as_issued
from clearway.certificates.uses.registrations import MOST_AT_ONCE, open_registrations
from clearway.certificates.uses.single import (
    Claim,
    Found,
    against,
    batch_of,
    contested,
    judge,
    names_of,
    registration_batches,
    secret_of,
)
from clearway.certificates.uses.tables import SingleUse, UseState, open_uses, reference_of
from clearway.clearance.actions.reconsider import reconsider_certificate
from clearway.errors import ClearwayError, InputError, NotFound, TryLater
from clearway.identity.model import Actor, ActorKind, Role
from clearway.ledger.fact import Fact
from clearway.ledger.order.cometbft.engine import CometOrder
from clearway.ledger.order.local import LocalOrder
from clearway.ledger.order.model import (
    Code,
    Outcome,
    QuotaOpening,
    Reference,
    Use,
    UseBatch,
    UseRecord,
)
from clearway.node.clock import Entropy
from clearway.node.drawn_keys import drawn_key
from clearway.node.witness import Host
from clearway.policy.act import Act

logger = structlog.get_logger()
KEY_SIZE = 32
_WORKER = Actor(ActorKind.SYSTEM, "single-use", "customs", frozenset({Role.WORKER}))
_WAKING = frozenset({facts.Used.TYPE, Issued.TYPE})
_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_SEEN_MOST = 100_000


def members_key(file: Path, entropy: Entropy) -> bytes:
    """Return the key that the members of the order share; a node alone draws its own.

    Whoever joins a shared order puts the members' key (64 hexadecimal digits) into this file.

    Raises: MalformedMessage: the file holds no such key. StorageFailure: it cannot be written.
    """
    return drawn_key(file, entropy, KEY_SIZE)


class SingleUses:
    """What a node does about single use; use as a context manager inside the open node.

    Args:
        order: gives the order; may raise where it cannot be reached.
        key: of the members, see `members_key`.
    """

    def __init__(
        self, host: Host, order: Callable[[], LocalOrder | CometOrder], key: bytes
    ) -> None:
        self._host = host
        self._order = order
        self._key = key
        self._looked: set[tuple[str, int, str]] = set()
        self._guard = threading.Lock()
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="single-use", daemon=True)

    def __enter__(self) -> SingleUses:
        self._wake.set()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._wake.set()
        self._thread.join()

    def tell(self, committed: Sequence[Fact]) -> None:
        """Wake up when something was used or issued."""
        if any(fact.type in _WAKING for fact in committed):
            self._wake.set()

    def round(self) -> int:
        """Ask and look up what is open; return how many issues and uses are pending still.

        Raises: TryLater: the order cannot be reached; everything stays pending.
        """
        with self._guard:
            pending = self._register_open()
            with self._host.reading() as connection:
                used = [self._claim(connection, one) for one in
                        open_uses(connection, UseState.CONSUMED)]  # fmt: skip
                held = [self._claim(connection, one) for one in
                        open_uses(connection, UseState.HELD) if self._is_new(one)]  # fmt: skip
            for claim in used:
                pending += not self._ask(claim)
            for claim in held:
                if profile_of(claim.key.type_code).waits_for_order:
                    pending += not self._ask(claim)
                else:
                    self._look(claim)
            return pending

    def _register_open(self) -> int:
        """Register what was issued here; return how many certificates are pending still."""
        with self._host.reading() as connection:
            keys = open_registrations(connection)
            held = [issuing.find_issued(connection, key) for key in keys]
        pending = int(len(keys) == MOST_AT_ONCE)  # there may be more behind these
        for one in held:
            if one is not None and one.issued is not None:
                pending += not self._register(one.issued)
        return pending

    def _register(self, certificate: Certificate) -> bool:
        """Return whether the order answered."""
        order, key = self._order(), certificate.key
        batches = registration_batches(certificate, self._key)
        tickets = [order.submit(batch) for batch in batches]
        outcomes = [order.outcome(ticket) for ticket in tickets]
        if any(outcome is None for outcome in outcomes):
            return False
        _require_taken(outcomes)
        number = next(item for item in batches[0].items if isinstance(item, Use))
        first = order.use(number.nullifier)
        if first is None:
            return False
        found = contested(number, first)
        if found is None:
            record = partial(record_registered, key=key, first=first)
            self._host.act(_WORKER, record).result()
        else:
            self._contest(key, found)
        return True

    def _contest(self, key: Key, found: Found) -> None:
        def contest(act: Act) -> None:
            if record_contested(act, key, found) is not None:
                reconsider_certificate(act, key.type_code, key.number)

        self._host.act(_WORKER, contest).result()
        logger.warning("issued_number_contested", nullifier=found.nullifier.hex())

    def _is_new(self, use: SingleUse) -> bool:
        return (use.key.subject, use.line, use.reference) not in self._looked

    def _claim(self, connection: Connection, use: SingleUse) -> Claim:
        record = tables.get(connection, use.key)
        balance = record.balance(use.line)
        drawn = next(
            (
                each.consumed
                for each in (() if balance is None else balance.positions)
                if reference_of(each.mrn, each.item) == use.reference
                and use.state is UseState.CONSUMED
            ),
            None,
        )
        return Claim(
            key=use.key,
            line=use.line,
            reference=use.reference,
            names=names_of(as_issued(connection, record), use.line, self._key),
            secret=secret_of(record.certificate, self._key),
            certified=None if balance is None else balance.certified,
            drawn=drawn,
            is_exclusive=not profile_of(use.key.type_code).shares_quantity,
        )

    def _ask(self, claim: Claim) -> bool:
        """Return whether the order answered."""
        order = self._order()
        agency = order.signer.agency
        batch = batch_of(claim, agency)
        ticket = order.submit(batch)
        outcome = order.outcome(ticket)
        if outcome is None:
            return False
        _require_taken([outcome])
        seen = _first_uses(order, batch, outcome)
        found = judge(claim, agency, batch, outcome, seen)
        if found:
            self._stop(claim, found[0])
            return True
        at = _place(claim, batch, outcome, seen)
        self._host.act(_WORKER, lambda act: self._count(act, claim, agency, at)).result()
        return True

    @staticmethod
    def _count(act: Act, claim: Claim, agency: str, at: Reference) -> None:
        fact = record_ordered(act, claim, agency, at)
        if fact is not None and profile_of(claim.key.type_code).waits_for_order:
            reconsider_certificate(act, claim.key.type_code, claim.key.number)

    def _look(self, claim: Claim) -> None:
        order = self._order()
        for name in (claim.names.use, claim.names.number):
            found = against(claim, order.signer.agency, name, order.use(name))
            if found:
                self._stop(claim, found[0])
                return
        if len(self._looked) >= _SEEN_MOST:
            self._looked.clear()
        self._looked.add((claim.key.subject, claim.line, claim.reference))

    def _stop(self, claim: Claim, found: Found) -> None:
        def stop(act: Act) -> None:
            if record_double_use(act, claim, found) is not None:
                reconsider_certificate(act, claim.key.type_code, claim.key.number)

        self._host.act(_WORKER, stop).result()
        logger.warning("double_use_found", finding=found.finding, nullifier=found.nullifier.hex())

    def _run(self) -> None:
        pause = _PAUSE_S
        while not self._ended.is_set():
            self._wake.wait()
            self._wake.clear()
            try:
                is_open = self.round() > 0
                pause = _PAUSE_S
            except (TryLater, NotFound) as error:
                logger.warning("order_not_reached", detail=str(error))
                is_open, pause = True, min(2 * pause, _LONGEST_PAUSE_S)
            except (ClearwayError, SQLAlchemyError) as error:
                logger.exception("single_use_failed", detail=str(error))
                is_open, pause = True, _LONGEST_PAUSE_S
            if is_open and not self._ended.wait(pause):
                self._wake.set()


def _require_taken(outcomes: Sequence[Outcome | None]) -> None:
    for outcome in outcomes:
        if outcome is not None and not outcome.items:
            raise InputError(f"The order refused a batch of ours whole: {outcome.code.name}")


def _first_uses(
    order: LocalOrder | CometOrder, batch: UseBatch, outcome: Outcome
) -> dict[bytes, UseRecord]:
    """Return the first use of everything in a batch that was used before."""
    seen: dict[bytes, UseRecord] = {}
    for item, each in zip(batch.items, outcome.items, strict=True):
        if each.code is Code.USED_BEFORE:
            name = item.quota if isinstance(item, QuotaOpening) else getattr(item, "nullifier", b"")
            first = order.use(name)
            if first is not None:
                seen[name] = first
    return seen


def _place(
    claim: Claim, batch: UseBatch, outcome: Outcome, seen: dict[bytes, UseRecord]
) -> Reference:
    """Return where the use stands: its own item, or the one by which we used the line first."""
    first = seen.get(claim.names.use)
    if first is not None:
        return first.at
    wanted = claim.names.use if claim.is_exclusive else claim.names.quota
    own = (n for n, item in enumerate(batch.items)
           if isinstance(item, Use) and item.nullifier == wanted)  # fmt: skip
    return Reference(outcome.seq if outcome.seq is not None else 0, next(own, 0))
