"""No office is given more than it can do in a day, whatever comes, in whatever order, at once."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.clearance.actions.receive_declaration import receive_declaration
from clearway.clearance.intake import prepare
from clearway.cli.bench.messages import Lodgements, broker_of, day_of_declarations
from clearway.declarations.formats.reading import read
from clearway.ledger.fact import decode
from clearway.node.node import Node, create
from clearway.node.rebuild import facts
from clearway.risk import tables
from clearway.risk.facts import Assessed
from clearway.risk.limits import capped, is_spared, key_of_rule, key_of_trader
from clearway.risk.model import (
    Capacities,
    Capacity,
    Channel,
    Choice,
    Day,
    Hit,
    Limit,
    Profile,
    Stratum,
)
from clearway.risk.rules import Profiles
from clearway.risk.scoring import rules_only
from clearway.risk.selection import choose
from clearway.risk.selectivity import Selectivity, open_at
from clearway.settings import Settings
from clearway.terms.period import Period
from tests.postgres import Cluster

LANES = (Channel.RED, Channel.YELLOW, Channel.BLUE)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One declaration as the choice sees it."""

    office: str
    score: float
    draw: float
    curiosity: float
    trader: str
    profiles: tuple[str, ...]
    law: tuple[Channel, float] | None


def hits_of(arrival: Arrival) -> list[Hit]:
    lanes = {"P-red": Channel.RED, "P-yellow": Channel.YELLOW, "P-blue": Channel.BLUE}
    hits = [Hit(id, "because", lanes[id], "customs", False, ()) for id in arrival.profiles]
    if arrival.law is not None:
        lane, share = arrival.law
        hits.append(Hit("LAW", "by law", lane, "customs", True, (), share))
    return hits


def after(day: Day, choice: Choice, arrival: Arrival) -> Day:
    """Return the day with one more, as the projection counts it."""
    taken = dict(day.taken)
    chosen = choice.stratum in (Stratum.PROFILE, Stratum.SCORE, Stratum.EXPLORED)
    if choice.stratum is Stratum.PROFILE and choice.decided_by is not None:
        key = key_of_rule(choice.decided_by.id)
        taken[key] = taken.get(key, 0) + 1
    if chosen and choice.channel is Channel.RED:
        key = key_of_trader(arrival.trader)
        taken[key] = taken.get(key, 0) + 1
    red = choice.channel is Channel.RED
    return replace(
        day,
        arrivals=day.arrivals + 1,
        red=day.red + red,
        red_mandatory=day.red_mandatory + (red and choice.stratum is Stratum.MANDATORY),
        yellow=day.yellow + (choice.channel is Channel.YELLOW),
        blue=day.blue + (choice.channel is Channel.BLUE),
        explored=day.explored + (choice.stratum is Stratum.EXPLORED),
        overload=day.overload + choice.overload,
        taken=taken,
    )


_arrivals = st.lists(
    st.builds(
        Arrival,
        office=st.sampled_from(["A", "B", "C"]),
        score=st.floats(0, 1),
        draw=st.floats(0, 1, exclude_max=True),
        curiosity=st.floats(0, 1),
        trader=st.sampled_from(["T1", "T2", "T3"]),
        profiles=st.sets(st.sampled_from(["P-red", "P-yellow", "P-blue"])).map(
            lambda ids: tuple(sorted(ids))
        ),
        law=st.none() | st.tuples(st.sampled_from(LANES), st.sampled_from([1.0, 0.5])) | st.none(),
    ),
    max_size=90,
)
_capacities = st.builds(
    Capacity,
    red=st.integers(0, 8),
    yellow=st.integers(0, 5),
    blue=st.integers(0, 5),
    random_share=st.floats(0, 1),
    explore_share=st.floats(0, 1),
    usual_arrivals=st.integers(1, 100),
    red_rate=st.none() | st.floats(0, 1),
    yellow_rate=st.none() | st.floats(0, 1),
    most_per_trader=st.none() | st.integers(0, 4),
    least_score=st.floats(0, 1),
    limits=st.dictionaries(
        st.sampled_from(["P-red", "P-yellow"]),
        st.builds(Limit, most=st.none() | st.integers(0, 3)),
        max_size=2,
    ),
)


@given(arrivals=_arrivals, default=_capacities, own=_capacities, hour=st.integers(0, 23))
@settings(max_examples=250, deadline=None)
def test_no_office_is_given_more_than_its_places_but_by_law(
    arrivals: list[Arrival], default: Capacity, own: Capacity, hour: int
) -> None:
    capacities = Capacities(default, {"B": own})
    days: dict[str, Day] = defaultdict(Day)
    beyond: dict[tuple[str, Channel], int] = defaultdict(int)
    by_rule: dict[tuple[str, str], int] = defaultdict(int)
    by_trader: dict[tuple[str, str], int] = defaultdict(int)
    for place, arrival in enumerate(arrivals):
        capacity, day = capacities.of(arrival.office), days[arrival.office]
        hits = hits_of(arrival)
        choice = choose(
            arrival.score,
            hits,
            day,
            capacity,
            passed=place / len(arrivals),
            draw=arrival.draw,
            curiosity=arrival.curiosity,
            spared=is_spared(arrival.trader, day, capacity),
            capped=capped(hits, day, capacity, hour=hour, today=20_000),
        )
        assert 0.0 <= choice.propensity <= 1.0
        assert choice.channel is not Channel.RED or choice.propensity > 0.0
        if choice.overload:
            assert choice.stratum is Stratum.MANDATORY
            beyond[arrival.office, choice.channel] += 1
        if choice.stratum is Stratum.PROFILE and choice.decided_by is not None:
            by_rule[arrival.office, choice.decided_by.id] += 1
        if choice.channel is Channel.RED and choice.stratum in (
            Stratum.PROFILE, Stratum.SCORE, Stratum.EXPLORED,
        ):  # fmt: skip
            by_trader[arrival.office, arrival.trader] += 1
        days[arrival.office] = after(day, choice, arrival)
        assert all(
            days[arrival.office].of(lane) - beyond[arrival.office, lane] <= capacity.of(lane)
            for lane in LANES
        )
    for office, day in days.items():
        capacity = capacities.of(office)
        assert day.overload == sum(beyond[office, lane] for lane in LANES)
        # Overload is what the law asked beyond the places, no more.
        assert all(day.of(lane) >= capacity.of(lane) or not beyond[office, lane] for lane in LANES)
    for (where, id), count in by_rule.items():
        most = capacities.of(where).limits.get(id, Limit()).most
        assert most is None or count <= most
    for (where, _), count in by_trader.items():
        limit = capacities.of(where).most_per_trader
        assert limit is None or count <= limit


def test_two_choices_on_one_reading_of_the_day_would_overrun() -> None:
    """Negative control: what the transaction is for."""
    hit = Hit("P-red", "because", Channel.RED, "customs", False, ())
    capacity, day = Capacity(red=1, random_share=0.0), Day()
    twice = [choose(0.0, [hit], day, capacity, passed=0.5, draw=0.9) for _ in range(2)]
    assert [each.channel for each in twice] == [Channel.RED, Channel.RED]


def test_profiles_select_in_their_hours_and_on_their_dates_only() -> None:
    hits = [Hit("P", "because", Channel.RED, "customs", False, ())]
    limited = Capacity(red=5, limits={"P": Limit(opens=8, closes=18, first=100, last=200)})
    for hour, today, closed in ((7, 150, 1), (8, 150, 0), (18, 150, 1), (9, 99, 1), (9, 201, 1)):
        found = capped(hits, Day(), limited, hour=hour, today=today)
        assert len(found) == closed, (hour, today)
    law = [replace(hits[0], mandatory=True)]
    assert capped(law, Day(), limited, hour=3, today=1) == ()


def test_a_rate_fills_the_lane_with_its_share_and_no_more() -> None:
    rng = random.Random(4)
    capacity = Capacity(red=100, random_share=0.0, usual_arrivals=400, red_rate=0.05)
    day = Day()
    for place in range(400):
        choice = choose(rng.random(), [], day, capacity, passed=place / 400, draw=rng.random())
        day = replace(day, arrivals=day.arrivals + 1, red=day.red + (choice.channel is Channel.RED))
    assert 16 <= day.red <= 20


def test_on_a_day_off_only_the_law_selects(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    capacity = Capacity(red=5, yellow=5, weekdays=(1, 2, 3, 4, 5))
    assert open_at(capacity, datetime(2026, 3, 6, tzinfo=UTC)).red == 5
    saturday = open_at(capacity, datetime(2026, 3, 7, tzinfo=UTC))
    law = Hit("LAW", "by law", Channel.RED, "customs", True, ())
    red = replace(law, id="P", mandatory=False)
    free = choose(0.99, [red], Day(), saturday, passed=0.5, draw=0.0)
    assert (free.channel, free.propensity) == (Channel.GREEN, 0.0)
    forced = choose(0.0, [law], Day(), saturday, passed=0.5, draw=0.9)
    assert (forced.channel, forced.overload) == (Channel.RED, True)


# On real stores, many at once


@pytest.fixture(params=("sqlite", "postgresql"))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    base = Settings(node_name="customs.example/rush", data_directory=tmp_path / "node")
    if request.param == "sqlite":
        yield base
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    yield replace(base, database=cluster.url, database_schema="rush")
    cluster.drop("rush")


def test_many_at_once_never_overrun_the_places_of_a_day(store: Settings) -> None:
    """Forty declarations from eight threads, each hit by a profile; three places in each lane."""
    day = day_of_declarations()
    now = day.begins_at + timedelta(hours=12)
    everything = Profile(
        "P", "Everything.", "true", Channel.RED, "customs", False,
        Period(now - timedelta(days=1)), "risk analysis",
    )  # fmt: skip
    capacity = Capacity(red=3, yellow=3, blue=3, random_share=0.1, usual_arrivals=10)
    chosen = Selectivity(rules_only(), Profiles([everything]), Capacities(capacity))
    create(store, random.Random(7).randbytes)
    lodgements, actors = Lodgements(day), broker_of(day)
    with Node.open(store, clock=lambda: now, entropy=random.Random(8).randbytes) as node:
        waiting = []
        for _ in range(40):
            event, body = next(lodgements)
            prepared = prepare(read(body, event.content_type), node.rulebook.profile, now)
            action = partial(
                receive_declaration, prepared=prepared, draw=node.draw(), selectivity=chosen
            )
            waiting.append((actors[event.account], action))
        with ThreadPoolExecutor(8) as threads:
            futures = list(threads.map(lambda each: node.act(*each), waiting))
        for future in futures:
            future.result(60)
        with node.reading() as connection:
            stated = [
                decode(fact.body, Assessed)
                for fact in facts(connection)
                if fact.type == Assessed.TYPE
            ]
            kept = {one.office: one.so_far for one in tables.list_days(connection, stated[0].day)}
    assert len(stated) > 30
    counts: dict[tuple[str, Channel], int] = defaultdict(int)
    for one in stated:
        assert one.so_far is not None
        found = one.assessment
        assert one.so_far.of(Channel.RED) == counts[one.office, Channel.RED]
        counts[one.office, found.channel] += not found.overload
    for office, so_far in kept.items():
        assert so_far.red - so_far.overload <= 3
        for lane in LANES:
            assert counts[office, lane] <= 3
    assert max(counts[office, Channel.RED] for office in kept) == 3  # the places were wanted
