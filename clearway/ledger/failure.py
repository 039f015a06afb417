"""What a database error means for those who wait: four kinds, the same on every engine."""

from __future__ import annotations

from enum import Enum


class Failure(Enum):
    """Who is hit by an error of the database, and what is known of the open transaction."""

    ACTION = "the statement was refused; only the action that ran it fails"
    BUSY = "nothing was written; the same call may work in a moment"
    FULL = "nothing was written; the disk is full"
    STORE = "the store is not to be trusted, or what it did is not known: stop"
