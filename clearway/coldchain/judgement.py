"""Are the goods still good? Judged by what their kind is judged by (`Commodity.judged_by`).

- LIFE: shelf life used up, of the middle life.
- VVM: how far a vaccine vial monitor kept with the goods must be; at its end the vaccine is lost.
- MKT: whether the mean kinetic temperature since loading is within the label's limit.

    found = judge(state, commodity)
    found.judged_by, found.is_good, found.share_used, found.reason.text
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from clearway.coldchain.kinetics import remark
from clearway.coldchain.model import Commodity, JudgedBy
from clearway.coldchain.spoilage import mean_kinetic_c
from clearway.coldchain.state import Goods
from clearway.terms.reason import Reason


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether goods are still good, by the measure of their kind.

    Args:
        is_good: at the middle estimate of the temperature inside.
        share_used: of life, or of the way to the end point; 1 or more: used up. None: MKT has none.
        mkt_c: mean kinetic temperature since loading; None before any time passed.
        reason: in one sentence.
        doubt: why the rate at the present temperature is a guess, None where the model was fitted.
    """

    judged_by: JudgedBy
    is_good: bool
    share_used: float | None
    mkt_c: float | None
    reason: Reason
    doubt: Reason | None = None


def judge(goods: Goods, commodity: Commodity) -> Judgement:
    """Return whether these goods are still good."""
    mkt_c, doubt = mean_kinetic_c(goods), remark(commodity.kinetics, goods.pulp.c)
    if commodity.judged_by is JudgedBy.MKT:
        return _by_mean(mkt_c, commodity, doubt)
    low, high = commodity.life_days
    share = goods.consumed.middle / sqrt(low * high)
    if commodity.judged_by is JudgedBy.VVM:
        what = "The vial monitor must be"
        text = f"{what} {share:.0%} on its way to the end point; look at it before use."
        if share >= 1.0:
            text = "The vial monitor must have reached its end point: discard the vaccine."
        reason = Reason("CC_JUDGED_VVM", text, f"{share:.3f}")
    else:
        text = f"{share:.0%} of the shelf life is used up."
        reason = Reason("CC_JUDGED_LIFE", text, f"{share:.3f}")
    return Judgement(commodity.judged_by, share < 1.0, share, mkt_c, reason, doubt)


def _by_mean(mkt_c: float | None, commodity: Commodity, doubt: Reason | None) -> Judgement:
    limit_c = commodity.warmest_c if commodity.mkt_limit_c is None else commodity.mkt_limit_c
    is_good = mkt_c is None or mkt_c <= limit_c
    shown = "not known yet" if mkt_c is None else f"{mkt_c:.2f} °C"
    text = f"The mean kinetic temperature is {shown}; {limit_c:g} °C is allowed."
    reason = Reason("CC_JUDGED_MKT", text, shown)
    return Judgement(JudgedBy.MKT, is_good, None, mkt_c, reason, doubt)
