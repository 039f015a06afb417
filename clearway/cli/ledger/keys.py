"""What an auditor trusts, as given on a command line: verifier keys, or a policy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clearway.ledger.keys import Verifier
    from clearway.ledger.quorum import Quorum


def verifier(given: str) -> Verifier:
    """Return the key of a file, or the key that was given as text. Raises: InputError: neither."""
    from clearway.errors import InputError, VerificationError
    from clearway.ledger.keys import read_vkey

    path = Path(given)
    try:
        text = path.read_text(encoding="ascii") if path.is_file() else given
        return read_vkey(text.strip())
    except (UnicodeDecodeError, VerificationError, OSError) as error:
        raise InputError(
            f"--key {given[:80]}: neither a file with a verifier key (log.vkey) nor such a key"
        ) from error


def quorum(keys: list[str], policy: Path | None) -> Quorum:
    """Return the policy of a file, or "signed by one of these keys". Raises: InputError."""
    from clearway.errors import InputError, VerificationError
    from clearway.ledger.quorum import Quorum

    if bool(keys) == (policy is not None):
        raise InputError("Say whom you trust: either --key (may be repeated) or --policy")
    if policy is None:
        return Quorum.of([verifier(one) for one in keys])
    try:
        return Quorum.parse(policy.read_bytes())
    except VerificationError as error:
        raise InputError(f"{policy}: {error.detail}") from error
