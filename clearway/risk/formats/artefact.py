"""A model on disk: a folder of five files, sealed by the hashes in its card.

    model.json     the card: what is to be known of the model, and the hashes of the others
    model.txt      text of the probability: LightGBM, XGBoost JSON or glass box, as the card says
    revenue.txt    LightGBM text of the revenue; empty without
    kinds.txt      LightGBM text of the kinds of fraud; empty without
    snapshot.npy   pasts of all keys, 64-bit whole numbers (NumPy array file)
    recent.npy     results of the last days before the cut-off (the same)
    reference.json distribution of the features in training; absent without enough rows

The folder appears whole or not at all: files are written and synced beside it, then renamed.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec
import numpy as np

from clearway.errors import NotFound, StorageFailure, VerificationError, WrongState
from clearway.ledger.fact import decode, encode
from clearway.risk.card import ModelCard
from clearway.risk.scoring import Artefact, Scorer, rules_only, verify
from clearway.risk.snapshot import Snapshot

_CARD = "model.json"
_REFERENCE = "reference.json"


def save(artefact: Artefact, folder: Path) -> Path:
    """Write a model below a folder, in a folder named by its id, and return that.

    Raises:
        WrongState: there is something else under its name.
        StorageFailure: it could not be written.
    """
    verify(artefact)
    target = folder / artefact.card.id
    if target.exists():
        if (target / _CARD).is_file() and (target / _CARD).read_bytes() == _card(artefact):
            return target
        raise WrongState(f"{target} exists and is not the model {artefact.card.id}; move it away")
    partial = folder / f".{artefact.card.id}.partial"
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        (partial / "model.txt").write_text(artefact.model)
        (partial / "revenue.txt").write_text(artefact.revenue)
        (partial / "kinds.txt").write_text(artefact.kinds)
        if artefact.reference:
            (partial / _REFERENCE).write_text(artefact.reference)
        np.save(partial / "snapshot.npy", artefact.snapshot.matrix, allow_pickle=False)
        np.save(partial / "recent.npy", artefact.snapshot.recent, allow_pickle=False)
        (partial / _CARD).write_bytes(_card(artefact))
        for file in partial.iterdir():
            _sync(file)
        _sync(partial)
        partial.rename(target)
        _sync(folder)
    except OSError as broken:
        raise StorageFailure(f"The model cannot be written to {target}: {broken}") from broken
    return target


def load(folder: Path) -> Artefact:
    """Return the model of a folder, verified.

    Raises:
        NotFound: there is no model in the folder.
        VerificationError: a file is missing, broken or not the one that was sealed.
    """
    if not (folder / _CARD).is_file():
        raise NotFound(f"There is no risk model in {folder}: it has no {_CARD}")
    try:
        card = decode((folder / _CARD).read_bytes(), ModelCard)
        matrix = np.load(folder / "snapshot.npy", allow_pickle=False, mmap_mode="r")
        recent = np.load(folder / "recent.npy", allow_pickle=False, mmap_mode="r")
        artefact = Artefact(
            card,
            (folder / "model.txt").read_text(),
            (folder / "revenue.txt").read_text(),
            Snapshot(matrix, recent),
            (folder / "kinds.txt").read_text(),
            # Only what the card names is sealed, and only what is sealed is read.
            (folder / _REFERENCE).read_text() if _REFERENCE in dict(card.files) else "",
        )
    except (OSError, EOFError, ValueError, msgspec.ValidationError, msgspec.DecodeError) as broken:
        raise VerificationError(f"The risk model in {folder} is broken: {broken}") from broken
    verify(artefact)
    return artefact


def load_scorer(folder: Path | None) -> Scorer:
    """Return the scorer of a model's folder; without a model there, one that knows rules only.

    Args:
        folder: None: no model is chosen.

    Raises: VerificationError: there is a model, and it is broken or was changed.
    """
    if folder is None:
        return rules_only("No risk model is chosen for this node.")
    try:
        return Scorer(load(folder))
    except NotFound:
        # The words go to officers and into facts; where the files should lie is not their matter.
        return rules_only(f"The chosen risk model {folder.name} is not on this node.")


def _card(artefact: Artefact) -> bytes:
    return encode(artefact.card)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
