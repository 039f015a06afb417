"""Numbers of applications and certificates: prefix, year, running number; no gap and no double.

A number is given inside the writing transaction, one after another; what gets one is recorded in
the same transaction, so each number up to the last stands for something on file. The certificate's
number is given at its approval, since it must stand in what is signed.
"""

from __future__ import annotations

from typing import Final

from clearway.certificates.claims import Place
from clearway.certificates.profile import Profile
from clearway.errors import RuleViolation, TooLarge
from clearway.terms.places import Country

APPLICATIONS: Final = "{country}-A"
_DIGITS: Final = 6

# Entries of one status list; the next one begins after them.
LIST_SIZE: Final = 1 << 20


def series(prefix: str, country: Country, year: int) -> str:
    """Return the name of the series in which numbers run, such as `XA-PC-2026`."""
    return f"{prefix.format(country=country)}-{year}"


def application_series(country: Country, year: int) -> str:
    """Return the series of applications."""
    return series(APPLICATIONS, country, year)


def certificate_series(profile: Profile, country: Country, year: int) -> str:
    """Return the series of certificates of a kind. Raises: RuleViolation: we do not issue it."""
    if not profile.issue.prefix:
        raise RuleViolation(
            f"A {profile.name} is not issued here: its profile states no prefix for numbers"
        )
    return series(profile.issue.prefix, country, year)


def written(series_name: str, running: int, digits: int = _DIGITS) -> str:
    """Return a number as it is written: `XA-PC-2026-000012`.

    Raises: TooLarge: the series is used up; a longer number is the operator's to choose.
    """
    if not 0 < running < 10**digits:
        raise TooLarge(
            f"The series {series_name} has numbers up to {10**digits - 1:,}; let its profile"
            " allow more digits",
            limit="running_number",
        )
    return f"{series_name}-{running:0{digits}}"


def read(number: str) -> tuple[str, int]:
    """Return the series and the running number of a number as `written` gives it."""
    name, _, running = number.rpartition("-")
    return name, int(running)


def status_series(type_code: str) -> str:
    """Return the series of places in the status lists of a kind."""
    return f"status-{type_code}"


def place_of(type_code: str, status_index: int) -> Place:
    """Return where the status of a certificate is told.

    Args:
        status_index: among all approved certificates of the kind, from 0.
    """
    number, index = divmod(status_index, LIST_SIZE)
    return Place(f"{type_code}-{number + 1}", index)
