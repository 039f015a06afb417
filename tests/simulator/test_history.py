"""Years of declarations for a model to learn from: schema, shares, and what must not be in them."""

import re
from datetime import date

import polars as pl
import pytest

from clearway.risk.formats import history as read_back
from clearway.simulator.history import DEFAULT_DAY, Past, history, past
from clearway.simulator.inspection import EVERYTHING
from clearway.simulator.world import World, build, day_number
from clearway.terms.goods import HsCode
from clearway.terms.identifiers import Mrn, PartyId
from clearway.terms.money import Currency
from clearway.terms.places import Country, UnLocode

COLUMNS = [
    "mrn",
    "item",
    "accepted_at",
    "importer",
    "declarant",
    "exporter",
    "office",
    "hs",
    "origin",
    "dispatch",
    "preference",
    "net_mass_kg",
    "value",
    "currency",
    "statistical_value",
    "duty_rate",
    "packages",
    "transport_mode",
    "description",
    "certificates",
    "examined",
    "illicit",
    "extra_revenue",
    "known_at",
    "outcome",
    "mode",
    "exporter_country",
    "address",
    "phone",
    "signals",
    "stratum",
    "propensity",
]


@pytest.fixture(scope="module")
def year(world: World) -> Past:
    return past(world, 365, 20)


def test_the_same_seed_gives_the_same_history():
    assert history(3, 40, 12).equals(history(3, 40, 12))


def test_another_seed_gives_another_history():
    assert not history(3, 40, 12).equals(history(4, 40, 12))


def test_the_schema_is_the_one_that_risk_reads(year):
    assert year.frame.columns == COLUMNS
    assert year.frame.schema["accepted_at"] == pl.Datetime("us", "UTC")
    assert year.frame.schema["known_at"] == pl.Datetime("us", "UTC")
    assert year.frame.schema["illicit"] == pl.Boolean


def test_rows_stand_in_the_order_of_time_and_each_has_its_own_name(year):
    assert year.frame["accepted_at"].is_sorted()
    assert year.frame.select("mrn", "item").is_unique().all()


def test_every_code_is_one_that_our_terms_accept(year):
    for term, columns in (
        (Mrn, ["mrn"]),
        (PartyId, ["importer", "declarant", "exporter"]),
        (HsCode, ["hs"]),
        (Country, ["origin", "dispatch"]),
        (Currency, ["currency"]),
        (UnLocode, ["office"]),
    ):
        for column in columns:
            for value in year.frame[column].unique():
                term(value)


def test_results_are_known_only_where_officers_looked_and_only_afterwards(year):
    looked = year.frame.filter("examined")
    others = year.frame.filter(~pl.col("examined"))
    assert looked["illicit"].null_count() == 0
    assert (looked["known_at"] > looked["accepted_at"]).all()
    for column in ("illicit", "extra_revenue", "known_at"):
        assert others[column].null_count() == others.height


def test_officers_of_the_past_looked_at_five_to_nine_percent(year):
    share = year.frame.group_by("mrn").agg(pl.col("examined").first())["examined"].mean()
    assert 0.05 < share < 0.09


@pytest.mark.parametrize("seed", [0, 1, 2, 7])
def test_between_two_and_nine_percent_of_items_cheat(seed):
    shares = past(build(seed), 365, 30).truth
    cheats = (shares["mode"] != "").mean()
    assert 0.02 < cheats < 0.09


def test_all_four_modes_occur_and_officers_miss_some(year):
    modes = set(year.truth["mode"].unique()) - {""}
    assert modes == {"undervaluation", "misclassification", "false_origin", "short_quantity"}
    joined = year.frame.drop("mode").join(year.truth, on=["mrn", "item"])
    looked = joined.filter(pl.col("examined") & (pl.col("mode") != ""))
    assert 0.85 < looked["illicit"].mean() < 1.0


def test_officers_find_nothing_on_honest_items(year):
    joined = year.frame.drop("mode").join(year.truth, on=["mrn", "item"])
    honest = joined.filter(pl.col("examined") & (pl.col("mode") == ""))
    assert not honest["illicit"].any()


def test_a_cheat_saves_duties_on_most_occasions(year):
    cheats = year.truth.filter(pl.col("mode") != "")
    assert (cheats["extra_revenue"] > 0).mean() > 0.95
    assert (year.truth.filter(pl.col("mode") == "")["extra_revenue"] == 0).all()


def test_schemes_start_and_end(world, year):
    cheats = year.truth.with_columns(day=year.frame["accepted_at"].dt.date()).filter(
        pl.col("scheme") >= 0
    )
    assert cheats["scheme"].n_unique() >= 5
    for scheme, day in cheats.select("scheme", "day").iter_rows():
        plan = world.schemes[scheme]
        assert plan.first_day <= day_number(day) <= plan.last_day


def test_shell_importers_appear_and_vanish(world, year):
    shells = {
        world.importers.firms.ids[place]
        for place in range(len(world.importers.is_shell))
        if world.importers.is_shell[place]
    }
    seen = year.frame.filter(pl.col("importer").is_in(shells))
    span = seen.group_by("importer").agg(
        days=(pl.col("accepted_at").max() - pl.col("accepted_at").min()).dt.total_days()
    )
    assert span.height >= 5
    assert span["days"].max() <= 262


def test_volumes_are_heavy_tailed(year):
    counts = year.frame.group_by("importer").len().sort("len", descending=True)["len"]
    tenth = counts[: len(counts) // 10].sum()
    assert tenth > 0.4 * counts.sum()


def test_undervalued_goods_are_cheap_for_their_kind(year):
    joined = year.frame.drop("mode").join(year.truth.drop("extra_revenue"), on=["mrn", "item"])
    price = (pl.col("statistical_value") / pl.col("net_mass_kg")).log()
    joined = joined.with_columns(z=price - price.median().over("hs"))
    cheap = joined.filter(pl.col("mode") == "undervaluation")["z"].median()
    assert cheap < joined.filter(pl.col("mode") == "")["z"].median() - 0.3


def test_no_truth_leaks_into_the_frame(year):
    words = " ".join(year.frame["description"].unique())
    assert not re.search("fraud|scheme|undervalu|illicit|shell", words, re.IGNORECASE)
    assert not {"scheme", "true_hs", "true_value_usd"} & set(year.frame.columns)
    # The kind of cheat stands only where officers found one.
    assert (year.frame.filter(pl.col("mode") != "")["illicit"]).all()
    assert year.frame.filter(~pl.col("examined"))["mode"].is_null().all()


def test_everything_can_be_labelled_for_a_benchmark(world):
    full = past(world, 30, 20, policy=EVERYTHING)
    assert full.frame["examined"].all()
    assert (full.frame["illicit"] == (full.truth["mode"] != "")).all()


def test_days_outside_the_world_are_refused_in_plain_words(world):
    with pytest.raises(ValueError, match="outside the simulated years"):
        past(world, 4000, 5)
    with pytest.raises(ValueError, match="outside the simulated years"):
        past(world, 10, 5, until=date(2040, 1, 1))


def test_history_ends_before_the_simulated_day(year):
    assert year.frame["accepted_at"].max().date() < DEFAULT_DAY


def test_the_risk_room_reads_it_without_a_remark(year):
    assert read_back.conform(year.frame).height == year.frame.height
