from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import MalformedMessage, TooLarge
from clearway.risk.formats import profiles as files
from clearway.risk.model import Channel, Profile
from clearway.terms.period import Period

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
MOMENT = st.datetimes(
    datetime(2000, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)
)  # fmt: skip


EXPRESSIONS = ["true", 'item.hs == "é\\"\\\\"', "item.packages > 1 // x"]


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    start = draw(MOMENT)
    end = draw(st.none() | st.just(datetime(2031, 1, 1, tzinfo=UTC)))
    return Profile(
        id=draw(TEXT),
        text=draw(TEXT),
        expression=draw(st.sampled_from(EXPRESSIONS)),
        lane=draw(st.sampled_from([Channel.RED, Channel.YELLOW, Channel.BLUE])),
        agency=draw(TEXT),
        mandatory=draw(st.booleans()),
        period=Period(start, end),
        owner=draw(TEXT),
    )


@given(st.lists(profiles(), max_size=4, unique_by=lambda one: one.id), TEXT)
def test_profiles_come_out_of_a_file_as_they_went_in(made: list[Profile], name: str) -> None:
    back = files.read(files.write(made, name))
    assert back.profiles == tuple(made)
    assert back.version.startswith(name)


def test_the_shipped_samples_and_bounds_go_round() -> None:
    shipped = files.sample().profiles
    bounds: dict[str, Any] = {shipped[0].id: {"most_per_day": 3, "opens": 8, "closes": 18}}
    data = files.write(shipped, "again", bounds)
    assert files.read(data).profiles == shipped
    assert files.read_bounds(data) == bounds


def test_files_are_bounded_and_bounds_are_numbers() -> None:
    with pytest.raises(TooLarge):
        files.read(b"#" * (files.MOST_BYTES + 1))
    data = files.write(files.sample().profiles[:1], "x") + b'most_per_day = "many"\n'
    with pytest.raises(MalformedMessage, match="most_per_day must be given, as a whole number"):
        files.read(data)


@pytest.mark.parametrize("text", ["[[rule]]\nid = 'X'", "[profiles]\nx = 1", "title = 'x'"])
def test_a_table_of_another_name_is_refused_and_never_passed_over(text: str) -> None:
    with pytest.raises(MalformedMessage, match=r"no use for .*\[\[profile\]\] with id, text"):
        files.read(text.encode())
