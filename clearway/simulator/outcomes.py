"""Where each declaration stood when the day was over, asked at the doors."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from clearway.simulator.accounts import RELEASE_OFFICER
from clearway.simulator.diary import Diary, Outcome
from clearway.simulator.doors import Doors


async def ask(doors: Doors, diary: Diary, at_once: asyncio.Semaphore) -> None:
    """Write down the outcome of each declaration in the diary."""

    async def one(lrn: str, mrn: str) -> None:
        async with at_once:
            diary.outcomes[lrn] = await _outcome(doors, diary, mrn)

    await asyncio.gather(*(one(lrn, mrn) for lrn, mrn in diary.mrns.items()))


async def _outcome(doors: Doors, diary: Diary, mrn: str) -> Outcome:
    standing = await doors.declaration(RELEASE_OFFICER, mrn)
    sealed = await doors.decisions(RELEASE_OFFICER, mrn)
    decisions = sealed["decisions"]
    has_receipt = bool(decisions) and await doors.has_receipt(RELEASE_OFFICER, decisions[-1]["seq"])
    diary.receipts += has_receipt
    released = standing["released_at"]
    return Outcome(
        state=standing["state"],
        channel=standing["channel"],
        released_at=None if released is None else datetime.fromisoformat(released),
        has_receipt=has_receipt,
        papers=frozenset(_faulted(sealed)),
    )


def _faulted(sealed: dict[str, Any]) -> Iterator[str]:
    """Yield the numbers of documents with which the border found fault, or which never came."""
    for one in sealed["matches"]:
        match = one["match"]
        contradicted = any(claim["verdict"] != "verified" for claim in one["claims"])
        if match["cover"] != "covers" or match["is_disputed"] or contradicted:
            yield match["certificate"]["number"]
    for one in sealed["decisions"][-1:]:
        for missing in one["decided"]["missing"]:
            if missing["number"]:
                yield missing["number"]
