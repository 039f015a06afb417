"""Received readings are followed; what they say of goods already decided on is looked at again."""

from __future__ import annotations

from clearway.clearance.actions.reconsider import reconsider_container
from clearway.coldchain.actions import follow_readings as coldchain
from clearway.coldchain.actions.follow_readings import AT_ONCE, Followed
from clearway.coldchain.model import AlarmLevel
from clearway.policy.act import Act
from clearway.tasks.actions.attend import attend


def follow_readings(act: Act, most: int = AT_ONCE) -> Followed:
    """Follow the oldest readings that wait, ask whoever can act, and decide anew if critical."""
    followed = coldchain.follow_readings(act, most)
    for alarmed in dict.fromkeys(alarm.container for alarm in followed.alarms):
        attend(act, alarmed)
    for container in critical(followed):
        reconsider_container(act, container)
    return followed


def critical(followed: Followed) -> tuple[str, ...]:
    """Return the containers with critical alarms, each once."""
    return tuple(
        dict.fromkeys(
            alarm.container for alarm in followed.alarms if alarm.level is AlarmLevel.CRITICAL
        )
    )
