"""What `clearway node rotate` does, on a node that stands still."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from clearway.cli.store import opened_log, readable
from clearway.ledger import schema
from clearway.ledger.database import open_reader
from clearway.node import rotation
from clearway.node.clock import entropy, utc_now
from clearway.node.files import Folder
from clearway.settings import load


@dataclass(frozen=True, slots=True)
class Rotated:
    """What was done.

    Args:
        kind: log, witness, hpke or tls.
        key: public key or fingerprint that came, or, of the log, that ended; empty: the next start
            makes it.
        size: of the log then; a former log key is trusted up to it once it has ended.
        said: the same in words.
    """

    kind: str
    key: str
    size: int
    said: str


def rotate(file: Path | None, kind: str, *, end: bool, at_once: bool) -> Rotated:
    """Replace a key, or end what a former one does beside the present one.

    Raises: TryLater: the node runs. WrongState: see `rotation`. VerificationError: what is stored
    does not agree with its signed checkpoint; no key is touched then.
    """
    folder = Folder.of(load(file))
    folder.signer()
    with folder.lock():
        rotation.settle(folder)
        with opened_log(file) as (log, _):
            size = log.size
        key, said = (_end if end else _begin)(folder, kind, size, at_once)
    return Rotated(kind, key, size, said)


def replace_lost(file: Path | None) -> Rotated:
    """Give the log a new key where its private key is gone. Raises: as `replace_lost_log`."""
    folder = Folder.of(load(file))
    with folder.lock():
        engine = open_reader(folder.store, pool_size=1)
        try:
            with readable(folder.store), engine.begin() as connection:
                schema.require(connection)
                key, size = rotation.replace_lost_log(folder, connection, entropy)
        finally:
            engine.dispose()
    said = (
        f"The log's new key is {key}; the lost one ended at size {size}. Call every partner: they"
    )
    return Rotated("log", key, size, f"{said} compare the new card's fingerprint by voice.")


def _begin(folder: Folder, kind: str, size: int, at_once: bool) -> tuple[str, str]:
    if kind == "log":
        key = rotation.rotate_log(folder, entropy, size=size, at_once=at_once)
        former = f"ended at size {size}" if at_once else "signs beside it until --end"
        return key, f"The log's new key is {key}; the former one {former}."
    if kind == "witness":
        key = rotation.rotate_witness(folder, entropy)
        return key, f"The witness's new key is {key}; the former one signs beside it until --end."
    if kind == "hpke":
        rotation.rotate_hpke(folder)
        return "", "The next start makes a new sealing key; the former one opens until --end."
    key = rotation.rotate_tls(folder, entropy, utc_now())
    return key, f"The next certificate is {key}; it comes into use with --end, within a week."


def _end(folder: Folder, kind: str, size: int, at_once: bool) -> tuple[str, str]:
    if kind == "log":
        key = rotation.end_log(folder, size)
        return key, (
            f"The former log key {key} ended at size {size}; partners take over the new card with:"
            f" clearway partner rotate CARD --until-size {size}"
        )
    if kind == "tls":
        rotation.end_tls(folder)
        return "", "The next TLS certificate is in use."
    rotation.end_old(folder, folder.witness_key if kind == "witness" else folder.hpke_key)
    return "", f"The former {kind} key is destroyed."
