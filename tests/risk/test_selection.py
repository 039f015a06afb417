from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.risk.model import Capacity, Channel, Choice, Day, Hit, Stratum
from clearway.risk.selection import choose, share_of_day, still_to_come


def hit(lane: Channel, *, mandatory: bool = False) -> Hit:
    return Hit(f"P-{lane}", "because", lane, "customs", mandatory, (1,))


def after(day: Day, choice: Choice) -> Day:
    """Return the day with one more assessment, as the projection counts it."""
    red = choice.channel is Channel.RED
    return replace(
        day,
        arrivals=day.arrivals + 1,
        red=day.red + red,
        red_mandatory=day.red_mandatory + (red and choice.stratum is Stratum.MANDATORY),
        yellow=day.yellow + (choice.channel is Channel.YELLOW),
        blue=day.blue + (choice.channel is Channel.BLUE),
    )


MIDDAY = {"passed": 0.5}
CAPACITY = Capacity(red=6, yellow=10, blue=10, random_share=0.02, usual_arrivals=200)


def test_a_mandatory_control_goes_red_though_no_capacity_is_left() -> None:
    full = Day(arrivals=100, red=6)
    choice = choose(0.1, [hit(Channel.RED, mandatory=True)], full, CAPACITY, draw=0.9, **MIDDAY)
    assert (choice.channel, choice.stratum) == (Channel.RED, Stratum.MANDATORY)
    assert choice.propensity == 1.0


def test_a_control_of_a_share_applies_by_the_draw_with_its_propensity() -> None:
    control = Hit("CTL", "one in five", Channel.RED, "customs", True, (1,), share=0.2)
    rng = np.random.default_rng(2)
    draws = rng.random(4_000)
    choices = [choose(0.0, [control], Day(), CAPACITY, draw=d, passed=0.5) for d in draws]
    assert choices[0].propensity == pytest.approx(1 - 0.98 * 0.8)
    red = np.array([choice.channel is Channel.RED for choice in choices])
    assert abs(red.mean() - (1 - 0.98 * 0.8)) < 0.025
    mandatory = np.array([choice.stratum is Stratum.MANDATORY for choice in choices])
    assert abs(mandatory.mean() - 0.2) < 0.025
    assert abs(mandatory[draws < 0.5].mean() - mandatory[draws >= 0.5].mean()) < 0.04


def test_a_control_of_another_agency_takes_nothing_of_customs_capacity() -> None:
    control = Hit("CTL", "plants", Channel.RED, "plant_health", True, (1,))
    choice = choose(0.0, [control], Day(), CAPACITY, draw=0.9, passed=0.5)
    assert (choice.channel, choice.propensity) == (Channel.GREEN, 0.02)


def test_the_strictest_lane_wins() -> None:
    hits = [hit(Channel.BLUE), hit(Channel.YELLOW, mandatory=True), hit(Channel.RED)]
    choice = choose(0.0, hits, Day(arrivals=100), CAPACITY, draw=0.9, **MIDDAY)
    assert (choice.channel, choice.stratum) == (Channel.RED, Stratum.PROFILE)


def test_a_mandatory_documentary_check_holds_when_nothing_stricter_applies() -> None:
    hits = [hit(Channel.BLUE), hit(Channel.YELLOW, mandatory=True)]
    full = Day(arrivals=100, red=6, yellow=10)
    choice = choose(0.99, hits, full, CAPACITY, draw=0.0, **MIDDAY)
    assert (choice.channel, choice.stratum) == (Channel.YELLOW, Stratum.MANDATORY)


def test_a_profile_without_room_in_its_lane_takes_the_next() -> None:
    full = Day(arrivals=100, red=6)
    choice = choose(0.0, [hit(Channel.RED)], full, CAPACITY, draw=0.9, **MIDDAY)
    assert (choice.channel, choice.displaced_from) == (Channel.YELLOW, Channel.RED)
    fuller = replace(full, yellow=10, blue=10)
    choice = choose(0.0, [hit(Channel.RED)], fuller, CAPACITY, draw=0.9, **MIDDAY)
    assert (choice.channel, choice.displaced_from) == (Channel.GREEN, Channel.RED)


def test_the_threshold_is_the_room_left_among_arrivals_to_come() -> None:
    capacity = replace(CAPACITY, random_share=0.0)
    morning = choose(0.0, [], Day(), capacity, draw=0.9, passed=0.0)
    assert morning.threshold == pytest.approx(1 - 6 / 200)


def test_nobody_is_opened_just_because_there_is_time() -> None:
    late = Day(arrivals=199)
    choice = choose(0.4, [], late, CAPACITY, draw=0.9, passed=0.99)
    assert choice.channel is Channel.GREEN


def test_without_a_model_the_draw_and_the_profiles_decide() -> None:
    choices = [choose(0.0, [], Day(), CAPACITY, draw=draw, passed=0.0) for draw in (0.01, 0.5)]
    assert [choice.stratum for choice in choices] == [Stratum.RANDOM, Stratum.NONE]


def test_an_office_without_capacity_examines_nothing_but_what_is_mandatory() -> None:
    closed = Capacity(red=0)
    choice = choose(1.0, [hit(Channel.RED)], Day(), closed, draw=0.0, passed=0.0)
    assert (choice.channel, choice.propensity) == (Channel.GREEN, 0.0)


def test_the_day_passes_between_opening_and_closing() -> None:
    capacity = replace(CAPACITY, opens=8, closes=16)
    hours = [datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in (5, 8, 12, 16, 20)]
    assert [share_of_day(at, capacity) for at in hours] == [0.0, 0.0, 0.5, 1.0, 1.0]


def test_a_slow_day_lowers_and_a_busy_day_raises_what_is_expected() -> None:
    usual = still_to_come(Day(arrivals=100), CAPACITY, 0.5)
    assert usual == 100.0
    assert still_to_come(Day(arrivals=10), CAPACITY, 0.9) == pytest.approx(20.0)
    assert still_to_come(Day(arrivals=300), CAPACITY, 0.5) == pytest.approx(300.0)
    assert still_to_come(Day(arrivals=10_000), CAPACITY, 1.0) == 1.0


@given(
    arrivals=st.lists(
        st.tuples(
            st.floats(0, 1),
            st.floats(0, 1, exclude_max=True),
            st.sampled_from([(), ("red",), ("yellow",), ("blue",), ("law",), ("red", "blue")]),
        ),
        max_size=80,
    ),
    red=st.integers(0, 8),
    yellow=st.integers(0, 5),
    blue=st.integers(0, 5),
    share=st.floats(0, 1),
    usual=st.integers(1, 100),
)
@settings(max_examples=150, deadline=None)
def test_capacity_is_never_exceeded_but_by_mandatory_controls(
    arrivals: list[tuple[float, float, tuple[str, ...]]],
    red: int,
    yellow: int,
    blue: int,
    share: float,
    usual: int,
) -> None:
    capacity = Capacity(red, yellow, blue, random_share=share, usual_arrivals=usual)
    day = Day()
    for place, (score, draw, lanes) in enumerate(arrivals):
        hits = [
            hit(Channel.RED, mandatory=True) if lane == "law" else hit(Channel(lane))
            for lane in lanes
        ]
        choice = choose(score, hits, day, capacity, passed=place / len(arrivals), draw=draw)
        assert 0.0 <= choice.propensity <= 1.0
        day = after(day, choice)
        by_choice = day.red - day.red_mandatory
        assert by_choice <= red
        if choice.channel is Channel.RED and choice.stratum is not Stratum.MANDATORY:
            assert day.red <= red
        assert day.yellow <= yellow and day.blue <= blue


@pytest.mark.parametrize("shape", ["even", "morning", "slow", "busy"])
def test_capacity_is_used_and_goes_to_the_riskiest(shape: str) -> None:
    rng = np.random.default_rng(5)
    capacity = Capacity(red=20, random_share=0.01, usual_arrivals=400)
    used, scores = [], []
    for _ in range(20):
        count = {"slow": 280, "busy": 600}.get(shape, 400)
        passed = np.sort(rng.random(count) ** (3 if shape == "morning" else 1))
        day = Day()
        for share in passed:
            score = rng.random()
            choice = choose(score, [], day, capacity, passed=share, draw=rng.random())
            day = after(day, choice)
            if choice.stratum is Stratum.SCORE:
                scores.append(score)
        used.append(day.red)
    assert max(used) <= 20
    assert np.mean(used) >= {"slow": 15, "morning": 17}.get(shape, 18.5)
    assert np.median(scores) > 0.94


def test_propensities_are_the_frequencies_of_being_examined() -> None:
    rng = np.random.default_rng(9)
    capacity = Capacity(red=30, random_share=0.05, usual_arrivals=300)
    expected, happened = [], []
    for _ in range(40):
        day = Day()
        for place in range(300):
            choice = choose(rng.random(), [], day, capacity, passed=place / 300, draw=rng.random())
            expected.append(choice.propensity)
            happened.append(choice.channel is Channel.RED)
            day = after(day, choice)
    shares, red = np.array(expected), np.array(happened)
    for propensity in np.unique(shares):
        group = red[shares == propensity]
        error = 4 * np.sqrt(propensity * (1 - propensity) / len(group)) + 1e-9
        assert abs(group.mean() - propensity) <= error, propensity
    assert np.mean(shares > 0) > 0.95


def test_the_random_stratum_is_blind_to_the_score() -> None:
    rng = np.random.default_rng(11)
    drawn = []
    for _ in range(60):
        day = Day()
        for place in range(200):
            score = rng.random()
            choice = choose(
                score,
                [],
                day,
                Capacity(20, random_share=0.03),
                passed=place / 200,
                draw=rng.random(),
            )
            day = after(day, choice)
            if choice.stratum is Stratum.RANDOM:
                drawn.append(score)
    assert len(drawn) > 250
    assert abs(np.mean(drawn) - 0.5) < 0.06
