"""Who takes part, and how that changes: by votes of those who do.

A change names one agency as it shall be: a new one joins, a known one gets a new key or another
power, power 0 lets it go. It takes effect as soon as agencies with more than two thirds of all
power want the same change in the same epoch; then the epoch ends and all open votes with it. An
agency has one open vote; a second one replaces it. An agency that lost its key is given a new one
by the others in this way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256

from clearway.errors import BadTerm
from clearway.ledger.order.encoding import encode_agency
from clearway.ledger.order.model import MAX_AGENCIES, Agency, Code, Vote

# Below this number a fault of one stops or splits the rest: f faults need 3 f + 1 (PBFT, 1999).
FEWEST_FOR_ORDER = 4


@dataclass(frozen=True, slots=True)
class Governance:
    """The agencies of an epoch, by id, and the open votes, by voter."""

    agencies: tuple[Agency, ...]
    epoch: int = 0
    votes: tuple[tuple[str, Agency], ...] = ()

    @classmethod
    def genesis(cls, agencies: tuple[Agency, ...]) -> Governance:
        """Return the first epoch. Raises: BadTerm: no agency, a power of 0, or a key held twice."""
        if not 1 <= len(agencies) <= MAX_AGENCIES:
            raise BadTerm("number of agencies", len(agencies), f"1 to {MAX_AGENCIES}")
        if any(agency.power == 0 for agency in agencies):
            raise BadTerm("power", 0, "at least 1 for each agency that takes part")
        if _shared_names(agencies):
            raise BadTerm("agencies", len(agencies), "no two share an id or a key")
        return cls(tuple(sorted(agencies, key=lambda agency: agency.id)))

    @property
    def power(self) -> int:
        """Power of all agencies together."""
        return sum(agency.power for agency in self.agencies)

    def find(self, name: str) -> Agency | None:
        """Return the agency of this id, or None."""
        return next((agency for agency in self.agencies if agency.id == name), None)

    def digest(self) -> bytes:
        """Return the commitment to all of it, 32 bytes."""
        parts = [b"clearway-order-governance/1\n", self.epoch.to_bytes(8, "big")]
        parts.append(len(self.agencies).to_bytes(2, "big"))
        parts += map(encode_agency, self.agencies)
        for voter, change in self.votes:
            parts += (bytes((len(voter),)), voter.encode("ascii"), encode_agency(change))
        return sha256(b"".join(parts)).digest()


def vote(governance: Governance, voter: str, wanted: Vote) -> tuple[Governance, Code]:
    """Return the governance after a vote, and what came of it."""
    if wanted.epoch != governance.epoch:
        return governance, Code.VOTE_STALE
    agencies = _changed(governance, wanted.change)
    if agencies is None:
        return governance, Code.CHANGE_REFUSED
    votes = {**dict(governance.votes), voter: wanted.change}
    powers = {agency.id: agency.power for agency in governance.agencies}
    wanting = sum(powers[name] for name, change in votes.items() if change == wanted.change)
    if 3 * wanting > 2 * governance.power:
        return Governance(agencies, governance.epoch + 1), Code.CARRIED
    return replace(governance, votes=tuple(sorted(votes.items()))), Code.ACCEPTED


def validator_updates(before: Governance, after: Governance) -> tuple[tuple[bytes, int], ...]:
    """Return what a consensus engine must be told: validator key and its new power, by key."""
    old = {agency.validator: agency.power for agency in before.agencies}
    new = {agency.validator: agency.power for agency in after.agencies}
    keys = sorted((set(old) | set(new)) - {b""})
    return tuple((key, new.get(key, 0)) for key in keys if old.get(key) != new.get(key))


def _changed(governance: Governance, change: Agency) -> tuple[Agency, ...] | None:
    """Return the agencies after a change, or None where it may not be."""
    known = governance.find(change.id)
    others = tuple(agency for agency in governance.agencies if agency.id != change.id)
    if change.power == 0:
        return others if known is not None and others else None
    agencies = tuple(sorted((*others, change), key=lambda agency: agency.id))
    if change == known or len(agencies) > MAX_AGENCIES or _shared_names(agencies):
        return None
    # With an engine of validators, nobody votes whose validator does not.
    if any(agency.validator for agency in others) and not change.validator:
        return None
    return agencies


def _shared_names(agencies: tuple[Agency, ...]) -> bool:
    names = [agency.id for agency in agencies]
    keys = [agency.key for agency in agencies]
    validators = [agency.validator for agency in agencies if agency.validator]
    return any(len(set(held)) != len(held) for held in (names, keys, validators))
