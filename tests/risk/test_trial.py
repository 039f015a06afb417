from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

from clearway.errors import RuleViolation
from clearway.risk.rules import Profiles
from clearway.risk.scoring import Artefact, Scorer
from clearway.risk.trial import try_on_history

from .test_rules import profile
from .world import BEGIN, history


def later() -> pl.DataFrame:
    """Return a history of which the model of the fixture has seen the first 360 days."""
    return history(1_500, seed=3, days=420)


def test_a_model_is_tried_on_what_came_after_its_cut_off(artefact: Artefact) -> None:
    frame = later()
    found = try_on_history(frame, scorer=Scorer(artefact), capacity=1)
    after = frame.filter(pl.col("accepted_at") >= artefact.card.cut_off)
    assert 0 < found.selected <= after["mrn"].n_unique()
    base = after.filter("examined").group_by("mrn").agg(pl.col("illicit").any())["illicit"].mean()
    assert isinstance(base, float)
    assert found.precision > base


def test_at_the_live_capacity_as_many_are_selected_as_were(artefact: Artefact) -> None:
    found = try_on_history(later(), scorer=Scorer(artefact))
    assert found.selected == found.live_selected
    assert 0.0 < found.overlap <= 1.0
    assert [office for office, _ in found.busiest] == ["GHACC", "GHTEM"]


def test_profiles_are_tried_alone_and_select_only_what_they_hit() -> None:
    frame = history(800, seed=3)
    found = try_on_history(frame, profiles=Profiles([profile("item.is_vague")]))
    vague = frame.filter(pl.col("description") == "goods")["mrn"].n_unique()
    assert 0 < found.selected <= vague
    assert found.precision > 3 * found.live_hits / found.live_selected
    none = try_on_history(frame, profiles=Profiles([profile("false")]))
    assert (none.selected, none.hits) == (0, 0)


def test_nothing_to_try_and_nothing_to_try_it_on_are_refused(artefact: Artefact) -> None:
    with pytest.raises(RuleViolation, match="model or profiles"):
        try_on_history(later())
    with pytest.raises(RuleViolation, match="no declaration accepted since"):
        try_on_history(history(50), scorer=Scorer(artefact), since=BEGIN + timedelta(days=999))
