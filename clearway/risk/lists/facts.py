"""What is stated of watch lists. Subject of all: `list:<name>`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from clearway.risk.lists.model import WatchList


@dataclass(frozen=True, slots=True)
class ListKept:
    """A list is kept from now on, or what is said of it changed; its entries stay."""

    TYPE: ClassVar[str] = "risk.list_kept/1"

    list: WatchList


@dataclass(frozen=True, slots=True)
class ListChanged:
    """Entries were added and taken off.

    Args:
        list: its name.
        added, removed: keys of `model.key_of`; at most `model.MOST_AT_ONCE` in all.
        reason: why; never empty where `rules` is not.
        rules: ids of the rules in force that asked for the list then, so whose selections changed.
    """

    TYPE: ClassVar[str] = "risk.list_changed/1"

    list: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    reason: str = ""
    rules: tuple[str, ...] = ()
