"""What an auditor trusts, as given on a command line: verifier keys, or a policy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from clearway.ledger.keys import Verifier
    from clearway.ledger.quorum import Quorum


# A longer text is no file's name, and asking the system about it is an error.
MAX_PATH_SIZE = 255


def verifiers(given: str) -> tuple[Verifier, ...]:
    """Return the keys of a file, or the key that was given as text. Raises: InputError: neither."""
    from clearway.errors import InputError, VerificationError
    from clearway.ledger.former import read_keys

    try:
        is_file = len(given) < MAX_PATH_SIZE and Path(given).is_file()
        return read_keys(Path(given).read_text(encoding="utf-8") if is_file else given)
    except (UnicodeDecodeError, VerificationError) as error:
        reason = error.detail if isinstance(error, VerificationError) else "it is not text"
        raise InputError(
            f"--key {given[:80]}: neither a file with verifier keys (log.vkey) nor such a key: "
            f"{reason}"
        ) from error


def quorum(keys: list[str], policy: Path | None) -> Quorum:
    """Return the policy of a file, or "signed by one of these keys". Raises: InputError."""
    from clearway.errors import InputError, VerificationError
    from clearway.ledger.quorum import Quorum

    if bool(keys) == (policy is not None):
        raise InputError("Say whom you trust: either --key (may be repeated) or --policy")
    if policy is None:
        return Quorum.of([key for one in keys for key in verifiers(one)])
    try:
        return Quorum.parse(policy.read_bytes())
    except VerificationError as error:
        raise InputError(f"{policy}: {error.detail}") from error


def trust_of(keys: list[str], policy: Path | None) -> Quorum | list[Verifier]:
    """Return what the reader trusts: a policy, or keys; one of them is needed."""
    if bool(keys) == (policy is not None):
        raise typer.BadParameter("give --key (once or more) or --policy: what you trust")
    if policy is not None:
        return quorum([], policy)
    return [verifier for one in keys for verifier in verifiers(one)]
