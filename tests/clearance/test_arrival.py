"""Goods that come, in containers and loose, with seals whole and broken."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from clearway.clearance import tables
from clearway.clearance.actions.present import present
from clearway.clearance.actions.receive_movement import receive_movement
from clearway.clearance.record import State
from clearway.declarations.model import Container
from clearway.errors import RuleViolation, WrongState
from clearway.movements.model import SealCheck
from clearway.terms.transport import ContainerNumber, SealNumber

from .border import (
    BOX,
    TERMINAL,
    Border,
    codes,
    machines,
    mrn_of,
)


def test_a_broken_seal_stops_goods_that_were_ready(border: Border) -> None:
    mrn = mrn_of(border.lodge(machines()))
    seen = SealCheck(BOX, "KEMBA", border.now, SealNumber("EC-4711"), False)
    border.act(receive_movement, seen, actor=TERMINAL)
    assert border.consignment(mrn).state is State.TO_EXAMINE
    border.arrive()
    consignment = border.consignment(mrn)
    assert consignment.state is State.TO_EXAMINE
    decided = border.ask(tables.decisions_of, mrn)[-1].decided
    assert codes(decided) == ["CLR_R40"]
    assert border.facts[decided.inputs.seals[0]].type == "movement.seal_checked/1"


def test_a_seal_broken_on_an_earlier_voyage_is_no_matter(border: Border) -> None:
    seen = SealCheck(BOX, "KEMBA", border.now - timedelta(days=30), SealNumber("OLD-1"), False)
    border.act(receive_movement, seen, actor=TERMINAL)
    assert codes(border.lodge(machines()).decided) == ["CLR_R13", "CLR_R60"]


def test_goods_in_two_containers_are_here_when_both_are(border: Border) -> None:
    other = ContainerNumber.build("MSKU123456")
    boxes = (Container(BOX, ()), Container(other, ()))
    mrn = mrn_of(border.lodge(machines(containers=boxes)))
    border.arrive()
    assert border.consignment(mrn).arrived_at is None
    at = border.wait(6)
    border.arrive(other)
    consignment = border.consignment(mrn)
    assert (consignment.arrived_at, consignment.state) == (at, State.RELEASED)


def test_goods_declared_after_they_came_go_at_once(border: Border) -> None:
    border.arrive()
    came = border.now
    border.wait(10)
    mrn = mrn_of(border.lodge(machines()))
    consignment = border.consignment(mrn)
    assert (consignment.state, consignment.arrived_at) == (State.RELEASED, came)


def test_loose_goods_declared_before_they_come_are_presented(border: Border) -> None:
    loose = machines(
        containers=(),
        items=tuple(replace(each, containers=()) for each in machines().items),
        additional_type="D",
        transport_mode="4",
    )
    mrn = mrn_of(border.lodge(loose))
    assert border.consignment(mrn).state is State.READY
    with pytest.raises(RuleViolation, match="lies ahead"):
        border.act(present, mrn, border.now + timedelta(hours=1), "SHED3", actor=TERMINAL)
    border.wait(1)
    border.act(present, mrn, border.now, "SHED3", actor=TERMINAL)
    assert border.consignment(mrn).state is State.RELEASED
    with pytest.raises(WrongState, match="are here since"):
        border.act(present, mrn, border.now, "SHED3", actor=TERMINAL)


def test_containers_are_not_presented_by_hand(border: Border) -> None:
    mrn = mrn_of(border.lodge(machines()))
    with pytest.raises(WrongState, match="record the arrival of these"):
        border.act(present, mrn, border.now, "SHED3", actor=TERMINAL)
