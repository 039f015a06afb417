"""Answer another customs system about a certificate, unless the goods are declared here."""

from __future__ import annotations

from clearway.certificates.actions import manage_quantity as certificates
from clearway.certificates.actions.manage_quantity import Answer, Request
from clearway.declarations import tables as declarations
from clearway.errors import NotFound, WrongState
from clearway.policy.act import Act


def manage_quantity(act: Act, request: Request) -> Answer:
    """Reserve, release or delete for a declaration that another system keeps.

    Raises:
        WrongState: the declaration was lodged here; its certificates follow its own clearance.
        NotFound, BadTerm, ConflictingKey, Refused: see `certificates.actions.manage_quantity`.
    """
    if _is_ours(act, request):
        raise WrongState(
            f"The declaration {request.mrn} was lodged here: its clearance holds and uses"
            " certificates; correct or invalidate the declaration instead"
        )
    return certificates.manage_quantity(act, request)


def _is_ours(act: Act, request: Request) -> bool:
    try:
        declarations.get_summary(act.connection, request.mrn)
    except NotFound:
        return False
    return True
