from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import ClearwayError, InputError, MalformedMessage, RuleViolation, TooLarge
from clearway.risk.formats import capacity
from clearway.risk.formats.capacity import emit, read
from clearway.risk.model import Capacities, Capacity, Limit

BASE = Capacity(red=24, yellow=40, blue=20)
HEAD = b'form = "clearway-capacity/1"\n'


def test_the_example_of_the_module_is_read() -> None:
    text = (capacity.__doc__ or "").partition("\n\n")[2]
    found = read(text.encode(), BASE)
    tema = found.of("GHTEM")
    assert (tema.red, tema.yellow, tema.yellow_days, tema.weekdays) == (
        40,
        40,
        3,
        (1, 2, 3, 4, 5, 6),
    )
    first = date(2026, 1, 1).toordinal() - date(1970, 1, 1).toordinal()
    assert tema.limits["S-0302-1"] == Limit(5, 8, 18, first, first + 364)
    assert found.of("elsewhere").red == 24


def test_a_named_office_takes_from_the_default_what_it_leaves_out() -> None:
    found = read(HEAD + b"[default]\nblue = 3\n[offices.X]\nred = 1\nrandom_share = 0.0\n", BASE)
    assert (found.of("X").red, found.of("X").blue, found.of("X").yellow) == (1, 3, 40)


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        (b"", MalformedMessage, "form"),
        (b'form = "clearway-capacity/2"', MalformedMessage, "form"),
        (HEAD + b"[default\n", MalformedMessage, "TOML"),
        (HEAD + b"\xff", MalformedMessage, "TOML"),
        (HEAD + b"[default]\nread = 4\n", MalformedMessage, "default.read"),
        (HEAD + b"[office.X]\nred = 4\n", MalformedMessage, "office"),
        (HEAD + b"[default]\nred = true\n", MalformedMessage, "default.red"),
        (HEAD + b"[default]\nred = 4.0\n", MalformedMessage, "default.red"),
        (HEAD + b"[default]\nred = -1\n", RuleViolation, "default.red"),
        (HEAD + b"[default]\nrandom_share = nan\n", RuleViolation, "random_share"),
        (HEAD + b"[default]\nrandom_share = 0.2\n", RuleViolation, "more than half"),
        (HEAD + b"[default]\nopens = 9\ncloses = 9\n", RuleViolation, "opens"),
        (HEAD + b"[default]\nweekdays = []\n", RuleViolation, "weekdays"),
        (HEAD + b"[default]\nweekdays = [0]\n", RuleViolation, "weekdays"),
        (HEAD + b"[offices]\nX = 3\n", MalformedMessage, "offices.X"),
        (HEAD + b"[default.limits.P]\nmost = 1\nuntil = 3\n", MalformedMessage, "until"),
        (HEAD + b"[default.limits.P]\nfirst = 2026-01-01T00:00:00Z\n", MalformedMessage, "date"),
        (
            HEAD + b"[default.limits.P]\nfirst = 2026-02-01\nlast = 2026-01-01\n",
            RuleViolation,
            "never",
        ),
        (HEAD + b"#" * 1_000_001, TooLarge, "bytes"),
        (HEAD + b"x = " + b"[" * 50_000, InputError, "TOML"),
    ],
)
def test_a_file_that_does_not_hold_is_refused_by_name(
    text: bytes, error: type[ClearwayError], words: str
) -> None:
    with pytest.raises(error, match=words):
        read(text, BASE)


_limits = st.builds(
    Limit,
    most=st.none() | st.integers(0, 100),
    opens=st.integers(0, 11),
    closes=st.integers(12, 24),
    first=st.none() | st.integers(0, 20_000),
    last=st.none() | st.integers(20_000, 40_000),
)
_capacities = st.builds(
    Capacity,
    red=st.integers(10, 100),
    yellow=st.integers(0, 100),
    random_share=st.floats(0, 0.01),
    opens=st.integers(0, 11),
    closes=st.integers(12, 24),
    most_per_trader=st.integers(0, 9),
    red_rate=st.floats(0, 1),
    yellow_rate=st.floats(0, 1),
    blue_rate=st.floats(0, 1),
    weekdays=st.sets(st.integers(1, 7), min_size=1).map(lambda days: tuple(sorted(days))),
    limits=st.dictionaries(st.text(max_size=8), _limits, max_size=3),
)


@given(default=_capacities, office=st.text(max_size=8), own=_capacities)
def test_what_is_written_is_read_again(default: Capacity, office: str, own: Capacity) -> None:
    own_limits = Capacities(default, {office: own}).of(office).limits
    found = read(emit(Capacities(default, {office: own})), BASE)
    assert found.default == default
    read_own = found.of(office)
    assert {k: v for k, v in read_own.limits.items() if k in own_limits} == dict(own_limits)
    assert read_own.red == own.red and read_own.weekdays == own.weekdays
