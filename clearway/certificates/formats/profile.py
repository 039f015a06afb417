"""Profiles of certificates, read from their files.

    profile_of("851").name      # "phytosanitary certificate"

A file that `extends` another gives only what differs. A kind without a file of its own has the
profile `other`, whose type code is empty: rules say so, and nothing is cleared on its strength.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from clearway.certificates.profile import Profile
from clearway.errors import MalformedMessage


def profile_of(type_code: str) -> Profile:
    """Return the profile of a kind (UNECE 1001); of an unknown kind, the one called `other`."""
    known = profiles()
    return known.get(type_code) or known[""]


def type_code_of(document_type: str) -> str | None:
    """Return the kind that a declaration quotes as `document_type`, such as `N851`; or None."""
    for profile in profiles().values():
        if document_type in profile.document_types:
            return profile.type_code
    return None


@cache
def profiles() -> Mapping[str, Profile]:
    """Return the profiles that come with this package, by type code."""
    folder = resources.files("clearway.certificates") / "profiles"
    return read([file.read_bytes() for file in folder.iterdir() if file.name.endswith(".json")])


def read(files: list[bytes]) -> dict[str, Profile]:
    """Return the profiles of these JSON files by type code.

    Raises: MalformedMessage: a file is no profile, or extends one that is not there.
    """
    try:
        raw: dict[str, dict[str, Any]] = {}
        for each in map(msgspec.json.decode, files):
            raw[each["type_code"]] = each
        return {code: msgspec.convert(_whole(raw, code), Profile) for code in raw}
    except (msgspec.MsgspecError, KeyError, TypeError, RecursionError) as error:
        raise MalformedMessage(f"A certificate profile cannot be read: {error}") from error


def _whole(raw: Mapping[str, Mapping[str, Any]], code: str) -> dict[str, Any]:
    own = raw[code]
    base = _whole(raw, own["extends"]) if "extends" in own else {}
    return {**base, **own}
