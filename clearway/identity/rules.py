"""Which accounts may be opened, which passwords stand, how long a session lives."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from clearway.errors import BadTerm, RuleViolation
from clearway.identity.model import ActorKind, Role
from clearway.terms.finding import Area, Finding, Level
from clearway.terms.identifiers import PartyId

_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_AGENCY = re.compile(r"[a-z][a-z0-9_]{0,39}")

OFFICERS = frozenset(
    {
        Role.CUSTOMS_OFFICER,
        Role.RISK_ANALYST,
        Role.PLANT_HEALTH_INSPECTOR,
        Role.FOOD_INSPECTOR,
        Role.VETERINARY_INSPECTOR,
        Role.PORT_HEALTH_INSPECTOR,
        Role.CERTIFYING_OFFICER,
        Role.AUDITOR,
        Role.ADMINISTRATOR,
    }
)
ROLES_OF: dict[ActorKind, frozenset[Role]] = {
    ActorKind.OFFICER: OFFICERS,
    ActorKind.TRADER: frozenset({Role.TRADER, Role.BROKER, Role.CARRIER, Role.TERMINAL}),
    ActorKind.DEVICE: frozenset({Role.DEVICE}),
    ActorKind.SYSTEM: frozenset({Role.WORKER, Role.ADMINISTRATOR}),
}
# Who keeps the node or audits it must have no part in what the node decides.
ALONE = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})

# NIST SP 800-63B, 5.1.1.2: length counts, composition rules do not; a hash has no use for more.
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 128
# OWASP ASVS 5.0, V7.3: an end at rest and an end whatever happens; a shift is 8 to 12 hours.
SESSION_AT_REST = timedelta(minutes=30)
LONGEST_SESSION = timedelta(hours=12)

_FREE_ATTEMPTS = 5
_LONGEST_WAIT = timedelta(minutes=15)


def check_account(
    account: str, kind: ActorKind, agency: str, roles: frozenset[Role], party: PartyId | None
) -> tuple[Finding, ...]:
    """Return what stands against opening this account."""
    found: list[Finding] = []
    if _ACCOUNT.fullmatch(account) is None:
        rule = "an account name is 1 to 64 letters, digits, dots, hyphens or underscores"
        found.append(_severe("IDN_R01", "account", f"{account[:70]!r}: {rule}."))
    if _AGENCY.fullmatch(agency) is None:
        rule = "an agency code is small letters, digits and underscores, such as plant_health"
        found.append(_severe("IDN_R02", "agency", f"{agency[:70]!r}: {rule}."))
    misfits = sorted(roles - ROLES_OF[kind])
    if misfits or not roles:
        rule = f"has one or more of these roles: {', '.join(sorted(ROLES_OF[kind]))}"
        wrong = ", ".join(misfits) or "none"
        found.append(_severe("IDN_R03", "roles", f"An account of kind {kind} {rule}; not {wrong}."))
    if roles & ALONE and len(roles) > 1:
        rule = "takes no other role, so that nobody keeps or audits what they decide"
        found.append(_severe("IDN_R04", "roles", f"{sorted(roles & ALONE)[0]} {rule}."))
    if kind is ActorKind.TRADER and party is None:
        found.append(_severe("IDN_R05", "party", "A trader's account needs its party number."))
    if kind in (ActorKind.OFFICER, ActorKind.SYSTEM) and party is not None:
        found.append(
            _severe(
                "IDN_R06", "party", f"An account of kind {kind} acts for no party; leave it out."
            )
        )
    return tuple(found)


def require_account(
    account: str, kind: ActorKind, agency: str, roles: frozenset[Role], party: PartyId | None
) -> None:
    """Raise RuleViolation with all that stands against the account (see `check_account`)."""
    found = check_account(account, kind, agency, roles, party)
    if found:
        raise RuleViolation(" ".join(finding.message for finding in found), found)


def require_device_name(device: str) -> None:
    """Raise BadTerm when a name cannot be a device's: account, common name and level of a topic."""
    if _DEVICE.fullmatch(device) is None:
        rule = (
            "must be 1 to 64 letters, digits, hyphens or underscores, the first a letter or digit,"
            " as it is a part of topics"
        )
        raise BadTerm("device", device, rule, field="device")


def require_password(password: str, account: str) -> None:
    """Raise BadTerm when a password is too short, too long, or holds the account's name."""
    rule = ""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        rule = f"must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters"
    elif account.lower() in password.lower():
        rule = "must not contain the account's name"
    elif len(set(password)) < 5:
        rule = "must have at least five different characters"
    if rule:
        raise BadTerm("Password", "(not shown)", rule)


def wait_after(failures: int, failed_at: datetime | None, now: datetime) -> timedelta:
    """Return how long the next attempt must still wait; zero for the first five.

    From the sixth on the wait doubles from one second, up to a quarter of an hour: guessing
    becomes hopeless, and nobody can lock an officer out for long.
    """
    if failed_at is None or failures < _FREE_ATTEMPTS:
        return timedelta(0)
    doubled = timedelta(seconds=2 ** min(failures - _FREE_ATTEMPTS, 20))
    return max(failed_at + min(doubled, _LONGEST_WAIT) - now, timedelta(0))


def session_lives(
    created_at: datetime,
    last_seen_at: datetime,
    now: datetime,
    longest: timedelta = LONGEST_SESSION,
) -> bool:
    """Return whether a session is still good: not at rest too long, nor open too long."""
    is_young = now - created_at < min(longest, LONGEST_SESSION)
    return is_young and now - last_seen_at < SESSION_AT_REST


def _severe(code: str, field: str, message: str) -> Finding:
    return Finding(code, Area.RULE, Level.SEVERE, field, message)
