"""Words of a description against the code: goods under another heading's code agree worse."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from clearway.risk.evaluate import area_under_roc
from clearway.risk.features import COLUMN
from clearway.risk.formats.history import conform
from clearway.risk.replay import replay
from clearway.risk.words import telling

from .world import BEGIN, history

FOREVER = 1 << 62
_TEST = 600


def described(folder: Path) -> list[tuple[str, str]]:
    """Return descriptions of goods with their code, in an order that has nothing to do with it."""
    texts = folder / "codes" / "hs-text"
    with (texts / "extra_references.csv").open(encoding="utf-8") as file:
        pairs = [(row["Goods Description"], row["Commodity Code"]) for row in csv.DictReader(file)]
    pairs += json.loads((texts / "search_references.json").read_text()).items()
    usable = [pair for pair in pairs if len(pair[1]) >= 6 and pair[1].isdigit()]
    return [usable[place] for place in np.random.default_rng(0).permutation(len(usable))]


def declared(pairs: list[tuple[str, str]]) -> pl.DataFrame:
    """Return a history that declares one of them a minute; nothing of it is examined."""
    row = history(1).row(0, named=True) | {"examined": False, "illicit": None, "known_at": None}
    rows = [
        row
        | {"mrn": f"26CW{place:06d}", "accepted_at": BEGIN + timedelta(minutes=place)}
        | {"description": text, "hs": code[:10]}
        for place, (text, code) in enumerate(pairs)
    ]
    return conform(pl.DataFrame(rows, schema=history(1).schema))


def agreement(pairs: list[tuple[str, str]], under: list[str]) -> np.ndarray:
    """Return how well the last descriptions fit the codes given, after all others were declared."""
    learnt = pairs[:-_TEST] + [
        (text, code) for (text, _), code in zip(pairs[-_TEST:], under, strict=True)
    ]
    return replay(declared(learnt), FOREVER).matrix[-_TEST:, COLUMN["words_fit"]]


def shown_apart(pairs: list[tuple[str, str]]) -> float:
    """Return the area under ROC with which agreement tells right codes from wrong ones."""
    right = [code for _, code in pairs[-_TEST:]]
    wrong = [*right[7:], *right[:7]]
    one, other = agreement(pairs, right), agreement(pairs, wrong)
    known = np.isfinite(one) & np.isfinite(other)
    known &= np.array([a[:4] != b[:4] for a, b in zip(right, wrong, strict=True)])
    assert known.mean() > 0.4
    scores = np.concatenate((-one[known], -other[known]))
    labels = np.repeat([False, True], known.sum())
    return float(area_under_roc(scores, labels))


def test_misdescribed_goods_agree_worse_with_their_heading(shared_data: Path) -> None:
    assert shown_apart(described(shared_data)) > 0.75


def test_words_that_were_learnt_under_shuffled_codes_tell_nothing(shared_data: Path) -> None:
    pairs = described(shared_data)
    codes = np.random.default_rng(1).permutation([code for _, code in pairs])
    shuffled = [(text, str(code)) for (text, _), code in zip(pairs, codes, strict=True)]
    tested = [*shuffled[:-_TEST], *pairs[-_TEST:]]
    assert shown_apart(tested) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Fresh Atlantic salmon, 20 cartons", ("atlantic", "salmon")),
        ("GOODS and parts", ()),
        ("salmon SALMON Salmon", ("salmon",)),
        ("", ()),
    ],
)
def test_words_that_tell_are_kept_once_without_general_terms(
    text: str, words: tuple[str, ...]
) -> None:
    assert telling(text) == words
