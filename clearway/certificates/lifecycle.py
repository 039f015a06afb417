"""What another message under the number of a certificate on file means.

The same content again is the same certificate. Other content is a step of its life only if its
status says so and its sender is proved at least as well; anything else is an alarm, and the better
proved of the two counts. A worse proved message never disturbs what is on file: else anyone could
block a stranger's goods by handing in a false copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from clearway.certificates.model import Assurance, Certificate, Key, Status, describe_status
from clearway.certificates.profile import Profile
from clearway.certificates.proof import is_by_authority, outranks
from clearway.certificates.record import Record
from clearway.errors import RuleViolation, WrongState
from clearway.terms.finding import Level

_ENDS: Final = frozenset({Status.WITHDRAWN, Status.REJECTED, Status.REPLACED, Status.EXPIRED})

# From which status an authority may go to which; from an end there is no way on.
STEPS: Final[dict[str, frozenset[str]]] = {
    Status.DRAFT: frozenset({Status.PENDING, Status.APPROVED, Status.ISSUED, *_ENDS}),
    Status.PENDING: frozenset({Status.APPROVED, Status.ISSUED, *_ENDS}),
    Status.APPROVED: frozenset({Status.ISSUED, *_ENDS}),
    Status.ISSUED: _ENDS,
}


class Change(StrEnum):
    """What a message means for what is on file."""

    NEW = "new"  # nothing is on file
    SAME = "same"  # it is on file, proved as well
    CONFIRMED = "confirmed"  # the same content, better proved
    STEP = "step"  # a change of status
    ALARM = "alarm"  # other content; what is on file counts
    DISPUTE = "dispute"  # other content; nothing tells which is true
    CORRECTION = "correction"  # other content, better proved: it counts from now on

    @property
    def is_conflict(self) -> bool:
        """Whether other content came under a number on file."""
        return self in (Change.ALARM, Change.DISPUTE, Change.CORRECTION)


def judge(record: Record | None, certificate: Certificate, proof: Assurance) -> Change:
    """Return what a message means.

    Args:
        record: what is on file under its number; None: nothing.
        certificate: what came.
        proof: how far its origin is proved.
    """
    if record is None:
        return Change.NEW
    is_better = outranks(proof, record.assurance)
    if certificate.sense == record.certificate.sense:
        is_as_stated = record.status == record.certificate.status
        return Change.CONFIRMED if is_better and is_as_stated else Change.SAME
    is_step = certificate.status in STEPS.get(record.status, frozenset())
    # An authority may withdraw over its own channel, unsigned, what it issued with a signature.
    if outranks(record.assurance, proof) and not (is_step and is_by_authority(proof)):
        return Change.ALARM
    if is_step:
        return Change.STEP
    if is_better:
        return Change.CORRECTION
    return Change.ALARM if record.status in _ENDS else Change.DISPUTE


def successions(
    filed: Record, older: Record | None, newer: tuple[Record, ...]
) -> Iterator[tuple[Key, Key]]:
    """Yield which certificate on file is replaced by which, now that one was filed.

    Messages may come in any order: the new certificate may be on file before the one it replaces.
    A certificate in force replaces only what is not better proved.

    Args:
        filed: the one that came.
        older: the one that it says it replaces, if on file.
        newer: those on file that say they replace it.
    """
    if older is not None and _replaces(filed, older):
        yield older.key, filed.key
    for successor in newer:
        if _replaces(successor, filed):
            yield filed.key, successor.key
            return


def _replaces(new: Record, old: Record) -> bool:
    is_in_force = new.status == Status.ISSUED and not new.is_disputed
    is_other = new.key != old.key and old.status not in _ENDS
    is_as_good = is_by_authority(new.assurance) or not outranks(old.assurance, new.assurance)
    return is_in_force and is_other and is_as_good


def require_withdrawable(record: Record) -> None:
    """Refuse to withdraw what has come to its end. Raises: WrongState."""
    if record.status in _ENDS:
        raise WrongState(
            f"The certificate {record.certificate.number} cannot be withdrawn: its status is"
            f" {describe_status(record.status)} already"
        )


def require_usable(record: Record, profile: Profile) -> None:
    """Refuse to clear goods on the strength of a certificate that is not in order.

    Raises:
        WrongState: its status, a dispute or its sender forbid it (refusal 04).
        RuleViolation: rules found severe faults; findings list them.
    """
    number = record.certificate.number
    if record.status not in profile.usable_statuses:
        shown = describe_status(record.status)
        raise _unusable(f"The certificate {number} is not in force: its status is {shown}")
    if record.is_disputed:
        raise _unusable(
            f"Two versions of the certificate {number} are on file and nothing tells which is"
            " true; ask its authority"
        )
    severe = [each for each in record.findings if each.level is Level.SEVERE]
    if severe:
        raise RuleViolation(
            f"The certificate {number} is not in order: {severe[0].message}", severe, refusal="04"
        )


def _unusable(detail: str) -> WrongState:
    return WrongState(detail, refusal="04")
