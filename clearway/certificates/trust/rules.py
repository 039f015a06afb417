"""When one trust list may follow another."""

from __future__ import annotations

from datetime import datetime

from clearway.certificates.trust.model import CLOCK_SKEW, TrustList, key_id_of
from clearway.errors import RuleViolation, WrongState


def require_current(trust_list: TrustList, now: datetime) -> None:
    """Refuse a list that is out of date or from the future. Raises: WrongState."""
    if now >= trust_list.next_update:
        raise WrongState(
            f"Version {trust_list.version} of the trust list was good until"
            f" {trust_list.next_update.isoformat()}; get its next version"
        )
    if trust_list.issued_at > now + CLOCK_SKEW:
        raise WrongState(
            f"The trust list is issued at {trust_list.issued_at.isoformat()}, which is still to"
            " come; compare the clocks"
        )


def require_successor(
    new: TrustList, signer: bytes, held: TrustList, held_signer: bytes, *, is_new_signer: bool
) -> None:
    """Refuse a list that is older than the one held, or from somebody else.

    Args:
        is_new_signer: the administrator states that another key or issuer signs from now on.

    Raises: WrongState: it is not newer. RuleViolation: another issuer or key, not so stated.
    """
    is_same = new.issuer == held.issuer and signer == held_signer
    if not is_same and not is_new_signer:
        raise RuleViolation(
            f"The trust list held is of {held.issuer!r}, signed by {key_id_of(held_signer).hex()};"
            f" this one is of {new.issuer!r}, signed by {key_id_of(signer).hex()}. If that is"
            " meant, say so: accept it as of a new signer"
        )
    if new.issuer == held.issuer and new.version <= held.version:
        raise WrongState(
            f"Version {held.version} of the trust list is held; version {new.version} is not newer"
        )
    if new.issued_at < held.issued_at:
        raise WrongState("The trust list was issued before the one that is held")
