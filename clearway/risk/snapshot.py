"""The immutable memory of a model: every past up to its cut-off, as one matrix of whole numbers.

Ten columns of 64 bits: the key, then the nine numbers of `Past`; rows rise by key. Ten million
keys take 800 MB, and a file of it can be mapped into memory without being read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from clearway.errors import VerificationError
from clearway.risk.history import Memory
from clearway.risk.model import Past

Matrix: TypeAlias = npt.NDArray[np.int64]

COLUMNS = 1 + len(Past._fields)


class Snapshot:
    """Looks pasts up by key.

    Raises: VerificationError: the matrix has another shape or type, or its keys do not rise.
    """

    __slots__ = ("_keys", "matrix")

    def __init__(self, matrix: Matrix) -> None:
        if matrix.dtype != np.int64 or matrix.ndim != 2 or matrix.shape[1] != COLUMNS:
            raise VerificationError(
                f"The model's snapshot of history must be a matrix of 64-bit whole numbers with"
                f" {COLUMNS} columns; this one has shape {matrix.shape} and type {matrix.dtype}."
                " Train the model again."
            )
        self.matrix = matrix
        self._keys = np.ascontiguousarray(matrix[:, 0])
        if not bool(np.all(self._keys[1:] > self._keys[:-1])):
            raise VerificationError(
                "The keys of the model's snapshot of history must rise. Train the model again."
            )

    def __len__(self) -> int:
        return len(self._keys)

    def read(self, keys: Iterable[int]) -> dict[int, Past]:
        """Return the pasts of these keys; absent keys are absent."""
        if not len(self._keys):
            return {}
        wanted = np.fromiter(keys, dtype=np.int64)
        places = np.searchsorted(self._keys, wanted)
        places[places == len(self._keys)] = 0
        there = places[self._keys[places] == wanted]
        return {row[0]: Past(*row[1:]) for row in self.matrix[there].tolist()}


def empty() -> Snapshot:
    """Return a snapshot that remembers nothing."""
    return Snapshot(np.zeros((0, COLUMNS), dtype=np.int64))


def take(memory: Memory) -> Snapshot:
    """Return what a memory holds now, for readers on later days."""
    pasts = memory.pasts
    matrix = np.empty((len(pasts), COLUMNS), dtype=np.int64)
    for row, key in enumerate(sorted(pasts)):
        matrix[row, 0] = key
        matrix[row, 1:] = pasts[key][:9]
    return Snapshot(matrix)
