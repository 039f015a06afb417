"""Following partners' logs: what was seen of each is kept, and evidence is never forgotten."""

from __future__ import annotations

import structlog

from clearway.identity.model import Actor, ActorKind, Role
from clearway.ledger import sightings
from clearway.ledger.audit import Judge
from clearway.ledger.monitor import Findings, NullifiersOf, watch
from clearway.ledger.source import Source
from clearway.node.node import Node
from clearway.policy.act import Act

logger = structlog.get_logger()
_MONITOR = Actor(ActorKind.SYSTEM, "monitor", "customs", frozenset({Role.WORKER}))
# Heads of one log that are held against each round; the largest ones cover the others.
_COMPARED = 50


def follow(
    node: Node,
    origin: str,
    source: Source,
    judge: Judge,
    *,
    nullifiers_of: NullifiersOf = lambda entry: (),
) -> Findings:
    """Re-hash one partner's log, compare it with all that was seen, and remember both.

    Args:
        origin: of the log, as its keys are known under.
        judge: by the partner's keys (`Quorum.judge`).

    Raises: as `monitor.watch`; then nothing is kept.
    """
    with node.reading() as connection:
        kept = sightings.kept_notes(connection, origin, _COMPARED)
    findings = watch(source, judge, kept=kept, nullifiers_of=nullifiers_of)
    node.act(_MONITOR, lambda act: _remember(act, findings)).result()
    if findings.forks:
        logger.critical("log_forked", origin=origin, evidence=len(findings.forks))
    elif not findings.holds:
        logger.error("log_does_not_hold", origin=origin, faults=findings.audited.fault_count)
    return findings


def _remember(act: Act, findings: Findings) -> None:
    head = findings.audited.checkpoint
    sightings.keep_head(act.connection, head, findings.audited.note, act.now)
    for fork in findings.forks:
        sightings.keep_evidence(act.connection, head.origin, fork, act.now)
