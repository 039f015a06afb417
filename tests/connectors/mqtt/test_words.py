"""Words for devices: the newest mark of each, refusals in order, a bounded number under way."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from clearway.connectors.mqtt import words
from clearway.connectors.mqtt.model import Incoming
from clearway.connectors.mqtt.words import Outbox
from clearway.errors import BadTerm

from .conftest import Acknowledged

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def refused(number: int) -> words.Word:
    """Return the refusal of some message."""
    message = Incoming("reefer-1", b"%d" % number, "json", NOON)
    return words.refusal(message, BadTerm("seq", number, "is none"), NOON)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(-1, 99)), max_size=60),
    st.integers(1, 5),
    st.integers(0, 4),
)
def test_each_device_is_told_its_newest_mark_however_the_link_breaks(
    marks: list[tuple[str, int]], window: int, breaks: int
) -> None:
    box, said = Outbox(window, 10), dict[str, int]()
    for i, (device, seq) in enumerate(marks):
        box.mark(Acknowledged(device, "boot", seq))
        if i % 3 == 0:
            leaving = box.leaving()
            assert len(leaving) <= window
            if breaks and i % (breaks + 1) == 0:
                box.lost()
                continue
            for packet_id, word in leaving:
                said[word.device] = json.loads(word.payload)["seq"]
                assert box.arrived(packet_id) == word
    while box.waiting:
        for packet_id, word in box.leaving():
            said[word.device] = json.loads(word.payload)["seq"]
            box.arrived(packet_id)
    assert said == {device: seq for device, seq in marks if seq >= 0}


def test_refusals_go_first_and_the_oldest_give_way() -> None:
    box = Outbox(window=10, refusals=3)
    box.mark(Acknowledged("reefer-1", "boot", 7))
    for number in range(5):
        box.refuse(refused(number))
    found = [word for _, word in box.leaving()]
    assert found == [refused(2), refused(3), refused(4), words.mark("reefer-1", "boot", 7)]


def test_packet_ids_are_never_zero() -> None:
    box = Outbox(window=1, refusals=3)
    seen = set()
    for number in range(65_540):
        box.mark(Acknowledged("reefer-1", "boot", number))
        ((packet_id, _),) = box.leaving()
        box.arrived(packet_id)
        seen.add(packet_id)
    assert seen == set(range(1, 65_536))


def test_an_acknowledgement_of_nothing_is_passed_over() -> None:
    assert Outbox(window=1, refusals=1).arrived(9) is None


def test_marks_may_be_held_back_and_refusals_are_not() -> None:
    box = Outbox(window=10, refusals=3)
    for number in range(4):
        box.mark(Acknowledged(f"reefer-{number}", "boot", 1))
    box.refuse(refused(7))
    assert box.marks == 4
    assert [word.is_mark for _, word in box.leaving(0)] == [False]
    box.mark(Acknowledged("reefer-0", "boot", 2))
    assert [word for _, word in box.leaving(1)] == [words.mark("reefer-0", "boot", 2)]
    assert len(box.leaving(9)) == 3
    assert not box.marks
