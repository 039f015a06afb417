"""Whether goods can be cleared under a certificate on file, the order's word included."""

from __future__ import annotations

from sqlalchemy import Connection

from clearway.certificates.formats.profile import profile_of
from clearway.certificates.lifecycle import require_usable as require_in_force
from clearway.certificates.record import Record
from clearway.certificates.uses.single import Finding
from clearway.certificates.uses.tables import SingleUse, find_stop
from clearway.errors import InputError, WrongState


def require_usable(connection: Connection, record: Record) -> None:
    """Refuse to clear goods on the strength of a certificate that is not in order.

    Raises:
        WrongState: its status, a dispute, its sender or a use elsewhere forbid it (refusal 04).
        RuleViolation: rules found severe faults; findings list them.
    """
    require_in_force(record, profile_of(record.key.type_code))
    stop = find_stop(connection, record.key)
    if stop is not None:
        detail = f"The certificate {record.certificate.number} {told(stop)}"
        raise WrongState(detail, refusal="04")


def why_unusable(connection: Connection, record: Record) -> str:
    """Return why goods cannot be cleared under it, one sentence without a full stop; or ""."""
    try:
        require_usable(connection, record)
    except InputError as refused:
        return refused.detail
    return ""


def told(stop: SingleUse) -> str:
    """Return what the order found, in words that name the first use and nobody's goods."""
    place = f" (place {stop.place} of the order)" if stop.place else ""
    if stop.finding == Finding.USED_ELSEWHERE:
        return f"was used before by {stop.agency}{place}; who holds it can ask there for what"
    if stop.finding == Finding.OTHER_CONTENT:
        return f"stands with other content at {stop.agency}{place}; ask its authority which is true"
    return "is drawn beyond the quantity that was certified first; ask its authority"
