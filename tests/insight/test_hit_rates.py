"""Hit rates, and what they say of the declarations that nobody looked at."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from clearway.insight.hit_rates import hit_rates, targeting
from clearway.insight.model import Selection


def one(stratum: str, propensity: float, hit: bool | None) -> Selection:
    seen = hit is not None
    found = Decimal(100) if hit else Decimal(0)
    channel = "red" if seen else "green"
    return Selection(channel, stratum, propensity, seen, seen, bool(hit), found)


# Ten chosen by score (4 hits), five drawn with 5 % (1 hit), 95 not examined.
DAY = (
    *(one("score", 1.0, n < 4) for n in range(10)),
    *(one("random", 0.05, n < 1) for n in range(5)),
    *(one("none", 0.05, None) for _ in range(95)),
)


def test_hit_rates_by_channel_and_stratum_by_hand() -> None:
    found = {(rate.channel, rate.stratum): rate for rate in hit_rates(DAY)}
    assert found["red", "score"].rate == 0.4
    assert found["red", "score"].extra_revenue == 400
    assert found["red", "random"].rate == 0.2
    assert found["green", "none"].rate is None
    assert found["green", "none"].declarations == 95


def test_the_hidden_share_by_hand() -> None:
    """Weights: ten of 1, five of 20: 110. Hits: 4 + 20 = 24. Rate 24 / 110, recall 4 / 24."""
    found = targeting(DAY)
    assert found.declarations == 110
    assert found.rate == pytest.approx(24 / 110)
    assert found.precision == 0.4
    assert found.recall == pytest.approx(4 / 24)
    assert found.lift == pytest.approx(0.4 / (24 / 110))
    # Only the draws bring error: 0.95 * ((1 - r) / 0.05)^2 + 4 * 0.95 * (r / 0.05)^2, root / 110.
    r = 24 / 110
    by_hand = (0.95 * ((1 - r) / 0.05) ** 2 + 4 * 0.95 * (r / 0.05) ** 2) ** 0.5 / 110
    assert found.error == pytest.approx(by_hand)


def test_without_any_examination_nothing_is_claimed() -> None:
    found = targeting([one("none", 0.05, None)])
    assert (found.rate, found.precision, found.recall, found.lift) == (None, None, None, None)
    assert hit_rates([]) == ()


def test_a_look_at_the_documents_says_nothing_of_goods_that_stayed_closed() -> None:
    documents = Selection("yellow", "score", 0.05, True, False, True)
    assert targeting([documents]).rate is None
    assert hit_rates([documents])[0].rate == 1


def test_the_estimate_is_unbiased_where_the_plain_hit_rate_is_not() -> None:
    """10,000 declarations, 6 % illicit; targeting examines half of the illicit and few others."""
    rng = random.Random(7)
    estimates, plain = [], []
    for _ in range(60):
        world = []
        for _ in range(2000):
            illicit = rng.random() < 0.06
            chosen = rng.random() < (0.5 if illicit else 0.02)
            drawn = rng.random() < 0.05
            if chosen:
                world.append(one("score", 1.0, illicit))
            else:
                world.append(one("random", 0.05, illicit) if drawn else one("none", 0.05, None))
        estimates.append(targeting(world).rate or 0)
        examined = [each for each in world if each.is_examined]
        plain.append(sum(each.is_hit for each in examined) / len(examined))
    assert sum(estimates) / 60 == pytest.approx(0.06, abs=0.004)
    assert sum(plain) / 60 > 0.2
