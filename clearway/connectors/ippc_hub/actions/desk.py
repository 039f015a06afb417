"""What every action of the hub receives: whose connection it is, the letters, the instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from clearway.connectors.ippc_hub.directory import Directory, Member


@dataclass(frozen=True, slots=True)
class Desk:
    """One country's hand on the letterbox.

    Args:
        caller: the country, as its TLS certificate proved it.
        now: aware UTC.
    """

    connection: Connection
    directory: Directory
    caller: Member
    now: datetime
