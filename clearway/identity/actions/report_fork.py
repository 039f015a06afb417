"""A partner's log shows two histories: the evidence, whoever of this node's parts found it."""

from __future__ import annotations

import base64

from clearway.identity.facts_agencies import ForkFound
from clearway.identity.hand import Hand
from clearway.ledger import checkpoint as checkpoints
from clearway.ledger import sightings
from clearway.ledger.fact import Fact
from clearway.ledger.fork import Fork
from clearway.ledger.note import split_note


def report_fork(act: Hand, agency: str, fork: Fork) -> Fact | None:
    """Record the evidence; officers see it, and anybody can check it with the log's key.

    Args:
        fork: made from heads that were verified.

    Returns: the fact, None when just this evidence is known.

    Raises: Refused.
    """
    act.require("agency.report", subject=agency)
    first = checkpoints.parse(split_note(fork.first)[0])
    if not sightings.keep_evidence(act.connection, first.origin, fork, act.now):
        return None
    proof = tuple(base64.b64encode(hash_).decode("ascii") for hash_ in fork.path)
    body = ForkFound(agency, first.origin, first.size, fork.first, fork.second, proof)
    return act.append(body, subject=f"agency:{agency}")
