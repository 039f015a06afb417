"""New keys for old: the node stands still, and starts again with the new ones.

A log's key has two lives (C2SP signed-note: a note may bear several signatures, so that keys can
rotate). `rotate_log` makes the new key and lets the former one sign beside it: whoever knows only
the former one follows on. `end_log` lets that end; from then on the former key is listed with a
limit, the size at which it ended, and its private key is gone. A key in wrong hands is rotated at
once: nothing is signed by it any more, and what it signs beyond that size counts for nobody who has
the list `log.vkey`.

Each step writes `log.vkey` last of all that cannot be undone: a crash before leaves the old key, a
crash after is finished by `settle` at the next start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from clearway.connectors.peer import tls
from clearway.errors import InputError, StorageFailure, WrongState
from clearway.ledger.cosignature import Cosigner
from clearway.ledger.former import Former, read_keys
from clearway.ledger.keys import Verifier
from clearway.ledger.log import Log
from clearway.ledger.note import Signer
from clearway.node.clock import Entropy
from clearway.node.files import Folder, write_durably

_SEED_SIZE = 32
_SERIAL_SIZE = 16


def rotate_log(folder: Folder, entropy: Entropy, *, size: int, at_once: bool) -> str:
    """Make a new key for the log and return its vkey.

    Args:
        folder: locked by the caller.
        size: of the log now.
        at_once: the former key signs nothing more; else it signs beside the new one.

    Raises: WrongState: a rotation is under way; end it first. StorageFailure.
    """
    if folder.old_key.exists():
        raise WrongState("The former log key still signs; end that first: node rotate --log --end")
    present, *former = folder.verifiers()
    new = Signer.from_seed(folder.signer().name, entropy(_SEED_SIZE))
    ended: Verifier = Former(present, up_to_size=size) if at_once else present
    with _writing(folder):
        write_durably(_next(folder.key), (new.secret_skey + "\n").encode(), mode=0o600)
        write_durably(folder.vkey, _listed((new.verifier, ended, *former)))
    settle(folder)
    return new.verifier.vkey


def replace_lost_log(folder: Folder, connection: Connection, entropy: Entropy) -> tuple[str, int]:
    """Make a new key for a log whose private key is gone; return its vkey and the log's size.

    The store is verified by the former key's last checkpoint before anything is written.

    Raises: WrongState: the key is there. InputError: no node was ever made here.
    VerificationError: the stored facts are not those of the last signed checkpoint.
    """
    if folder.key.exists():
        raise WrongState(f"{folder.key} is there; rotate it, with --at-once if others have it")
    if not folder.vkey.exists():
        raise InputError(f"There is no node in {folder.root}; make one with: clearway node init")
    with _writing(folder):
        former = read_keys(folder.vkey.read_text(encoding="utf-8"))
    new = Signer.from_seed(former[0].name, entropy(_SEED_SIZE))
    size = Log.open(connection, new.name, new, former).size
    ended = [key if isinstance(key, Former) else Former(key, up_to_size=size) for key in former]
    with _writing(folder):
        write_durably(_next(folder.key), (new.secret_skey + "\n").encode(), mode=0o600)
        write_durably(folder.vkey, _listed((new.verifier, *ended)))
    settle(folder)
    return new.verifier.vkey, size


def end_log(folder: Folder, size: int) -> str:
    """Let the former key of the log end at this size; return its vkey.

    Raises: WrongState: no former key signs. StorageFailure.
    """
    old = _signer(folder.old_key)
    if old is None:
        raise WrongState("No former log key signs beside the present one; nothing has to end")
    vkey = old.verifier.vkey
    keys = [Former(k, up_to_size=size) if k.vkey == vkey else k for k in folder.verifiers()]
    with _writing(folder):
        write_durably(folder.vkey, _listed(keys))
    settle(folder)
    return vkey


def settle(folder: Folder) -> None:
    """Finish what a crash left half done, or take it back; without a rotation, do nothing.

    Raises: StorageFailure: the folder cannot be read or written.
    """
    waiting, old = _signer(_next(folder.key)), _signer(folder.old_key)
    if waiting is None and old is None:
        return
    with _writing(folder):
        listed = {key.vkey: key for key in read_keys(folder.vkey.read_text(encoding="utf-8"))}
        if waiting is not None:
            if waiting.verifier.vkey in listed:  # else the rotation never began
                old = _take_over(folder, waiting, listed)
            _next(folder.key).unlink()
        if old is not None and isinstance(listed.get(old.verifier.vkey), Former):
            folder.old_key.unlink(missing_ok=True)


def _take_over(folder: Folder, new: Signer, listed: Mapping[str, Verifier]) -> Signer | None:
    """Make `new` the log's key; return the one that signs beside it, if one does."""
    present = _signer(folder.key)
    if present is None or present.verifier != new.verifier:
        if present and not isinstance(listed.get(present.verifier.vkey), Former):
            write_durably(folder.old_key, (present.secret_skey + "\n").encode(), mode=0o600)
        write_durably(folder.key, (new.secret_skey + "\n").encode(), mode=0o600)
    return _signer(folder.old_key)


def rotate_witness(folder: Folder, entropy: Entropy) -> str:
    """Make a new Ed25519 key for the witness and return its vkey; the former one signs beside it.

    Raises: WrongState: a former one does so already. StorageFailure.
    """
    old = folder.old(folder.witness_key)
    if old.exists():
        raise WrongState("The former witness key still signs; end that first with --end")
    with _writing(folder):
        text = folder.witness_key.read_text(encoding="ascii").strip()
        present = Cosigner.from_skey(text)
        former = (key.vkey for key in folder.former_witnesses())
        listed = dict.fromkeys((*former, present.verifier.vkey))
        write_durably(folder.witness_vkeys, "".join(f"{vkey}\n" for vkey in listed).encode())
        new = Cosigner.from_seed(present.verifier.name, entropy(_SEED_SIZE), "ed25519")
        write_durably(old, (text + "\n").encode(), mode=0o600)
        write_durably(folder.witness_key, (new.secret_skey + "\n").encode(), mode=0o600)
    return new.verifier.vkey


def rotate_hpke(folder: Folder) -> None:
    """Set the key aside to which partners seal; the next start makes a new one.

    The former key goes on opening what was sealed to it, until it is ended.

    Raises: WrongState: a former one does so already. StorageFailure.
    """
    old = folder.old(folder.hpke_key)
    if old.exists():
        raise WrongState("The former sealing key still opens; end that first with --end")
    with _writing(folder):
        folder.hpke_key.rename(old)


def rotate_tls(folder: Folder, entropy: Entropy, at: datetime) -> str:
    """Make the next TLS key and certificate; return its fingerprint, which the card bears from now.

    The present certificate is shown to partners until `end_tls`: they take the card over first.

    Raises: WrongState: a next one waits already. StorageFailure.
    """
    if folder.next_tls_certificate.exists():
        raise WrongState("A next TLS certificate waits; take it into use first with --end")
    seed, serial = entropy(_SEED_SIZE), int.from_bytes(entropy(_SERIAL_SIZE), "big") | 1
    pem = tls.self_signed(folder.signer().name, seed, serial, at)
    with _writing(folder):
        write_durably(_next(folder.tls_key), tls.private_pem(seed).encode(), mode=0o600)
        write_durably(folder.next_tls_certificate, pem.encode())
    return tls.fingerprint_of(pem)


def end_tls(folder: Folder) -> None:
    """Take the next TLS key and certificate into use; again after a crash between the two.

    Raises: WrongState: none waits. StorageFailure.
    """
    if not folder.next_tls_certificate.exists():
        raise WrongState("No next TLS certificate waits; begin with: node rotate --tls")
    with _writing(folder):
        if _next(folder.tls_key).exists():
            _next(folder.tls_key).replace(folder.tls_key)
        folder.next_tls_certificate.replace(folder.tls_certificate)


def end_old(folder: Folder, path: Path) -> None:
    """Destroy a former key that served beside the present one. Raises: WrongState: none did."""
    old = folder.old(path)
    if not old.exists():
        raise WrongState(f"No former {path.name} is in use; nothing has to end")
    with _writing(folder):
        old.unlink()


def _next(path: Path) -> Path:
    return path.with_name(f"{path.stem}.next{path.suffix}")


def _signer(path: Path) -> Signer | None:
    try:
        return Signer.from_skey(path.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageFailure(f"{path} cannot be read: {error.strerror}") from error


def _listed(keys: Iterable[Verifier]) -> bytes:
    lines = (
        f"{key.vkey} until size {key.up_to_size}\n" if isinstance(key, Former) else f"{key.vkey}\n"
        for key in keys
    )
    return "".join(lines).encode()


@contextmanager
def _writing(folder: Folder) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageFailure(f"{folder.root} cannot be written: {error}") from error
