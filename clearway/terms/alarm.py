"""How urgent an alarm is, alike in every room that raises one."""

from __future__ import annotations

from enum import StrEnum


class AlarmLevel(StrEnum):
    """NOTICE: look when you pass by. WARNING: act before `limit_at`. CRITICAL: act now."""

    NOTICE = "notice"
    WARNING = "warning"
    CRITICAL = "critical"
