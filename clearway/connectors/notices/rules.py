"""Which address hears of what, when an attempt is repeated, what an address must be: pure.

NTC_R1  an address is a name, an https URL or a mail address, and an audience
NTC_R2  notices below the level of an address are not sent; in quiet hours only critical ones
NTC_R3  a failed attempt is repeated, each time later; after the last the notice is dead
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from clearway.connectors.notices.model import Address, Attempt, Channel, Message, Quiet, Result
from clearway.errors import BadTerm
from clearway.terms.alarm import AlarmLevel

PAUSES = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=12),
)
"""Between attempts: together 21 hours, so that a receiver may be mended in a working day."""

AUDIENCES = ("terminal", "carrier", "officer", "trader")
LONGEST_TARGET = 500

_DAY_MIN = 24 * 60
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_MAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
_PRINTED = re.compile(r"[\x21-\x7e]+")
_RANK = {AlarmLevel.NOTICE: 0, AlarmLevel.WARNING: 1, AlarmLevel.CRITICAL: 2}


def require_possible(address: Address) -> None:
    """Refuse an address that cannot be (NTC_R1). Raises: BadTerm: names the field."""
    if _NAME.fullmatch(address.name) is None:
        rule = "1 to 64 small letters, digits, dots, hyphens or underscores"
        raise BadTerm("name", address.name, rule, field="name")
    if address.audience not in AUDIENCES:
        rule = f"one of {', '.join(AUDIENCES)}"
        raise BadTerm("audience", address.audience, rule, field="audience")
    if address.audience == "trader" and not address.party:
        rule = "a trader hears of its own goods only: name its party"
        raise BadTerm("party", address.party, rule, field="party")
    if address.channel is Channel.MAIL:
        _require_mail(address.target)
    else:
        _require_url(address.target)
    if address.quiet is not None:
        _require_quiet(address.quiet)


def _require_mail(target: str) -> None:
    # RFC 5321, 4.5.3.1.3: a path has at most 256 octets, its brackets included.
    if len(target) > 254 or _MAIL.fullmatch(target) is None:
        raise BadTerm("target", target, "a mail address such as gate@port.example", field="target")


def _require_url(target: str) -> None:
    rule = "an https URL of at most 500 printed characters, without user name and fragment"
    if len(target) > LONGEST_TARGET or _PRINTED.fullmatch(target) is None:
        raise BadTerm("target", target, rule, field="target")
    try:
        parts = urlsplit(target)
        is_whole = parts.hostname is not None and (parts.port is None or 0 < parts.port < 65536)
    except ValueError as error:
        raise BadTerm("target", target, rule, field="target") from error
    is_plain = parts.username is None and parts.password is None and not parts.fragment
    if parts.scheme not in ("https", "http") or not is_whole or not is_plain:
        raise BadTerm("target", target, rule, field="target")


def _require_quiet(quiet: Quiet) -> None:
    if not (0 <= quiet.begins < _DAY_MIN and 0 <= quiet.ends < _DAY_MIN):
        raise BadTerm("quiet", quiet, "minutes after midnight, 0 to 1439", field="quiet")
    if abs(quiet.utc_offset_min) > 14 * 60:
        raise BadTerm("quiet", quiet, "at most 14 hours east or west, in minutes", field="quiet")


def wants(address: Address, message: Message) -> bool:
    """Return whether an address hears of a message (NTC_R2)."""
    if address.audience != message.audience or _RANK[message.level] < _RANK[address.least_level]:
        return False
    if address.audience == "officer":
        return address.agency == message.agency
    return address.audience != "trader" or address.party == message.party


def not_before(address: Address, message: Message) -> datetime:
    """Return when a message may be sent to an address: after its quiet hours, unless critical."""
    if address.quiet is None or message.level is AlarmLevel.CRITICAL:
        return message.due_at
    quiet = address.quiet
    wall = message.due_at + timedelta(minutes=quiet.utc_offset_min)
    minute = wall.hour * 60 + wall.minute
    length = (quiet.ends - quiet.begins) % _DAY_MIN
    passed = (minute - quiet.begins) % _DAY_MIN
    if passed >= length:
        return message.due_at
    ends = message.due_at + timedelta(minutes=length - passed)
    return ends.replace(second=0, microsecond=0)


def after(attempt: Attempt, attempts: int, now: datetime) -> datetime | None:
    """Return when to try again; None: delivered, refused for good, or tried often enough (NTC_R3).

    Args:
        attempts: made so far, this one included.
    """
    if attempt.result is not Result.FAILED or attempts > len(PAUSES):
        return None
    return now + PAUSES[attempts - 1]
