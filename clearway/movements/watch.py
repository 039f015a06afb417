"""When a movement is an alarm; pure.

    MOV_A1 seal_opened      an electronic seal was opened outside an authorised place or time
    MOV_A2 seal_broken      a seal was found broken
    MOV_A3 seal_missing     a seal was looked for and is not there
    MOV_A4 seal_battery     an electronic seal will soon be silent
    MOV_A5 custody_differs  somebody hands over who was not the holder on record
    MOV_A6 device_removed   a device was taken off outside an authorised place or time

Whether seal and mass agree with the declaration is clearance's to say: this room knows none.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from clearway.movements.alarm import MovementAlarm, MovementAlarmKind
from clearway.movements.model import (
    Association,
    CustodyChange,
    Link,
    Movement,
    SealCheck,
    SealReport,
    SealState,
    Whereabouts,
)
from clearway.movements.places import AuthorisedPlace, Doing, Scene, permit
from clearway.terms.alarm import AlarmLevel


def alarms_of(
    known: Whereabouts, movement: Movement, places: Collection[AuthorisedPlace]
) -> tuple[MovementAlarm, ...]:
    """Return the alarms of a movement.

    Args:
        known: of the container before the movement; only a handover looks at it.
        places: those in force.
    """
    match movement:
        case SealReport():
            return _of_report(movement, places)
        case SealCheck():
            return _of_look(movement)
        case CustodyChange():
            return _of_handover(known, movement)
        case Association():
            return _of_device(movement, places)
        case _:
            return ()


def scene_of(movement: SealReport | Association) -> Scene:
    """Return where and when it happened; a seal's own clock says when it was opened."""
    if isinstance(movement, SealReport):
        at = movement.changed_at or movement.at
        return Scene(at, movement.place, movement.office, movement.position)
    return Scene(movement.at, movement.place, movement.office)


def _of_report(
    report: SealReport, places: Collection[AuthorisedPlace]
) -> tuple[MovementAlarm, ...]:
    found = []
    scene = scene_of(report)
    if report.state is SealState.OPENED and permit(places, Doing.OPEN_SEAL, scene) is None:
        where = _where(scene.place or scene.office)
        message = (
            f"Seal {report.seal} of container {report.container} was opened {where} at"
            f" {_moment(scene.at)}, where and when nobody is authorised to open it."
        )
        advice = "Hold the container, look at the goods with the holder present, and seal it anew."
        found.append(_alarm(report, "seal_opened", AlarmLevel.CRITICAL, message, advice, scene))
    if report.is_battery_low:
        message = f"The battery of seal {report.seal} on container {report.container} is low."
        advice = "Read the seal at each gate from now on; it may fall silent."
        found.append(_alarm(report, "seal_battery", AlarmLevel.NOTICE, message, advice, scene))
    return tuple(found)


def _of_look(check: SealCheck) -> tuple[MovementAlarm, ...]:
    if check.is_intact:
        return ()
    scene = Scene(check.at, office=check.office)
    where = _where(check.office)
    if check.is_present:
        message = f"Seal {check.seal} of container {check.container} was found broken {where}."
        advice = "Hold the container and examine the goods; seal it anew."
        return (_alarm(check, "seal_broken", AlarmLevel.CRITICAL, message, advice, scene),)
    message = f"Seal {check.seal} of container {check.container} was not there {where}."
    advice = "Hold the container, ask the last holder, and examine the goods; seal it anew."
    return (_alarm(check, "seal_missing", AlarmLevel.CRITICAL, message, advice, scene),)


def _of_handover(known: Whereabouts, change: CustodyChange) -> tuple[MovementAlarm, ...]:
    is_late = known.held_since is not None and change.at < known.held_since
    if not known.holder or is_late or change.giver in ("", known.holder):
        return ()
    message = (
        f"{change.giver} handed over container {change.container} to {change.taker}, but"
        f" {known.holder} held it on record."
    )
    advice = "Ask both for the handover that is missing, and look at the seal."
    values = {"giver": change.giver, "taker": change.taker, "holder": known.holder}
    alarm = MovementAlarm(
        MovementAlarmKind.CUSTODY_DIFFERS,
        AlarmLevel.WARNING,
        change.container,
        change.at,
        None,
        message,
        advice,
        change.giver,
        change.place or change.office,
        {"container": change.container, "at": _moment(change.at), **values},
    )
    return (alarm,)


def _of_device(link: Association, places: Collection[AuthorisedPlace]) -> tuple[MovementAlarm, ...]:
    scene = scene_of(link)
    if link.link is Link.ADD or permit(places, Doing.REMOVE_DEVICE, scene) is not None:
        return ()
    message = (
        f"Device {link.device} was taken off container {link.container}"
        f" {_where(scene.place or scene.office)}, where and when nobody is authorised to do so."
    )
    advice = "Ask the holder why; until it is back nobody sees how the goods fare."
    values = {"container": link.container, "device": link.device, "at": _moment(link.at)}
    place = scene.place or scene.office
    kind = MovementAlarmKind.DEVICE_REMOVED
    return (
        MovementAlarm(
            kind, AlarmLevel.WARNING, link.container, link.at, None, message, advice, link.device,
            place, {**values, "place": place},
        ),
    )  # fmt: skip


def _alarm(
    movement: SealReport | SealCheck,
    kind: str,
    level: AlarmLevel,
    message: str,
    advice: str,
    scene: Scene,
) -> MovementAlarm:
    place = scene.place or scene.office
    values = {
        "container": str(movement.container),
        "seal": str(movement.seal),
        "place": place,
        "at": _moment(scene.at),
    }
    return MovementAlarm(
        MovementAlarmKind(kind),
        level,
        movement.container,
        scene.at,
        None,
        message,
        advice,
        str(movement.seal),
        place,
        values,
    )


def _where(place: str) -> str:
    return f"at {place}" if place else "at a place unknown"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
