"""The nation's world: what makes targeting hard there, and that it does not tell the truth."""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from clearway.simulator import registry, signals
from clearway.simulator.goods import catalogue
from clearway.simulator.history import Past
from clearway.simulator.inspection import REALISTIC
from clearway.simulator.scale import NATION, SAMPLE
from clearway.simulator.world import World, build, day_number
from clearway.simulator.years import Ceiling, ceilings, years

SMALL = replace(NATION, importers=900, brokers=60, schemes_a_year=90)
ROWS = 24_000
STARTS = date(2024, 7, 1)


@pytest.fixture(scope="module")
def nation() -> World:
    return build(1, "XA", SMALL)


@pytest.fixture(scope="module")
def tried() -> Past:
    return years(1, ROWS, scale=SMALL)


def shares(frame: pl.DataFrame, bit: int) -> dict[str, float]:
    """Return the share of items with a signal, by the kind of cheat that there truly is."""
    shown = frame.group_by("truly").agg((pl.col("signals") // bit % 2 == 1).mean())
    return dict(shown.iter_rows())


def test_about_as_many_rows_come_as_were_asked_for(tried):
    assert tried.frame.height == pytest.approx(ROWS, rel=0.04)
    assert tried.frame["accepted_at"].dt.year().min() == 2022
    assert tried.frame["accepted_at"].dt.year().max() == 2025


def test_the_same_seed_gives_the_same_nation():
    twice = [years(2, 2_000, scale=SMALL, begin=date(2025, 10, 1)) for _ in range(2)]
    assert twice[0].frame.equals(twice[1].frame) and twice[0].truth.equals(twice[1].truth)


def test_who_inspects_changes_results_and_not_what_is_declared(tried):
    other = years(1, ROWS, scale=SMALL, policy=REALISTIC).frame
    declared = pl.exclude(
        "examined", "illicit", "extra_revenue", "known_at", "outcome", "mode", "stratum",
        "propensity",
    )  # fmt: skip
    assert other.select(declared).equals(tried.frame.select(declared))
    assert tried.frame["examined"].all() and 0.04 < other["examined"].mean() < 0.09


def test_rates_of_illicit_items_are_those_of_published_histories(tried):
    # 1.64 to 8.16 percent in the countries of gATE (Kim et al., 2022), table 2.
    assert 0.016 < (tried.truth["mode"] != "").mean() < 0.082


def test_a_random_stratum_is_unbiased_and_a_targeted_one_is_not():
    seen = years(1, 60_000, scale=SMALL, policy=REALISTIC)
    cheats = seen.truth["mode"] != ""
    rate = cheats.mean()
    by_stratum = (
        seen.frame.select("stratum", cheats=cheats)
        .group_by("stratum")
        .agg(pl.col("cheats").mean(), pl.len())
    )
    shown = {stratum: (share, count) for stratum, share, count in by_stratum.iter_rows()}
    drawn, count = shown["random"]
    assert abs(drawn - rate) < 4 * np.sqrt(rate * (1 - rate) / count)
    assert shown["profile"][0] > 1.5 * rate


def test_results_are_partial_late_and_sometimes_months_late():
    seen = years(1, ROWS, scale=SMALL, policy=REALISTIC).frame.filter("examined")
    found = seen.filter("illicit")
    assert set(found["outcome"].unique()) == {"partial", "full"}
    assert (seen.filter(~pl.col("illicit"))["outcome"] == "nothing").all()
    days = (seen["known_at"] - seen["accepted_at"]).dt.total_hours() / 24
    assert days.median() < 6 and days.max() > 60 and (days > 0).all()


def test_those_found_out_vanish_and_some_return_under_another_number(nation):
    firms = nation.importers
    heirs = np.flatnonzero(
        (firms.principal != np.arange(len(firms.principal))) & (firms.dishonesty >= 0.1)
    )
    assert heirs.size > 30
    for heir in heirs.tolist():
        first = int(firms.principal[heir])
        assert firms.firms.ids[heir] != firms.firms.ids[first]
    people, lives = np.unique(firms.principal[heirs], return_counts=True)
    assert lives.max() <= 2 * 4 and people.size > 20


def test_heirs_are_like_their_people_and_strangers_sometimes_too(nation):
    register = registry.registrations(nation).join(registry.principals(nation), on="party")
    phone = pl.col("phone").str.replace_all(r"\D", "").str.replace(r"^(999|0)", "")
    same = (
        register.with_columns(phone=phone)
        .group_by("phone")
        .agg(pl.len(), people=pl.col("principal").n_unique())
    )
    shared = same.filter(pl.col("len") > 1)
    assert (shared["people"] == 1).sum() > 20, "no heir kept a telephone"
    assert (shared["people"] > 1).sum() > 3, "no stranger shares one: links cannot be wrong"


def test_some_honest_importers_turn_bad_and_cheat_only_from_then_on(nation, tried):
    turned = np.flatnonzero(nation.importers.turns_on < 1461)
    assert turned.size > 5
    day = {
        nation.importers.firms.ids[place]: int(nation.importers.turns_on[place])
        for place in turned.tolist()
    }
    rows = tried.frame.select("importer", "accepted_at", cheats=tried.truth["mode"] != "").filter(
        pl.col("importer").is_in(list(day))
    )
    before, after = [], []
    for importer, at, cheats in rows.iter_rows():
        (after if day_number(at.date()) >= day[importer] else before).append(cheats)
    assert np.mean(after) > 3 * np.mean(before)


def test_signals_follow_from_what_is_true_and_are_noisy(tried):
    frame = tried.frame.with_columns(truly=tried.truth["mode"])
    mass = shares(frame, signals.MASS)
    assert mass["short_quantity"] > 8 * mass[""] > 0, "scales see what is short, and err"
    assert mass["undervaluation"] < 3 * mass[""], "scales cannot see a price"
    assert shares(frame, signals.CERTIFICATE)["false_origin"] > 4 * shares(frame, 1)[""] > 0
    assert shares(frame, signals.SEAL)[""] > 0
    assert shares(frame, signals.COLD_CHAIN)[""] > 0
    flagged = frame.filter(pl.col("signals") > 0)
    assert (flagged["truly"] == "").mean() > 0.5, "most signals are false alarms"


def test_honest_descriptions_misfit_too_but_less_often(tried):
    fitting: dict[str, set[str]] = {}
    for kind in catalogue().kinds:
        known = fitting.setdefault(str(kind.hs), set())
        known.update(" ".join(kind.descriptions).lower().split())
    rows = tried.frame.select("hs", "description", truly=tried.truth["mode"])
    misfits: dict[bool, list[bool]] = {False: [], True: []}
    for hs, text, mode in rows.iter_rows():
        if mode in ("", "misclassification"):
            words = text.lower().split()[1:3]
            misfits[mode != ""].append(not fitting[hs] & set(words))
    assert 0.005 < np.mean(misfits[False]) < 0.05 < 5 * np.mean(misfits[False])
    assert np.mean(misfits[True]) > 5 * np.mean(misfits[False])


def test_a_plain_world_has_none_of_it():
    plain = build(1)
    assert (plain.importers.principal[~plain.importers.is_shell] == np.arange(520)).all()
    assert (plain.importers.turns_on > 2922).all() and plain.scale == SAMPLE


def test_a_new_scheme_starts_on_its_day_with_people_without_blame():
    starts = day_number(STARTS)
    world = build(1, "XA", replace(SMALL, new_scheme_day=starts))
    scheme = world.schemes[-1]
    seen = years(1, ROWS, scale=replace(SMALL, new_scheme_day=starts))
    of_scheme = seen.frame.filter(seen.truth["scheme"] == len(world.schemes) - 1)
    assert of_scheme["accepted_at"].min().date() >= STARTS
    assert of_scheme.height > 40
    honesty = world.importers.dishonesty[list(scheme.members)]
    assert (honesty < 0.05).all()


def test_an_unseen_scheme_cheats_in_a_way_that_never_occurred_before(tried):
    starts = day_number(STARTS)
    scale = replace(SMALL, new_scheme_day=starts, new_scheme_is_unseen=True)
    scheme = build(1, "XA", scale).schemes[-1]
    seen = years(1, ROWS, scale=scale)
    hidden = seen.frame.filter(seen.truth["mode"] == "concealed")
    assert hidden.height > 40 and hidden["accepted_at"].min().date() >= STARTS
    assert "concealed" not in tried.truth["mode"].unique()
    assert hidden["origin"].n_unique() <= len(scheme.origins) == 4
    assert (seen.truth.filter(pl.col("mode") == "concealed")["extra_revenue"] > 0).all()


def test_ceilings_bound_each_other(tried):
    for each in ceilings(tried.truth):
        assert isinstance(each, Ceiling)
        assert 0 < each.informed <= each.best <= 1 and 0 < each.best_revenue <= 1
