"""What `clearway network vote` does: carry a decision of the agencies into their shared order."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from clearway.cli.partners import ballots
from clearway.cli.setup import OWNER
from clearway.cli.store import readable
from clearway.errors import InputError, WrongState
from clearway.identity.votes import Outcome, ProposalKind
from clearway.ledger.order.cometbft.card import local_order, read_card
from clearway.ledger.order.facts import ChangeVoted
from clearway.ledger.order.model import KEY_SIZE, Agency, UseBatch, Vote
from clearway.ledger.order.port import wait_for
from clearway.node.clock import entropy, utc_now
from clearway.node.files import Folder
from clearway.node.node import Node
from clearway.settings import load

_TIMEOUT_S = 30.0


def vote(
    file: Path | None, proposal: str, card: bytes, power: int | None, home: Path
) -> ChangeVoted:
    """Vote in the order for what was decided, and record the vote.

    Raises: InputError: no such proposal, or it is about something else. WrongState: it is not
    carried. TryLater: the order does not answer; the same command again means the same vote.
    """
    change = decided(file, proposal, read_card(card).agency, power)
    with local_order(home) as order:
        status = order.status()
        key = sha256(f"{proposal}\n{status.epoch}".encode()).digest()[:KEY_SIZE]
        batch = UseBatch(key, (Vote(status.epoch, change),))
        outcome = wait_for(order, order.submit(batch), timeout_s=_TIMEOUT_S)
    code = outcome.items[0].code if outcome.items else outcome.code
    voted = ChangeVoted(
        proposal=proposal,
        order=status.order,
        agency=change.id,
        key=change.key.hex(),
        validator=change.validator.hex(),
        power=change.power,
        epoch=status.epoch,
        code=code.name.lower(),
    )
    settings = load(file)
    with (
        readable(Folder.of(settings).store),
        Node.open(settings, clock=utc_now, entropy=entropy) as node,
    ):
        subject = f"proposal:{proposal}"
        node.act(OWNER, lambda act: act.append(voted, subject=subject)).result()
    return voted


def decided(file: Path | None, proposal: str, agency: Agency, power: int | None) -> Agency:
    """Return the agency as the agencies decided that it shall be in the order."""
    found = next((each for each in ballots(file) if each.id == proposal), None)
    if found is None:
        raise InputError(f"No proposal {proposal!r} is known; see: clearway partner list")
    if found.kind not in (ProposalKind.ADMIT, ProposalKind.REMOVE):
        raise InputError(f"The proposal {proposal} is about a {found.kind}, not about an agency")
    if found.outcome != Outcome.CARRIED:
        raise WrongState(f"The proposal {proposal} is {found.outcome}; the agencies decide first")
    if found.kind == ProposalKind.REMOVE:
        return replace(agency, power=0)
    return agency if power is None else replace(agency, power=power)
