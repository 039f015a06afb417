"""A form as a person filled it in: shown empty first, and again when something in it was wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clearway.errors import ClearwayError


class Fields(dict[str, str]):
    """The fields of a form as they were sent; one that was not is empty."""

    def __missing__(self, name: str) -> str:
        """Return nothing for a field that was not sent."""
        return ""


@dataclass(frozen=True, slots=True)
class Filled:
    """A form and what became of it; `EMPTY` is one that nobody has filled in yet.

    Args:
        fields: as they were sent.
        error: why they were refused; None: they were not.
    """

    fields: Mapping[str, str]
    error: ClearwayError | None = None

    @property
    def shown(self) -> dict[str, Any]:
        """What a page shows of it, and the status that it answers with."""
        return {
            "fields": Fields(self.fields),
            "refusal": "" if self.error is None else sentence_of(self.error),
            "status": 200 if self.error is None else self.error.status,
        }


EMPTY = Filled({})


def sentence_of(error: ClearwayError) -> str:
    """Return what was wrong as a sentence of its own."""
    return error.detail.rstrip(".") + "."
