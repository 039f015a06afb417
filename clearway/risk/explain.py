"""Why a declaration was scored and sent where it was, in officers' words.

TreeSHAP tells what each feature added to the log-odds of the weightiest item. Features that speak
of one idea (the unit value, the importer ...) are added up, and the ideas that weighed most become
sentences with the numbers behind them. A sentence states what is known; the contribution only
decides whether it is said.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from clearway.risk.feature_table import SIGNAL_WORDS
from clearway.risk.features import COLUMN, FEATURES, usual_price
from clearway.risk.history import SCALE, Trace
from clearway.risk.model import SIGNALS, Capacity, Channel, Choice, Hit, Past, Stratum
from clearway.terms.reason import Reason

MOST_REASONS = 4
# Log-odds, and share of the weightiest idea, below which an idea is not worth an officer's time.
_LEAST_WEIGHT = 0.15
_LEAST_SHARE = 0.05
# Share of a word's uses under the heading, below which the description is said not to fit.
_POOR_FIT = 0.2


@dataclass(frozen=True, slots=True)
class Evidence:
    """One item and all that may be said of it.

    Args:
        item: the item.
        row: its features.
        pasts: of its keys.
    """

    item: Trace
    row: Sequence[float]
    pasts: Mapping[int, Past]

    @property
    def place(self) -> str:
        """Which item it is, where there are more."""
        return f"Item {self.item.goods.item}: " if self.of("items") > 1.0 else ""

    def of(self, name: str) -> float:
        """Return a feature by name."""
        return float(self.row[COLUMN[name]])


def reasons(
    choice: Choice,
    hits: Sequence[Hit],
    *,
    score: float,
    office: str,
    capacity: Capacity,
    absence: str,
    evidence: Evidence | None,
    contributions: Sequence[float],
) -> tuple[Reason, ...]:
    """Return the reasons of a channel, weightiest first; never empty.

    Args:
        choice: how the channel came about.
        hits: all controls and profiles that the declaration meets.
        score: of the declaration.
        office: where.
        capacity: of the office.
        absence: why there is no model; "" with one.
        evidence: of the weightiest item; None: nothing is said of the goods.
        contributions: of each feature to its log-odds; empty without a model.
    """
    said = [_of_hit(hit) for hit in hits]
    if choice.stratum is Stratum.RANDOM:
        said.append(_random(capacity))
    if choice.stratum is Stratum.EXPLORED:
        said.append(_explored(choice))
    if choice.displaced_from is not None:
        said.append(_displaced(choice, office))
    if absence:
        said.append(Reason("RISK_RULES_ONLY", f"{absence} Profiles and the draw decided alone."))
    elif choice.stratum not in (Stratum.RANDOM, Stratum.EXPLORED):
        # Who examines a drawn one must not be prejudiced.
        said.append(_of_score(choice, score, office))
    if evidence is not None:
        said += of_goods(evidence, contributions)
    return tuple(said)


def of_goods(evidence: Evidence, contributions: Sequence[float]) -> list[Reason]:
    """Return what about an item raised its score most, weightiest first."""
    weights: dict[str, float] = {}
    for feature, added in zip(FEATURES, contributions, strict=False):
        weights[feature.idea] = weights.get(feature.idea, 0.0) + added
    ranked = sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))
    least = max([_LEAST_WEIGHT, *(weight * _LEAST_SHARE for _, weight in ranked[:1])])
    said: list[Reason] = []
    for idea, weight in ranked:
        if weight < least or len(said) == MOST_REASONS:
            break
        sentence = _SENTENCES[idea](evidence) if idea in _SENTENCES else None
        if sentence is not None:
            text, value = sentence
            said.append(
                Reason(f"RISK_{idea.upper()}", evidence.place + text, value, round(weight, 3))
            )
    return said


def _of_hit(hit: Hit) -> Reason:
    where = f" (item {', '.join(map(str, hit.items))})" if hit.items else ""
    return Reason("RISK_CONTROL" if hit.mandatory else "RISK_PROFILE", hit.text + where, hit.id)


def _random(capacity: Capacity) -> Reason:
    share = f"{capacity.random_share * 100:g} %"
    text = f"Drawn at random: {share} of all declarations are examined whatever their score."
    return Reason("RISK_RANDOM", text, share)


def _explored(choice: Choice) -> Reason:
    odds = f"{choice.inclusion.explored * 100:.1f} %"
    text = f"Examined to learn: little is known of such goods; the odds were {odds}."
    return Reason("RISK_EXPLORED", text, odds)


def _displaced(choice: Choice, office: str) -> Reason:
    lane = "" if choice.displaced_from is None else choice.displaced_from.value
    text = f"{office} has no room left today in the {lane} lane, where a profile sent this."
    return Reason("RISK_NO_ROOM", text, lane)


def _of_score(choice: Choice, score: float, office: str) -> Reason:
    rank = f"Its score is higher than that of {_per_hundred(score)} of 100 recent declarations"
    if choice.threshold > 1.0:
        limit = f"{office} has no room left for physical examination by score today"
    else:
        limit = (
            f"physical examination by score begins at {_per_hundred(choice.threshold)}"
            f" at {office} now"
        )
    code = "RISK_SCORE" if choice.stratum is Stratum.SCORE else "RISK_SCORE_BELOW"
    if choice.channel in (Channel.YELLOW, Channel.BLUE) and choice.stratum is Stratum.SCORE:
        code = "RISK_SCORE_LOWER_LANE"
    return Reason(code, f"{rank}; {limit}.", f"{score:.3f}")


def _per_hundred(share: float) -> str:
    return f"{math.floor(share * 1000) / 10:g}"


Sentence = tuple[str, str] | None


def _unit_value(evidence: Evidence) -> Sentence:
    item = evidence.item
    if item.price is None:
        return "The unit value cannot be told: value or net mass is missing.", ""
    price = math.exp(item.price / SCALE)
    spreads = evidence.of("price_z_hs6_origin")
    usual = usual_price(item, evidence.pasts)
    if math.isnan(spreads):
        spreads = evidence.of("price_z_hs6")
    shown = f"{_amount(price)} EUR/kg"
    if usual is None or math.isnan(spreads):
        return f"Unit value {shown}: there are too few prices of {_hs(item)} to compare.", shown
    side = "below" if spreads < 0 else "above"
    whence = f" from {item.goods.origin}" if usual[1] else ""
    text = (
        f"Unit value {shown} is {abs(spreads):.1f} spreads {side} usual for {_hs(item)}{whence}"
        f" (usually about {_amount(usual[0])} EUR/kg)."
    )
    return text, shown


def _package_mass(evidence: Evidence) -> Sentence:
    spreads = evidence.of("package_z_hs6")
    if evidence.item.package is None or math.isnan(spreads):
        return None
    mass = math.exp(evidence.item.package / SCALE)
    side = "below" if spreads < 0 else "above"
    text = (
        f"{_amount(mass)} kg per package is {abs(spreads):.1f} spreads {side} usual for"
        f" {_hs(evidence.item)}."
    )
    return text, f"{_amount(mass)} kg"


def _importer(evidence: Evidence) -> Sentence:
    return _trader(evidence, "importer", "This importer")


def _trader(evidence: Evidence, slot: str, name: str) -> Sentence:
    examined, found = evidence.of(f"{slot}_examined"), evidence.of(f"{slot}_found")
    items = evidence.of(f"{slot}_n")
    if math.isnan(items):
        return f"{name} is not named in the declaration.", ""
    if items == 0.0:
        return f"{name} has not declared anything here before.", "0"
    if examined == 0.0:
        return f"{name} declared {items:.0f} items before; none was examined.", f"{items:.0f}"
    text = f"{name} had {found:.0f} of {examined:.0f} items examined so far not conform."
    return text, f"{found:.0f}/{examined:.0f}"


def _importer_goods(evidence: Evidence) -> Sentence:
    item = evidence.item
    if evidence.of("importer_hs6_n") == 0.0:
        return f"This importer has not declared {_hs(item)} before.", "0"
    examined, found = evidence.of("importer_hs6_examined"), evidence.of("importer_hs6_found")
    if examined:
        text = (
            f"This importer's {_hs(item)}: {found:.0f} of {examined:.0f} items examined so far"
            " not conform."
        )
        return text, f"{found:.0f}/{examined:.0f}"
    rate = evidence.of("importer_origin_rate")
    text = f"This importer's goods from {item.goods.origin} did not conform in {rate:.0%} of cases."
    return (text, f"{rate:.0%}") if rate == rate else None


def _goods_origin(evidence: Evidence) -> Sentence:
    item = evidence.item
    examined, found = evidence.of("hs6_origin_examined"), evidence.of("hs6_origin_found")
    if not examined:
        return f"{_hs(item)} from {item.goods.origin} has not been examined before.", "0"
    text = (
        f"{_hs(item)} from {item.goods.origin}: {found:.0f} of {examined:.0f} items examined so"
        " far not conform."
    )
    return text, f"{found:.0f}/{examined:.0f}"


def _rate(name: str, feature: str) -> Callable[[Evidence], Sentence]:
    def sentence(evidence: Evidence) -> Sentence:
        rate = evidence.of(feature)
        if math.isnan(rate):
            return None
        subject = name.format(
            hs=_hs(evidence.item),
            heading=evidence.item.goods.hs[:4],
            origin=evidence.item.goods.origin,
            dispatch=evidence.item.goods.dispatch,
        )
        usual = evidence.of("border_rate")
        text = (
            f"{subject} did not conform in about {rate:.0%} of examinations ({usual:.0%} of all)."
        )
        return text, f"{rate:.0%}"

    return sentence


def _duty(evidence: Evidence) -> Sentence:
    rate = evidence.of("duty_rate")
    if math.isnan(rate):
        return None
    due = math.expm1(evidence.of("duty_log"))
    shown = f"{rate:g} %"
    owed = "" if math.isnan(due) else f", about {due:,.0f} EUR on this item"
    return f"Duty is {shown}{owed}.", shown


def _preference(evidence: Evidence) -> Sentence:
    if not evidence.of("is_preferential"):
        return None
    code = evidence.item.goods.preference
    return f"A preferential rate is claimed (preference {code}) for goods from" + (
        f" {evidence.item.goods.origin}."
    ), code


def _description(evidence: Evidence) -> Sentence:
    if evidence.item.is_vague:
        return "The description does not say what the goods are.", evidence.item.goods.description
    fit = evidence.of("words_fit_most")
    if fit < _POOR_FIT:
        text = (
            f"The words {evidence.item.goods.description!r} mostly stand under other headings than"
            f" {evidence.item.goods.hs[:4]}: {fit:.0%} of their uses are here."
        )
        return text, f"{fit:.0%}"
    share = evidence.of("importer_vague_share")
    if math.isnan(share) or share == 0.0:
        return None
    return f"{share:.0%} of this importer's descriptions do not say what the goods are.", ""


def _route(evidence: Evidence) -> Sentence:
    goods = evidence.item.goods
    if evidence.of("is_indirect"):
        return f"Goods of {goods.origin} were sent from {goods.dispatch}.", goods.dispatch
    return _rate("Goods of {origin} sent from {dispatch}", "origin_dispatch_rate")(evidence)


def _size(evidence: Evidence) -> Sentence:
    goods = evidence.item.goods
    if not goods.value_eur > 0.0 or not goods.net_mass_kg > 0.0:
        return "Value or net mass is missing.", ""
    text = (
        f"Size of the item: {goods.value_eur:,.0f} EUR, {_amount(goods.net_mass_kg)} kg in"
        f" {goods.packages} packages."
    )
    return text, f"{goods.value_eur:,.0f} EUR"


def _kin(evidence: Evidence) -> Sentence:
    for slot, name in (
        ("kin", "Firms of the same people"),
        ("address", "Firms at this importer's address"),
        ("phone", "Firms with this importer's telephone"),
    ):
        examined, found = evidence.of(f"{slot}_examined"), evidence.of(f"{slot}_found")
        if found > evidence.of("importer_found"):
            text = f"{name} had {found:.0f} of {examined:.0f} items examined so far not conform."
            return text, f"{found:.0f}/{examined:.0f}"
    return None


def _signals(evidence: Evidence) -> Sentence:
    noticed = [name for name in SIGNALS if evidence.of(f"signal_{name}") == 1.0]
    if not noticed:
        return None
    words = " and ".join(SIGNAL_WORDS[name] for name in noticed)
    return f"Other desks noticed {words}.", ", ".join(noticed)


def _twin(evidence: Evidence) -> Sentence:
    times = evidence.of("twin_n")
    if math.isnan(times) or times == 0.0:
        return None
    return f"Goods alike to the gram were declared {times:.0f} times before.", f"{times:.0f}"


_SENTENCES: dict[str, Callable[[Evidence], Sentence]] = {
    "unit_value": _unit_value,
    "package_mass": _package_mass,
    "importer": _importer,
    "importer_goods": _importer_goods,
    "declarant": lambda evidence: _trader(evidence, "declarant", "This declarant"),
    "exporter": lambda evidence: _trader(evidence, "exporter", "This exporter"),
    "goods_origin": _goods_origin,
    "goods": _rate("{hs}", "hs6_rate"),
    "origin": _rate("Goods of {origin}", "origin_rate"),
    "route": _route,
    "duty": _duty,
    "preference": _preference,
    "description": _description,
    "size": _size,
    "kin": _kin,
    "signals": _signals,
    "twin": _twin,
}


def _hs(item: Trace) -> str:
    return f"{item.goods.hs[:4]}.{item.goods.hs[4:6]}"


def _amount(number: float) -> str:
    """Return a number as people write it: two decimals below a thousand."""
    return f"{number:,.2f}" if number < 1_000 else f"{number:,.0f}"
